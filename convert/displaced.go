package convert

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
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
				case a.Refusal == nil && b.Refusal != nil:
					return fmt.Sprintf("whether listener %s of %s takes it today is not known: %s", a.Listener.Name, a.Listener.Gateway.Key(), b.Refusal.Message)
				case a.Certainty != diag.Unknown && b.Certainty == diag.Unknown:
					return fmt.Sprintf("whether listener %s of %s takes it today is not known: %s", a.Listener.Name, a.Listener.Gateway.Key(), b.Why)
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

// spoken notes where an HTTPRoute speaks HTTP/1.1 to a backend, which carries no
// gRPC, and the GRPCRoute does not.
func (w *work) spoken(t *trial, r *Route) {
	for i := range w.o.Profiles {
		old := routeOf(w.before[i].Topology, r.Doc)
		now := routeOf(t.after[i].Topology, r.New)
		if old == nil || now == nil {
			continue
		}
		dial := &w.before[i].Topology.Profile.Backends
		for n, rule := range now.Rules {
			for k, b := range rule.Backends {
				a := old.Rules[r.plan.rules[n]].Backends[k]
				if a.ServicePort == nil || dial.Dial(a.Facts()).Name != profile.HTTP1 || dial.Dial(b.Facts()).Name == profile.HTTP1 {
					continue
				}
				note := Loss{Path: a.Path("port"), Message: fmt.Sprintf(
					"an HTTPRoute speaks HTTP/1.1 to port %d of Service %s/%s, which carries no gRPC, and a GRPCRoute HTTP/2", a.Port, a.Namespace, a.Name)}
				if !slices.ContainsFunc(r.Notes, func(l Loss) bool { return l.Message == note.Message }) {
					r.Notes = append(r.Notes, note)
				}
			}
		}
	}
}
