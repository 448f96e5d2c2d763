package envoy

import (
	"regexp"
	"regexp/syntax"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
)

// match writes the conditions of an entry, nil when Envoy cannot be told them.
func (w *writer) match(e *routing.Entry) *routev3.RouteMatch {
	c := e.Conditions()
	out := &routev3.RouteMatch{}
	switch {
	case c.Path.Kind == routing.RegexText:
		out.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: w.pattern(e, "method", whole(c.Path))}
	case c.Service.Kind == routing.LiteralText && c.Method.Kind == routing.LiteralText:
		out.PathSpecifier = &routev3.RouteMatch_Path{Path: "/" + c.Service.Text + "/" + c.Method.Text}
	case c.Service.Kind == routing.LiteralText && c.Method.Kind == routing.AnyText:
		out.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: "/" + c.Service.Text + "/"}
	case e.Unit.Path.Kind == profile.AnyPath:
		out.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: "/"}
	default:
		service, ok1 := segment(c.Service)
		method, ok2 := segment(c.Method)
		if !ok1 || !ok2 {
			w.lost(e.Route.Doc, matchPath(e, "method"), "the match is left out: its pattern asks where a segment begins or ends, which an expression for the whole path cannot")
			return nil
		}
		out.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: w.pattern(e, "method", "/"+service+"/"+method)}
	}
	for _, h := range c.Headers {
		out.Headers = append(out.Headers, w.header(e, h))
	}
	return out
}

func matchPath(e *routing.Entry, more ...any) manifest.Path {
	path := e.Rule.Path()
	if e.Match >= 0 {
		path = append(append(path, "matches", e.Match), more...)
	}
	return path
}

// repeated gathers how the header conditions want headers to be read that come
// several times.
type repeated struct {
	joined bool // some condition asks the values joined with ","
	each   []eachValue
}

// eachValue is a condition that any one of the values may satisfy.
type eachValue struct {
	entry *routing.Entry
	name  string
}

// individually is the feature of Envoy's that decides it for all conditions.
const individually = "envoy.reloadable_features.match_headers_individually"

// settle chooses how Envoy reads such headers; ok is false when it does not matter.
func (w *writer) settle() (each, ok bool) {
	r := &w.repeated
	if !r.joined {
		return true, len(r.each) > 0
	}
	for _, c := range r.each {
		w.lost(c.entry.Route.Doc, matchPath(c.entry, "headers"), "header %q: of a header sent several times Envoy asks the values joined with \",\", as other routes want it, not each one", c.name)
	}
	return false, true
}

// header writes one header condition.
func (w *writer) header(e *routing.Entry, h routing.HeaderPattern) *routev3.HeaderMatcher {
	if h.Each {
		w.repeated.each = append(w.repeated.each, eachValue{e, h.Name})
	} else {
		w.repeated.joined = true
	}
	if h.Name == "host" {
		w.lost(e.Route.Doc, matchPath(e, "headers"), "header \"host\" is the authority of the call to Envoy")
	}
	m := &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: h.Value.Text}}
	if h.Value.Kind == routing.RegexText {
		m.MatchPattern = &matcherv3.StringMatcher_SafeRegex{SafeRegex: w.pattern(e, "headers", whole(h.Value))}
	}
	return &routev3.HeaderMatcher{Name: h.Name, HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: m}}
}

// pattern writes an expression of a match.
func (w *writer) pattern(e *routing.Entry, field, text string) *matcherv3.RegexMatcher {
	text, changed := ascii(text)
	if changed {
		w.depends(e.Route.Doc, matchPath(e, field), "Envoy reads expressions byte by byte: characters beyond ASCII, which gRPC sends in no path and as no text, are left out of the pattern")
	}
	return w.regex(text)
}

func (w *writer) regex(text string) *matcherv3.RegexMatcher {
	w.regexes = true
	return &matcherv3.RegexMatcher{Regex: text}
}

// whole turns an expression that is searched for in a text into one that the whole
// text must match, which is how Envoy matches.
func whole(p routing.Pattern) string {
	if inner, ok := anchored(p.Text); ok {
		return inner
	}
	return "(?s:.*)(?:" + p.Text + ")(?s:.*)"
}

// anchored returns the expression inside "^(?:…)$". That it is an expression by
// itself shows that the group is one.
func anchored(text string) (string, bool) {
	inner, ok1 := strings.CutPrefix(text, "^(?:")
	inner, ok2 := strings.CutSuffix(inner, ")$")
	if !ok1 || !ok2 {
		return "", false
	}
	_, err := syntax.Parse(inner, syntax.Perl)
	return inner, err == nil
}

// segment writes the condition on one segment of the path as a part of an
// expression for all of it; ok is false when there is none.
func segment(p routing.Pattern) (text string, ok bool) {
	switch p.Kind {
	case routing.AnyText:
		return "[^/]+", true
	case routing.LiteralText:
		return regexp.QuoteMeta(p.Text), true
	}
	inner, ok := anchored(p.Text)
	if !ok {
		return "", false
	}
	tree, err := syntax.Parse(inner, syntax.Perl)
	if err != nil {
		return "", false
	}
	if !hasAnchor(tree) {
		return "(?:" + inner + ")", true
	}
	if tree, ok = inside(tree, true, true); !ok {
		return "", false
	}
	return "(?:" + tree.String() + ")", true
}
