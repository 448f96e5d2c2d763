package rules

import (
	"fmt"

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
	gateways := nestedListeners(p.Topology)
	if len(gateways) == 0 {
		return
	}
	with := variant(p.Topology, gateways, func(q *profile.Profile) {
		q.Hosts.Isolation, q.Hosts.IsolationTLS = profile.PerListener, profile.PerListener
	})
	without := variant(p.Topology, gateways, func(q *profile.Profile) {
		if q.Hosts.Isolation == profile.PerListener {
			q.Hosts.Isolation = profile.PerPort
		}
	})
	for _, s := range with.Servers {
		for _, l := range s.Listeners {
			if l.Topology.Doc() != nil {
				reportIsolation(p, s, l, with, without)
			}
		}
	}
}

// nestedListeners returns the Gateways that have, on one port, a listener whose
// hosts another listener covers as well.
func nestedListeners(t *topology.Topology) []*topology.Gateway {
	var out []*topology.Gateway
	for _, g := range t.Gateways {
		if len(g.Listeners) < 2 {
			continue
		}
		names := map[portHost]bool{}
		for _, l := range g.Listeners {
			names[portHost{l.Port, l.Hostname}] = true
		}
		for _, l := range g.Listeners {
			if covered(names, l) {
				out = append(out, g)
				break
			}
		}
	}
	return out
}

func covered(names map[portHost]bool, l *topology.Listener) bool {
	for w := range wildcardsOver(l.Hostname) {
		if names[portHost{l.Port, w}] {
			return true
		}
	}
	return false
}

// reportIsolation reports a listener whose calls a less specific listener's route
// would take without isolation, once, with the first call that shows it.
func reportIsolation(p *lint.Pass, s *routing.Server, l *routing.Listener, with, without *routing.Table) {
	tried := 0
	for _, other := range s.Listeners {
		if other == l || other.Topology.Hostname == l.Topology.Hostname || !topology.Covers(other.Topology.Hostname, l.Topology.Hostname) {
			continue
		}
		for _, h := range other.Hosts {
			common, ok := topology.Intersect(l.Topology.Hostname, h.Name)
			if !ok {
				continue
			}
			for _, e := range h.Entries {
				if e.Host.Name != h.Name || e.Dead != "" || e.Certainty == diag.Unknown || tried == maxReplays {
					continue
				}
				guess, ok := sampleRequest(e, concrete(common))
				if !ok {
					continue
				}
				tried++
				r := to(s, guess)
				on, off := with.Lookup(r), without.Lookup(r)
				if listenerOf(on) != l.Topology || off.Entry == nil || same(on, off) {
					continue
				}
				reportLeak(p, l.Topology, other.Topology, r, on, off)
				return
			}
		}
	}
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
