package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

var statusCodeDivergence = &lint.Rule{
	ID:       "status-code-divergence",
	Summary:  "calls that fail get another gRPC status than the specification asks for",
	Section:  lint.ImplementationSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkStatusCodeDivergence,
}

// Only failures that the route is bound to show are reported, and of a route the
// first: what makes the calls fail is another rule's finding.
func checkStatusCodeDivergence(p *lint.Pass) {
	if p.Profile == profile.Spec || p.Profile.Answers == profile.Spec.Answers {
		return
	}
	failing := failingEntries(p.Table)
	if len(failing) == 0 {
		return
	}
	x := &places{table: p.Table}
	for r := range served(p.Topology) {
		for _, rule := range r.Rules {
			if pl, ok := failing[rule]; ok && reportStatus(p, x, rule, pl) {
				break
			}
		}
	}
}

// failingEntries returns an entry of each rule of a GRPCRoute that fails some of
// its calls.
func failingEntries(t *routing.Table) map[*topology.Rule]place {
	out := map[*topology.Rule]place{}
	for _, s := range t.Servers {
		for i, l := range s.Listeners {
			if i > 0 && sharedHosts(l, s.Listeners[0]) {
				continue
			}
			for _, h := range l.Hosts {
				for _, e := range h.Entries {
					if e.Host.Name == h.Name && e.Route.GRPC != nil && failsSome(e.Action) {
						out[e.Rule] = place{s, e}
					}
				}
			}
		}
	}
	return out
}

func failsSome(a *routing.Action) bool {
	if a.Answer != nil {
		return true
	}
	for i := range a.Shares {
		if a.Shares[i].Answer != nil {
			return true
		}
	}
	return false
}

// situation is one way in which calls fail.
type situation struct {
	name       string
	here, asks *profile.Answer
}

func situations(p *profile.Profile) []situation {
	h, s := &p.Answers, &profile.Spec.Answers
	return []situation{
		{"a rule without backendRefs", &h.NoBackend, &s.NoBackend},
		{"weights that are all 0", &h.ZeroWeights, &s.ZeroWeights},
		{"a backend that cannot be used", &h.InvalidBackend, &s.InvalidBackend},
		{"a Service without endpoints", &h.NoEndpoints, &s.NoEndpoints},
		{"a backend protocol that carries no gRPC", &h.Protocol, &s.Protocol},
		{"a BackendTLSPolicy that cannot be used", &h.BackendTLS, &s.BackendTLS},
	}
}

func reportStatus(p *lint.Pass, x *places, rule *topology.Rule, pl place) bool {
	for _, s := range situations(pl.server.Profile) {
		path, found := answered(pl.entry.Action, s.here)
		if !found || s.here.GRPC == s.asks.GRPC {
			continue
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("clients see %s for %s, where the specification asks for %s (%s)", code(s.here.GRPC), s.name, code(s.asks.GRPC), s.here.Source),
			Hint:    "do not let retries depend on the code",
		}
		if request, res, ok := x.replay(rule, func(res routing.Result) bool { return fails(res, s.here) }); ok {
			d.Witness = witness(request, listenerOf(res))
		}
		p.ReportAs(diag.Info, rule.Route.Doc, rule.Path(path...), d)
		return true
	}
	return false
}

// answered returns where in a rule an answer comes from, and whether it does.
func answered(a *routing.Action, answer *profile.Answer) ([]any, bool) {
	if a.Answer == answer && len(a.Shares) == 0 {
		return nil, true
	}
	for i := range a.Shares {
		if s := &a.Shares[i]; s.Weight > 0 && s.Answer == answer {
			return []any{"backendRefs", i}, true
		}
	}
	return []any{"backendRefs"}, a.Answer == answer
}

// fails reports whether a call, or a share of it, gets an answer.
func fails(r routing.Result, answer *profile.Answer) bool {
	_, found := answered(r.Entry.Action, answer)
	return found
}
