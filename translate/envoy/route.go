package envoy

import (
	"fmt"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
)

// planKey: servers share the actions of a rule, and each reaches backends in its
// own way.
type planKey struct {
	server *routing.Server
	action *routing.Action
}

// routes writes the entries of a host in their order, which is that in which Envoy
// asks them. guard is a further condition of all of them, nil for none.
func (w *writer) routes(s *routing.Server, h *routing.Host, guard *routev3.HeaderMatcher) []*routev3.Route {
	if h == nil {
		return nil
	}
	out := make([]*routev3.Route, 0, len(h.Entries))
	for _, e := range h.Entries {
		if e.Dead != "" {
			// One that the implementation may know is lost; no call is for the others.
			tell := w.depends
			if e.Opaque() {
				tell = w.lost
			}
			tell(e.Route.Doc, matchPath(e), "the match is left out: %s", e.Dead)
			continue
		}
		m := w.match(e)
		if m == nil {
			continue
		}
		if guard != nil {
			m.Headers = append(m.Headers, guard)
		}
		if e.Certainty == diag.Unknown {
			w.depends(e.Route.Doc, e.Rule.Path(), "written as if the route is attached: %s", e.Why)
		}
		out = append(out, w.route(s, e, m))
	}
	return out
}

func (w *writer) route(s *routing.Server, e *routing.Entry, m *routev3.RouteMatch) *routev3.Route {
	key := planKey{s, e.Action}
	p := w.plans[key]
	if p == nil {
		p = w.plan(s, e)
		w.plans[key] = p
	}
	r := &routev3.Route{Name: ruleName(e.Rule), Match: m}
	if e.Match >= 0 {
		r.Name = fmt.Sprintf("%s/match/%d", r.Name, e.Match)
	}
	if p.direct != nil {
		r.Action = &routev3.Route_DirectResponse{DirectResponse: p.direct}
	} else {
		r.Action = &routev3.Route_Route{Route: p.route}
	}
	if p.change != nil {
		p.change.setOn(r)
	}
	r.TypedPerFilterConfig = abort(p.fault)
	w.faults = w.faults || p.faulty()
	return r
}

// faulty reports whether some of the calls are answered by the fault filter.
func (p *planned) faulty() bool {
	if p.fault != nil {
		return true
	}
	for _, c := range p.route.GetWeightedClusters().GetClusters() {
		if len(c.TypedPerFilterConfig) > 0 {
			return true
		}
	}
	return false
}
