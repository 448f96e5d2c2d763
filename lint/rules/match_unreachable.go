package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/prove"
)

var matchUnreachable = &lint.Rule{
	ID:       "match-unreachable",
	Summary:  "a match can never win: others take all its calls",
	Section:  lint.MatchingSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkMatchUnreachable,
}

// The exact engine decides it over all calls. A rule of which every match is dead
// is one finding of rule-unreachable. Where matches of the same rule take the
// calls nothing is lost, and the finding is milder.
func checkMatchUnreachable(p *lint.Pass) {
	for _, h := range provenRules(p) {
		if h.all(covered) {
			continue
		}
		for _, v := range h.verdicts {
			if _, _, twice := duplicateOf(h.rule.Route, h.rule.Index, max(v.Match, 0)); twice || !covered(v) {
				continue // what is said twice is duplicate-match's finding
			}
			severity := p.Rule.Severity
			if len(v.By) > 0 && ownRule(v) {
				severity = diag.Warning
			}
			p.ReportAs(severity, h.rule.Route.Doc, entryPath(h.rule, v.Match), diag.Diagnostic{
				Certainty: v.Certainty,
				Message:   "the match can never win: " + takenBy(v),
				Hint:      "delete it, or make it more specific than what comes first",
				Related:   covering(v.By),
				Witness:   shadowed(p, v),
			})
			suggestDrop(p, h.rule, v.Match)
		}
	}
}

// ownRule reports whether only matches of the same rule come first.
func ownRule(v *prove.Verdict) bool {
	for _, e := range v.By {
		if e.Rule != v.Rule {
			return false
		}
	}
	return true
}
