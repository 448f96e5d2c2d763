package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// hidden are the verdicts of one rule of a GRPCRoute, in the order of its matches.
type hidden struct {
	rule     *topology.Rule
	verdicts []*prove.Verdict
}

// all reports whether a test holds for every match.
func (h *hidden) all(test func(*prove.Verdict) bool) bool {
	for _, v := range h.verdicts {
		if !test(v) {
			return false
		}
	}
	return true
}

// provenRules returns a table's verdicts for each rule of GRPCRoutes. Routes that
// may be attached in more places than the input shows are left out: nothing can
// be said of all their calls.
func provenRules(p *lint.Pass) []hidden {
	all := p.RuleVerdicts()
	out := make([]hidden, 0, len(all))
	for _, vs := range all {
		if rule := vs[0].Rule; rule.Route.GRPC != nil && rule.Route.Doc != nil && !mayAttachElsewhere(rule.Route) {
			out = append(out, hidden{rule, vs})
		}
	}
	return out
}

// mayAttachElsewhere reports whether the input leaves open where a route is
// attached besides.
func mayAttachElsewhere(r *topology.Route) bool {
	for _, p := range r.Parents {
		if p.Refusal != nil && p.Refusal.Certainty == diag.Unknown {
			return true
		}
		for _, a := range p.Attachments {
			if a.Refusal != nil && a.Refusal.Certainty == diag.Unknown {
				return true
			}
		}
	}
	return false
}

// covered reports whether a match is dead because others come first, or because
// its hosts are never asked for; what is dead by itself is other rules' finding.
func covered(v *prove.Verdict) bool { return v.State == prove.Unreachable && !v.Never }

// entryPath leads to a match, or to a rule without matches.
func entryPath(r *topology.Rule, match int) manifest.Path {
	if match < 0 {
		return r.Path()
	}
	return r.Path("matches", match)
}

// takenBy says which matches take a match's calls.
func takenBy(v *prove.Verdict) string {
	switch {
	case len(v.By) == 0:
		return v.Why
	case len(v.By) == 1:
		return entryName(v.By[0]) + " takes its calls"
	case len(v.By) == 2:
		return entryName(v.By[0]) + " and " + entryName(v.By[1]) + " together take its calls"
	}
	return fmt.Sprintf("%s and %d other matches together take its calls", entryName(v.By[0]), len(v.By)-1)
}

// entryName names the match of an entry with its rule and route.
func entryName(e *routing.Entry) string {
	if e.Match < 0 {
		return ruleName(e.Rule)
	}
	return fmt.Sprintf("rules[%d].matches[%d] of %s %s", e.Rule.Index, e.Match, e.Route.Kind, e.Route.Key())
}

// maxRelated bounds the places that a finding points at.
const maxRelated = 8

// covering are the places of the matches that take another one's calls.
func covering(by []*routing.Entry) []diag.Related {
	var out []diag.Related
	for _, e := range by {
		if len(out) == maxRelated {
			break
		}
		out = append(out, diag.Related{Message: "takes its calls first", Range: e.Route.Doc.Range(entryPath(e.Rule, e.Match)...)})
	}
	return out
}

// shadowed is a call that a dead match would take and another takes.
func shadowed(p *lint.Pass, v *prove.Verdict) *diag.Witness {
	if v.Shadowed == nil {
		return nil
	}
	return witness(v.Shadowed, listenerOf(p.Table.LookupOnce(v.Shadowed)))
}
