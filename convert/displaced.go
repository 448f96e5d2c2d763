package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
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
					return "it would not be accepted: " + a.Refusal.Message
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

// displaces finds the routes of a trial that another route, which stays as it is,
// loses a hostname to, or may.
func (w *work) displaces(t *trial, bad map[*Route]bool) {
	for i := range w.o.Profiles {
		lost := w.losers(t, i)
		for _, r := range t.routes {
			now := routeOf(t.after[i].Topology, w.same(t.edition.set, r.Doc))
			if now == nil || bad[r] {
				continue
			}
			for _, p := range now.Parents {
				for _, a := range p.Attachments {
					for _, l := range lost {
						if sameListener(a.Listener, l.Listener) && meet(a.Hosts, l.Hosts) && !bad[r] {
							bad[r], r.Blocked = true, true
							r.Why = fmt.Sprintf("it would take a hostname from %s, which stays: %s", l.Parent.Route.Doc.Ref, l.Refusal.Message)
						}
					}
				}
			}
		}
	}
}

// losers are the attachments, with the hostnames that they had, of routes that are
// not converted and that a listener refuses after a trial.
func (w *work) losers(t *trial, i int) []topology.Attachment {
	var out []topology.Attachment
	for _, old := range w.before[i].Topology.Routes {
		if r := w.byDoc[old.Doc]; r != nil && slices.Contains(t.routes, r) {
			continue
		}
		now := routeOf(t.after[i].Topology, w.same(t.edition.set, old.Doc))
		if now == nil || len(now.Parents) != len(old.Parents) {
			continue
		}
		for n, p := range now.Parents {
			for k, a := range p.Attachments {
				if q := old.Parents[n].Attachments; a.Refusal != nil && k < len(q) && q[k].Refusal == nil {
					lost := *a
					lost.Hosts = q[k].Hosts
					out = append(out, lost)
				}
			}
		}
	}
	return out
}

func sameListener(a, b *topology.Listener) bool {
	return a.Name == b.Name && a.Gateway.Key() == b.Gateway.Key()
}

// meet reports whether two lists of hostnames have a host in common.
func meet(a, b []topology.Host) bool {
	return slices.ContainsFunc(a, func(x topology.Host) bool {
		return slices.ContainsFunc(b, func(y topology.Host) bool {
			return topology.MatchHost(x.Name, example(y.Name), false) || topology.MatchHost(y.Name, example(x.Name), false)
		})
	})
}

// example is a host that a hostname covers.
func example(hostname string) string { return strings.Replace(hostname, "*", "any", 1) }

// compared reports whether calls can reach a route at all.
func (w *work) compared(r *Route) bool {
	for _, t := range w.before {
		for _, s := range t.Servers {
			for _, l := range s.Listeners {
				for _, h := range l.Hosts {
					if slices.ContainsFunc(h.Entries, func(e *routing.Entry) bool { return e.Route.Doc == r.Doc }) {
						return true
					}
				}
			}
		}
	}
	return false
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
				note := Remark{Path: a.Path("port"), Message: fmt.Sprintf(
					"an HTTPRoute speaks HTTP/1.1 to port %d of Service %s/%s, which carries no gRPC, and a GRPCRoute HTTP/2", a.Port, a.Namespace, a.Name)}
				if !slices.ContainsFunc(r.Notes, func(l Remark) bool { return l.Message == note.Message }) {
					r.Notes = append(r.Notes, note)
				}
			}
		}
	}
}
