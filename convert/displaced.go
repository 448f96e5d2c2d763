package convert

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// displaced says why a GRPCRoute is less sure of a listener than the HTTPRoute was,
// as where another HTTPRoute has a hostname of it; "" when it is not.
func (w *work) displaced(t *trial, r *Route) string {
	for i := range w.o.Profiles {
		old := routeOf(w.before[i].Topology, r.Doc)
		now := routeOf(t.after[i].Topology, w.same(t.edition.set, r.Doc))
		if old == nil || now == nil || len(old.Parents) != len(now.Parents) {
			continue
		}
		for n, p := range now.Parents {
			q := old.Parents[n]
			if len(p.Attachments) != len(q.Attachments) {
				continue
			}
			for k, a := range p.Attachments {
				b := q.Attachments[k]
				switch {
				case a.Refusal != nil && b.Refusal == nil:
					return fmt.Sprintf("listener %s of %s would not take it: %s", a.Listener.Name, a.Listener.Gateway.Key(), a.Refusal.Message)
				case a.Refusal == nil && a.Certainty == diag.Unknown && b.Certainty != diag.Unknown:
					return fmt.Sprintf("listener %s of %s may not take it: %s", a.Listener.Name, a.Listener.Gateway.Key(), a.Why)
				}
			}
		}
	}
	return ""
}

func routeOf(t *topology.Topology, doc *manifest.Document) *topology.Route {
	for _, r := range t.Routes {
		if r.Doc == doc {
			return r
		}
	}
	return nil
}

// repairs reports whether a change is that calls of a rule reach a backend which
// the HTTPRoute speaks HTTP/1.1 to.
func (w *work) repairs(c Change) bool {
	old, now := c.Region.Old, c.Region.New
	if old == nil || now == nil || old.Entry == nil || now.Entry == nil {
		return false
	}
	a, b := old.Entry.Route, now.Entry.Route
	r := w.byDoc[a.Doc]
	if r == nil || a.Kind == b.Kind || a.Key() != b.Key() || now.Entry.Rule.Index >= len(r.plan.rules) ||
		r.plan.rules[now.Entry.Rule.Index] != old.Entry.Rule.Index {
		return false
	}
	num, _ := now.Failing()
	return num == 0 && slices.ContainsFunc(old.Entry.Action.Shares, func(s routing.Share) bool {
		return s.Answer != nil && s.Protocol.Fails && s.Protocol.Name == "http1"
	})
}
