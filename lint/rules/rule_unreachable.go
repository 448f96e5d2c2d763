package rules

import (
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
)

var ruleUnreachable = &lint.Rule{
	ID:       "rule-unreachable",
	Summary:  "a rule can never win: others take all calls of all its matches",
	Section:  lint.MatchingSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkRuleUnreachable,
}

// Each match may be hidden by another one, or by several jointly; the finding
// names them all.
func checkRuleUnreachable(p *lint.Pass) {
	for _, h := range provenRules(p) {
		if !h.all(covered) {
			continue
		}
		all := *h.verdicts[0]
		for _, v := range h.verdicts[1:] {
			all.Certainty = max(all.Certainty, v.Certainty)
			for _, e := range v.By {
				if e.Rule != h.rule && !slices.ContainsFunc(all.By, func(o *routing.Entry) bool { return o.Rule == e.Rule && o.Match == e.Match }) {
					all.By = append(slices.Clone(all.By), e)
				}
			}
		}
		p.Report(h.rule.Route.Doc, h.rule.Path(), diag.Diagnostic{
			Certainty: all.Certainty,
			Message:   "the rule can never win: " + takenBy(&all),
			Hint:      "delete it, or make its matches more specific than what comes first",
			Related:   covering(all.By),
			Witness:   shadowed(p, &all),
		})
		if h.rule.Route.GRPC == nil || len(h.rule.Route.GRPC.Spec.Rules) == 1 {
			p.Refuse("it is all that the route has: deleting the route is for its author to decide")
			continue
		}
		suggest(p, lint.SameRouting, h.rule.Route.Doc, "delete the rule", manifest.Remove(h.rule.Path()))
	}
}
