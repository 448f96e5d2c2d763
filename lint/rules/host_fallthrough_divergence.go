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

// eachFallthrough finds such calls, one per route and listener. The table with the other
// reading is compiled when a call on the first one leaves it open.
func eachFallthrough(p *lint.Pass, yield func(fallThrough)) {
	other := flipped(p, func(q *profile.Profile) { q.Hosts.NoFallthrough = !q.Hosts.NoFallthrough })
	for _, s := range p.Table.Servers {
		if s.Service != "" {
			continue // in a mesh hostnames do not count
		}
		for i, l := range s.Listeners {
			if len(l.Hosts) < 2 || i > 0 && sharedHosts(l, s.Listeners[0]) {
				continue
			}
			reported := map[*topology.Route]bool{}
			byName := make(map[string]*routing.Host, len(l.Hosts))
			for _, h := range l.Hosts {
				byName[h.Name] = h
			}
			for _, h := range l.Hosts {
				if f, ok := fallsThrough(p, s, h, byName, other); ok && !reported[f.own.Route] {
					reported[f.own.Route] = true
					yield(f)
				}
			}
		}
	}
}

// fallsThrough finds the first call to a host that ends differently in the two
// tables.
func fallsThrough(p *lint.Pass, s *routing.Server, h *routing.Host, byName map[string]*routing.Host, other func() *routing.Table) (fallThrough, bool) {
	var own *routing.Entry
	tried := 0
	for w := range wildcardsOver(h.Name) {
		less := byName[w]
		if less == nil {
			continue
		}
		if own == nil {
			if own = conditional(h); own == nil {
				return fallThrough{}, false
			}
		}
		for _, e := range less.Entries {
			if e.Host.Name != less.Name || e.Dead != "" || e.Certainty == diag.Unknown || tried == maxReplays {
				continue
			}
			guess, ok := sampleRequest(e, concrete(h.Name))
			if !ok {
				continue
			}
			tried++
			f := fallThrough{own: own, less: e, request: to(s, guess)}
			here := p.Table.LookupOnce(f.request)
			if s.Profile.Hosts.NoFallthrough != (here.Entry == nil) {
				continue // answered by the host itself, or by nobody
			}
			f.with, f.without = here, other().LookupOnce(f.request)
			if s.Profile.Hosts.NoFallthrough {
				f.with, f.without = f.without, f.with
			}
			if f.with.Entry != nil && f.with.Entry.Host.Name != h.Name && !same(f.with, f.without) {
				return f, true
			}
		}
	}
	return fallThrough{}, false
}

// conditional returns the first entry of a host itself, nil when the host leaves
// nothing to less specific ones or when its entries are not certain.
func conditional(h *routing.Host) *routing.Entry {
	var own *routing.Entry
	for _, e := range h.Entries {
		if e.Host.Name != h.Name || e.Certainty == diag.Unknown {
			continue
		}
		if unconditional(e) {
			return nil
		}
		if own == nil {
			own = e
		}
	}
	return own
}

// sharedHosts reports whether two listeners consult one table.
func sharedHosts(a, b *routing.Listener) bool {
	return len(a.Hosts) > 0 && len(b.Hosts) == len(a.Hosts) && a.Hosts[0] == b.Hosts[0]
}

// shown is an effective hostname in a sentence.
func shown(hostname string) string {
	if hostname == "" {
		return "any host"
	}
	return quoted(hostname)
}
