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
	h := t.find(c.authority(t, r.Authority, l.port))
	switch {
	case h == nil:
		return answered(noRoute("no virtual host")), ""
	case len(h.unknown) > 0:
		return nil, "its virtual host"
	case tlsOnly(h, v):
		return answered(answer(301, "TLS is required")), ""
	}
	return x.decide(routePlace{c, t, h, nil}, h.routes, r)
}

func (x *comparing) decide(p routePlace, routes []*route, r *routing.Request) (*prove.Effect, string) {
	for i, each := range routes {
		takes, unknown := each.takes(r)
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

// takes reports whether a route takes a call.
func (r *route) takes(q *routing.Request) (takes bool, unknown string) {
	m := r.proto.GetMatch()
	if len(r.unknown) > 0 || len(m.GetDynamicMetadata()) > 0 || m.GetTlsContext() != nil || len(m.GetFilterState()) > 0 {
		return false, "what route " + r.proto.GetName() + " asks"
	}
	if len(m.GetQueryParameters()) > 0 || !takesPath(m, q.Path) {
		return false, ""
	}
	for _, h := range m.GetHeaders() {
		t, err := testOf(h)
		if err != nil {
			return false, err.Error()
		}
		value, there := headerOf(q, strings.ToLower(h.GetName()))
		if !t.takes(value, there) {
			return false, ""
		}
	}
	return true, ""
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

// headerOf is a header of a call as Envoy has it: the values of one that comes several
// times are joined.
func headerOf(q *routing.Request, name string) (value string, there bool) {
	switch name {
	case ":path":
		return q.Path, true
	case ":method":
		return "POST", true
	case ":authority", "host":
		return q.Authority, true
	case "te":
		return "trailers", true
	case ":scheme":
		if q.SNI != "" {
			return "https", true
		}
		return "http", true
	}
	var values []string
	for _, h := range q.Headers {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	if len(values) == 0 && name == contentType {
		return "application/grpc", true
	}
	return strings.Join(values, ","), len(values) > 0
}
