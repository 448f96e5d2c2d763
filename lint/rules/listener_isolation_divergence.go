package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

var listenerIsolationDivergence = &lint.Rule{
	ID:       "listener-isolation-divergence",
	Summary:  "whether another listener's routes answer depends on listener isolation",
	Section:  lint.HostnameSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkListenerIsolationDivergence,
}

// GA apis/v1/gateway_types.go, Listener.Hostname: the most specific listener's
// routes alone are asked. That is extended support, so that implementations
// without it put the routes of a port into one table.
func checkListenerIsolationDivergence(p *lint.Pass) {
	isolated := p.Profile.Hosts.Isolation == profile.PerListener
	other := flipped(p, func(q *profile.Profile) {
		q.Hosts.Isolation, q.Hosts.IsolationTLS = profile.PerListener, profile.PerListener
		if isolated {
			q.Hosts.Isolation = profile.PerPort
		}
	})
	for _, g := range p.Topology.Gateways {
		if len(g.Listeners) < 2 {
			continue
		}
		for _, l := range g.Listeners {
			for i, less := range lessSpecific(g, l) {
				if route := reportIsolation(p, l, less, other); route != nil {
					p.Once(listenerSubject(l), lint.RankOf(route).After(i))
					break
				}
			}
		}
	}
}

// lessSpecific returns the listeners of a port that take every host of another
// one, and more.
func lessSpecific(g *topology.Gateway, l *topology.Listener) []*topology.Listener {
	var out []*topology.Listener
	for _, o := range g.Listeners {
		if o != l && o.Port == l.Port && l.Doc() != nil && o.Doc() != nil && l.Usable() && o.Usable() &&
			o.Hostname != l.Hostname && topology.Covers(o.Hostname, l.Hostname) {
			out = append(out, o)
		}
	}
	return out
}

// reportIsolation reports a listener whose calls a less specific listener's route
// would take without isolation, once, with the first call that shows it. It returns
// the route that the call was made for, nil for none. Calls are bounded for each
// route, so that what one shows does not depend on the others.
func reportIsolation(p *lint.Pass, l, less *topology.Listener, other func() *routing.Table) *topology.Route {
	for _, at := range less.Attached {
		if at.Certainty == diag.Unknown || attachedTo(l, at.Parent.Route) {
			continue
		}
		if leaks(p, l, at, other) {
			return at.Parent.Route
		}
	}
	return nil
}

// leaks reports the first call of a route on a less specific listener that shows
// it.
func leaks(p *lint.Pass, l *topology.Listener, at *topology.Attachment, other func() *routing.Table) bool {
	tried := 0
	for _, h := range at.Hosts {
		common, ok := topology.Intersect(l.Hostname, h.Name)
		if !ok {
			continue
		}
		for _, rule := range at.Parent.Route.Rules {
			for _, guess := range sampleRule(rule, concrete(common)) {
				if tried++; tried > maxReplays {
					return false
				}
				guess.Gateway, guess.Port = l.Gateway.Key(), l.Port
				on, off := p.Table.LookupOnce(&guess), other().LookupOnce(&guess)
				if p.Profile.Hosts.Isolation != profile.PerListener {
					on, off = off, on
				}
				if listenerOf(on) == l && off.Entry != nil && !same(on, off) && attachedTo(at.Listener, off.Entry.Route) {
					reportLeak(p, l, at.Listener, &guess, on, off)
					return true
				}
			}
		}
	}
	return false
}

// attachedTo reports whether a route is on a listener.
func attachedTo(l *topology.Listener, r *topology.Route) bool {
	return slices.ContainsFunc(l.Attached, func(a *topology.Attachment) bool { return a.Parent.Route == r })
}

func reportLeak(p *lint.Pass, l, other *topology.Listener, r *routing.Request, on, off routing.Result) {
	path := l.Path("hostname")
	route := off.Entry.Route
	p.Report(l.Doc(), path, diag.Diagnostic{
		Certainty: off.Entry.Certainty,
		Message: fmt.Sprintf("call %s %s with listener isolation, and without it %s, which is attached to listener %q",
			call(r), ends(on), ends(off), other.Name),
		Hint: fmt.Sprintf("attach the route to listener %q as well, or give the listeners hostnames that do not overlap", l.Name),
		Related: []diag.Related{
			{Message: "the less specific listener", Range: other.Doc().Range(other.Path()...)},
			{Message: "the route", Range: route.Doc.Range("metadata", "name")},
		},
		Witness: witness(r, l),
	})
}
