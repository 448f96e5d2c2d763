package verify

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// Decide says what becomes of one call, by reading the configuration as Envoy does:
// route after route, without automata. unknown is set where that is not known.
func (x *comparing) Decide(l *listener, r *routing.Request) (effect *prove.Effect, unknown string) {
	v := &view{request: *r}
	c := l.choose(r.SNI)
	if c == nil || c.manager == nil || c.secure != (r.SNI != "") {
		return x.consult(l, v).list.Miss, ""
	}
	t := x.table(c)
	if t == nil || len(t.unknown) > 0 {
		return nil, "its route configuration"
	}
	seen := *r
	seen.Authority = c.authority(r.Authority, l.port)
	h := t.find(t.host(seen.Authority))
	switch {
	case h == nil:
		return answered(noRoute("no virtual host")), ""
	case len(h.unknown) > 0:
		return nil, "its virtual host"
	case tlsOnly(h, v):
		return answered(answer(301, "TLS is required")), ""
	}
	return x.decide(routePlace{c, t, h, nil}, h.routes, &seen)
}

func (x *comparing) decide(p routePlace, routes []*route, r *routing.Request) (*prove.Effect, string) {
	for i, each := range routes {
		takes, unknown := each.takes(r, x.each)
		if unknown != "" {
			return nil, unknown
		}
		if !takes {
			continue
		}
		p.route = each
		part := fraction{1, 1}
		if f := each.proto.GetMatch().GetRuntimeFraction(); f != nil {
			part = percent(f.GetDefaultValue())
		}
		if part.num == 0 {
			continue
		}
		o := x.outcome(p)
		if o.unknown != "" || part.all() {
			return o.effect, o.unknown
		}
		rest, unknown := x.decide(p, routes[i+1:], r)
		if unknown != "" {
			return nil, unknown
		}
		return mix(part, o.effect, rest), ""
	}
	return answered(noRoute("no route")), ""
}

// takes reports whether a route takes a call. each: of headers that come several times
// any one value may satisfy a condition.
func (r *route) takes(q *routing.Request, each bool) (takes bool, unknown string) {
	m := r.proto.GetMatch()
	if len(m.GetQueryParameters()) > 0 || !takesPath(m, q.Path) {
		return false, ""
	}
	for _, h := range m.GetHeaders() {
		t, err := testOf(h)
		if err != nil {
			return false, err.Error()
		}
		values := headerOf(q, strings.ToLower(h.GetName()))
		if len(values) > 1 && !each {
			values = []string{strings.Join(values, ",")}
		}
		if !t.takesAny(values) {
			return false, ""
		}
	}
	if len(r.unknown) > 0 || len(m.GetDynamicMetadata()) > 0 || m.GetTlsContext() != nil || len(m.GetFilterState()) > 0 {
		return false, "what route " + r.proto.GetName() + " asks"
	}
	return true, ""
}

// takesAny reports whether the values of a header satisfy a test.
func (t *valueTest) takesAny(values []string) bool {
	if len(values) < 2 || t.presence {
		return t.takes(strings.Join(values, ""), len(values) > 0)
	}
	for _, v := range values {
		if takes(t.pattern, v) {
			return !t.not
		}
	}
	return t.not
}

func takesPath(m *routev3.RouteMatch, path string) bool {
	fold := m.GetCaseSensitive() != nil && !m.GetCaseSensitive().GetValue()
	same := func(text string) (string, string) {
		if fold {
			return strings.ToLower(path), strings.ToLower(text)
		}
		return path, text
	}
	switch s := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Path:
		a, b := same(s.Path)
		return a == b
	case *routev3.RouteMatch_Prefix:
		a, b := same(s.Prefix)
		return strings.HasPrefix(a, b)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		a, b := same(s.PathSeparatedPrefix)
		return a == b || strings.HasPrefix(a, b+"/")
	case *routev3.RouteMatch_SafeRegex:
		p, err := wholly(s.SafeRegex.GetRegex())
		return err == nil && takes(p, path)
	}
	return false
}

// headerOf is the values of a header of a call.
func headerOf(q *routing.Request, name string) []string {
	switch name {
	case ":path":
		return []string{q.Path}
	case ":method":
		return []string{"POST"}
	case ":authority", "host":
		return []string{q.Authority}
	case "te":
		return []string{"trailers"}
	case ":scheme":
		if q.SNI != "" {
			return []string{"https"}
		}
		return []string{"http"}
	}
	var values []string
	for _, h := range q.Headers {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	if len(values) == 0 && name == contentType {
		return []string{"application/grpc"}
	}
	return values
}
