package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/prove"
)

var ruleUnreachableUnknown = &lint.Rule{
	ID:       "rule-unreachable-unknown",
	Summary:  "whether a rule can ever win takes more work to decide than the budget allows",
	Section:  lint.MatchingSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkRuleUnreachableUnknown,
}

// A rule with a match that wins somewhere is no matter of doubt.
func checkRuleUnreachableUnknown(p *lint.Pass) {
	for _, h := range provenRules(p) {
		open := -1
		for i, v := range h.verdicts {
			if v.State == prove.Undecided && v.Limit {
				open = i
			}
		}
		if open < 0 || !h.all(func(v *prove.Verdict) bool { return v.State != prove.Reachable }) {
			continue
		}
		p.Report(h.rule.Route.Doc, h.rule.Path(), diag.Diagnostic{
			Certainty: diag.Unknown,
			Message:   "whether the rule can ever win is not known: " + h.verdicts[open].Why,
			Hint:      "simpler patterns, or fewer different header names on one host, make it decidable",
		})
	}
}
