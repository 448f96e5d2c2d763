package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

var hostFallthroughDivergence = &lint.Rule{
	ID:       "host-fallthrough-divergence",
	Summary:  "whether a less specific hostname answers what this one does not depends on the implementation",
	Section:  lint.HostnameSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkHostFallthroughDivergence,
}

// GA apis/v1/grpcroute_types.go ranks hostnames among the matching rules, so that
// a less specific one answers what no rule of a more specific one matches. Where
// each hostname is a virtual host, the best one alone answers. Both tables are
// built and asked the same.
func checkHostFallthroughDivergence(p *lint.Pass) {
	eachFallthrough(p, func(f fallThrough) {
		p.Report(f.own.Route.Doc, hostnameField(f.own.Route, f.own.Host.Own), diag.Diagnostic{
			Certainty: f.certainty(),
			Message: fmt.Sprintf("call %s %s, by its hostname %s, only where less specific hostnames are asked, too: where the best hostname alone answers it %s",
				call(f.request), ends(f.with), shown(f.less.Host.Name), ends(f.without)),
			Hint:    fmt.Sprintf("repeat under %s the rules that its calls need", shown(f.own.Host.Name)),
			Related: []diag.Related{{Message: "the less specific hostname", Range: f.less.Route.Doc.Range(hostnameField(f.less.Route, f.less.Host.Own)...)}},
			Witness: f.witness(),
		})
	})
}

// fallThrough is a call whose answer depends on whether less specific hostnames
// are asked.
type fallThrough struct {
	own, less     *routing.Entry // of the best hostname, and what it falls through to
	request       *routing.Request
	with, without routing.Result
}

func (f *fallThrough) certainty() diag.Certainty {
	return diag.Weakest(f.own.Certainty, f.less.Certainty)
}

func (f *fallThrough) witness() *diag.Witness { return witness(f.request, listenerOf(f.with)) }

// eachFallthrough finds such calls, one per hostname.
func eachFallthrough(p *lint.Pass, yield func(fallThrough)) {
	gateways := nestedHosts(p.Table)
	if len(gateways) == 0 {
		return
	}
	with := variant(p.Topology, gateways, func(q *profile.Profile) { q.Hosts.NoFallthrough = false })
	without := variant(p.Topology, gateways, func(q *profile.Profile) { q.Hosts.NoFallthrough = true })
	for _, s := range with.Servers {
		for i, l := range s.Listeners {
			if i > 0 && sharedHosts(l, s.Listeners[0]) {
				continue
			}
			for _, h := range l.Hosts {
				if f, ok := fallsThrough(s, h, with, without); ok {
					yield(f)
				}
			}
		}
	}
}

// nestedHosts returns the Gateways in the input with hostnames that cover one
// another.
func nestedHosts(t *routing.Table) []*topology.Gateway {
	var out []*topology.Gateway
	for _, s := range t.Servers {
		if s.Service == "" && nested(s) {
			out = append(out, s.Gateways...)
		}
	}
	return out
}

func nested(s *routing.Server) bool {
	for i, l := range s.Listeners {
		if len(l.Hosts) < 2 || i > 0 && sharedHosts(l, s.Listeners[0]) {
			continue
		}
		names := make(map[string]bool, len(l.Hosts))
		for _, h := range l.Hosts {
			names[h.Name] = true
		}
		for _, h := range l.Hosts {
			for w := range wildcardsOver(h.Name) {
				if names[w] {
					return true
				}
			}
		}
	}
	return false
}

// sharedHosts reports whether two listeners consult one table.
func sharedHosts(a, b *routing.Listener) bool {
	return len(a.Hosts) > 0 && len(b.Hosts) == len(a.Hosts) && a.Hosts[0] == b.Hosts[0]
}

// fallsThrough finds the first call to a host that ends differently in the two
// tables.
func fallsThrough(s *routing.Server, h *routing.Host, with, without *routing.Table) (fallThrough, bool) {
	var own *routing.Entry
	for _, e := range h.Entries {
		if e.Host.Name == h.Name && e.Certainty != diag.Unknown {
			if unconditional(e) {
				return fallThrough{}, false
			}
			if own == nil {
				own = e
			}
		}
	}
	tried := 0
	for _, e := range h.Entries {
		if own == nil || e.Host.Name == h.Name || e.Dead != "" || e.Certainty == diag.Unknown || tried == maxReplays {
			continue
		}
		guess, ok := sampleRequest(e, concrete(h.Name))
		if !ok {
			continue
		}
		tried++
		f := fallThrough{own: own, less: e, request: to(s, guess)}
		f.with, f.without = with.Lookup(f.request), without.Lookup(f.request)
		if f.with.Entry == e && !same(f.with, f.without) {
			return f, true
		}
	}
	return fallThrough{}, false
}

// shown is an effective hostname in a sentence.
func shown(hostname string) string {
	if hostname == "" {
		return "any host"
	}
	return quoted(hostname)
}
