package kgateway

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// route writes one match of one rule under one hostname.
func (w *writer) route(e *routing.Entry, name string) *routev3.Route {
	match := max(e.Match, 0) // a rule without matches has one that takes everything
	name = fmt.Sprintf("%s-%s-%s-%s-%d-%d", name, strings.ToLower(e.Route.Kind), e.Route.Name, e.Route.Namespace, e.Rule.Index, match)
	if e.Rule.Name != "" {
		name += "-" + e.Rule.Name
	}
	out := &routev3.Route{Name: fmt.Sprintf("%s-matcher-%d", name, match), Match: w.match(e)}
	if out.Match == nil {
		return nil
	}
	w.ruleNotes(e.Rule, e.Action)
	w.act(e, out)
	if why := invalidPath(out.Match); why != "" {
		w.lost(e.Route.Doc, e.Rule.Path("matches", match), "kgateway refuses the path %q, which %s: its calls get 500", e.Unit.Path.Value, why)
		replace(out)
	}
	return out
}

// replace makes a route answer 500, as kgateway does with one that it refuses.
func replace(r *routev3.Route) {
	r.RequestHeadersToAdd, r.RequestHeadersToRemove, r.ResponseHeadersToAdd, r.ResponseHeadersToRemove = nil, nil, nil, nil
	r.Action = &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 500}}
}

// match writes the conditions of an entry: those of the HTTPRoute that kgateway
// makes of a GRPCRoute (pkg/krtcollections/grpc_route.go).
func (w *writer) match(e *routing.Entry) *routev3.RouteMatch {
	out := &routev3.RouteMatch{}
	switch form := &e.Unit.Path; form.Type {
	case profile.ExactType:
		out.PathSpecifier = &routev3.RouteMatch_Path{Path: form.Value}
	case profile.RegexType:
		out.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: form.Value}}
	default:
		setPrefix(out, form.Value)
	}
	if e.Match < 0 {
		return out
	}
	if e.Route.HTTP != nil {
		httpConditions(&e.Route.HTTP.Spec.Rules[e.Rule.Index].Matches[e.Match], out)
		return out
	}
	m := &e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches[e.Match]
	if m.Method != nil && m.Method.Service == nil && m.Method.Method == nil {
		w.lost(e.Route.Doc, e.Rule.Path("matches", e.Match, "method"), "it names neither service nor method: kgateway writes no path, which Envoy refuses; here it is any")
	}
	for _, h := range m.Headers {
		regex := h.Type != nil && *h.Type == gatewayv1.GRPCHeaderMatchRegularExpression
		out.Headers = append(out.Headers, header(string(h.Name), h.Value, regex))
	}
	return out
}

// separable are the prefixes that Envoy takes by whole segments.
var separable = regexp.MustCompile(`^[^?#]+[^?#/]$`)

func setPrefix(out *routev3.RouteMatch, value string) {
	if len(value) > 1 {
		value = strings.TrimSuffix(value, "/")
	}
	if separable.MatchString(value) {
		out.PathSpecifier = &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: value}
		return
	}
	out.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: value}
}

func text(value string, regex bool) *matcherv3.StringMatcher {
	if regex {
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: value}}}
	}
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: value}}
}

// header writes a header condition; one without a value asks for the header.
func header(name, value string, regex bool) *routev3.HeaderMatcher {
	out := &routev3.HeaderMatcher{Name: name}
	if value == "" {
		out.HeaderMatchSpecifier = &routev3.HeaderMatcher_PresentMatch{PresentMatch: true}
		return out
	}
	out.HeaderMatchSpecifier = &routev3.HeaderMatcher_StringMatch{StringMatch: text(value, regex)}
	return out
}

// httpConditions writes what an HTTPRoute's match asks beyond the path.
func httpConditions(m *gatewayv1.HTTPRouteMatch, out *routev3.RouteMatch) {
	for _, h := range m.Headers {
		regex := h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression
		out.Headers = append(out.Headers, header(string(h.Name), h.Value, regex))
	}
	for _, q := range m.QueryParams {
		to := &routev3.QueryParameterMatcher{Name: string(q.Name)}
		regex := q.Type != nil && *q.Type == gatewayv1.QueryParamMatchRegularExpression
		if q.Value == "" {
			to.QueryParameterMatchSpecifier = &routev3.QueryParameterMatcher_PresentMatch{PresentMatch: true}
		} else {
			to.QueryParameterMatchSpecifier = &routev3.QueryParameterMatcher_StringMatch{StringMatch: text(q.Value, regex)}
		}
		out.QueryParameters = append(out.QueryParameters, to)
	}
	if m.Method != nil {
		out.Headers = append(out.Headers, header(":method", string(*m.Method), false))
	}
}

// pathCharacters are those that kgateway allows in a literal path
// (irtranslator/validate.go).
var pathCharacters = regexp.MustCompile(`^(?:[A-Za-z0-9/:@._~!$&'()*+,=;-]|%[0-9a-fA-F]{2})*$`)

// invalidPath says what is wrong with a literal path, "" for nothing.
func invalidPath(m *routev3.RouteMatch) string {
	path := m.GetPath() + m.GetPrefix() + m.GetPathSeparatedPrefix() // one of them
	if !pathCharacters.MatchString(path) {
		return "has a character that no path has"
	}
	for _, part := range []string{"//", "/./", "/../", "%2f", "%2F", "#"} {
		if strings.Contains(path, part) {
			return fmt.Sprintf("contains %q", part)
		}
	}
	if i := slices.IndexFunc([]string{"/..", "/."}, func(end string) bool { return strings.HasSuffix(path, end) }); i >= 0 {
		return "ends in a dot segment"
	}
	return ""
}
