package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var ruleUnnamed = &lint.Rule{
	ID:       "rule-unnamed",
	Summary:  "rules have no name, so that metrics and policies know them by their place",
	Section:  lint.HygieneSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkRuleUnnamed,
	PerSet:   true,
	OptIn:    true,
}

// One rule has one place. With several the place of a rule changes when another
// is put before it (GEP-995).
func checkRuleUnnamed(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		rules := route.Value.Spec.Rules
		first, n := -1, 0
		for i := range rules {
			if deref(rules[i].Name, "") == "" {
				if n++; first < 0 {
					first = i
				}
			}
		}
		if n == 0 || len(rules) < 2 {
			continue
		}
		p.Report(route.Doc, at("spec", "rules", first), diag.Diagnostic{
			Message: fmt.Sprintf("%d of %d rules without a name: metrics and policies know them by their place, which changes with the next rule", n, len(rules)),
			Hint:    "give each rule a name, as name: users",
		})
	}
}
