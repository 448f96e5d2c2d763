package verify

import (
	"fmt"
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// asked is what a route asks of a call.
type asked struct {
	paths     []prove.PathCondition
	headers   []prove.HeaderCondition
	authority []valueTest
	secure    []valueTest // of :scheme
	never     bool        // no gRPC call is taken
	part      fraction    // of the calls that satisfy the rest
	unknown   []string    // what of it cannot be interpreted
}

// envoyHeaders are those that Envoy itself writes before it looks for a route.
var envoyHeaders = []string{"x-forwarded-for", "x-forwarded-proto", "x-request-id", "x-envoy-external-address", "x-envoy-internal"}

// asks reads the conditions of a route. each is how Envoy reads headers that come
// several times.
func (r *route) asks(each bool) *asked {
	m := r.proto.GetMatch()
	a := &asked{part: fraction{1, 1}}
	a.unknown = append(a.unknown, r.unknown...)
	if err := a.path(m); err != nil {
		a.unknown = append(a.unknown, err.Error())
	}
	for _, h := range m.GetHeaders() {
		if err := a.header(h, each); err != nil {
			a.unknown = append(a.unknown, fmt.Sprintf("condition on header %s: %v", h.GetName(), err))
		}
	}
	for _, q := range m.GetQueryParameters() {
		// A gRPC call has no query.
		if p, ok := q.GetQueryParameterMatchSpecifier().(*routev3.QueryParameterMatcher_PresentMatch); ok && !p.PresentMatch {
			a.unknown = append(a.unknown, "query parameter "+q.GetName()+" that must be absent")
			continue
		}
		a.never = true
	}
	if f := m.GetRuntimeFraction(); f != nil {
		a.part = percent(f.GetDefaultValue())
	}
	if len(m.GetDynamicMetadata()) > 0 {
		a.unknown = append(a.unknown, "dynamic_metadata")
	}
	if m.GetTlsContext() != nil {
		a.unknown = append(a.unknown, "tls_context asks for the certificate of the client")
	}
	if len(m.GetFilterState()) > 0 {
		a.unknown = append(a.unknown, "filter_state")
	}
	return a
}

// path reads the path specifier.
func (a *asked) path(m *routev3.RouteMatch) error {
	fold := m.GetCaseSensitive() != nil && !m.GetCaseSensitive().GetValue()
	add := func(p prove.PathCondition) { a.paths = append(a.paths, p) }
	switch s := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Path:
		p := literal(s.Path)
		if fold {
			p = folded("^", s.Path, "$", true)
		}
		add(prove.PathCondition{Pattern: p})
	case *routev3.RouteMatch_Prefix:
		if fold {
			add(prove.PathCondition{Pattern: folded("^", s.Prefix, "", true)})
			break
		}
		add(prove.PathCondition{Pattern: literal(s.Prefix), Prefix: true})
	case *routev3.RouteMatch_PathSeparatedPrefix:
		prefix := strings.TrimSuffix(s.PathSeparatedPrefix, "/")
		if !fold && strings.Count(prefix, "/") == 1 && strings.HasPrefix(prefix, "/") {
			// The path that is no longer than this is none of a gRPC call.
			add(prove.PathCondition{Pattern: literal(prefix + "/"), Prefix: true})
			break
		}
		add(prove.PathCondition{Pattern: folded("^", s.PathSeparatedPrefix, "(?:$|/)", fold)})
	case *routev3.RouteMatch_SafeRegex:
		p, err := wholly(s.SafeRegex.GetRegex())
		if err != nil {
			return err
		}
		add(prove.PathCondition{Pattern: p})
	case *routev3.RouteMatch_ConnectMatcher_:
		a.never = true // gRPC calls are POST
	default:
		return fmt.Errorf("its path is matched in a way that is not read (%T)", s)
	}
	return nil
}

// contentType is a header of which gRPC calls have some values only: contentTypes.
const (
	contentType  = "content-type"
	contentTypes = `^application/grpc(?:[+;].*)?$`
)

// header reads a condition on a header. Some headers say what is true of every gRPC
// call, or are dimensions of their own.
func (a *asked) header(h *routev3.HeaderMatcher, each bool) error {
	t, err := testOf(h)
	if err != nil {
		return err
	}
	switch name := strings.ToLower(h.GetName()); name {
	case ":path":
		switch {
		case !t.presence:
			a.paths = append(a.paths, prove.PathCondition{Pattern: t.pattern, Not: t.not})
		case t.not:
			a.never = true
		}
	case ":method":
		a.never = a.never || !t.takes("POST", true)
	case "te":
		a.never = a.never || !t.takes("trailers", true)
	case ":authority", "host":
		a.authority = append(a.authority, t)
	case contentType:
		return a.typed(t, each)
	case ":scheme":
		a.secure = append(a.secure, t)
	default:
		a.headers = append(a.headers, t.condition(name, each))
	}
	return nil
}

// typed adds a condition on the content type, unless it holds for all gRPC calls or
// for none.
func (a *asked) typed(t valueTest, each bool) error {
	if t.presence {
		a.never = a.never || t.not
		return nil
	}
	calls, err := prove.TextsOf(prove.Values, contentTypes, true)
	if err != nil {
		return err
	}
	test, err := textsOf(t.pattern)
	if err != nil {
		return err
	}
	_, some, err := calls.Pick([]*prove.Texts{test}, nil)
	if err != nil {
		return err
	}
	_, others, err := calls.Pick(nil, []*prove.Texts{test})
	if t.not {
		some, others = others, some
	}
	switch {
	case err != nil:
		return err
	case !some:
		a.never = true
	case others:
		a.headers = append(a.headers, t.condition(contentType, each))
	}
	return nil
}

// condition writes a test as the exact engine reads it.
func (t *valueTest) condition(name string, each bool) prove.HeaderCondition {
	c := prove.HeaderCondition{Name: name, Value: t.pattern, Not: t.not, Each: each && !t.not}
	switch {
	case t.presence && t.not:
		c.Value, c.Not, c.Absent = routing.Pattern{Kind: routing.NoText}, false, !t.empty
	case t.presence:
		c.Value, c.Absent = routing.Pattern{}, t.empty
	case t.empty:
		c.Absent = t.takes("", false)
	}
	return c
}

// among says whether the hosts of a set satisfy a test of the authority: all of
// them, none, or some.
func (t *valueTest) among(v *view) (all, none bool, err error) {
	if t.presence {
		return !t.not, t.not, nil
	}
	if v.set.Exact {
		ok := t.takes(v.request.Authority, true)
		return ok, !ok, nil
	}
	some, others, err := t.meets(v, nil)
	if err == nil && some && others && len(v.narrower) > 0 {
		some, others, err = t.meets(v, v.narrower)
	}
	if t.not {
		some, others = others, some
	}
	return !others, !some, err
}

// meets says whether some hosts of a set satisfy the pattern of a test, and whether
// some others do not; without are expressions for hosts that are not of the set.
func (t *valueTest) meets(v *view, without []string) (some, others bool, err error) {
	var out []*prove.Texts
	for _, p := range append([]string{v.set.Pattern}, without...) {
		x, err := prove.TextsOf(prove.Values, "(?:"+p+")"+regexp.QuoteMeta(v.port), false)
		if err != nil {
			return false, false, err
		}
		out = append(out, x)
	}
	test, err := textsOf(t.pattern)
	if err != nil {
		return false, false, err
	}
	hosts, rest := out[0], out[1:]
	if _, some, err = hosts.Pick([]*prove.Texts{test}, rest); err != nil {
		return false, false, err
	}
	_, others, err = hosts.Pick(nil, append(rest, test))
	return some, others, err
}

func textsOf(p routing.Pattern) (*prove.Texts, error) {
	text := p.Text
	switch p.Kind {
	case routing.LiteralText:
		text = "^" + regexp.QuoteMeta(text) + "$"
	case routing.NoText:
		text = `[^\x00-\x{10FFFF}]`
	}
	return prove.TextsOf(prove.Values, text, true)
}
