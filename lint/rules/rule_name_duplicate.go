package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var ruleNameDuplicate = &lint.Rule{
	ID:       "rule-name-duplicate",
	Summary:  "two rules of a route have one name",
	Section:  lint.SchemaSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkRuleNameDuplicate,
	PerSet:   true,
}

// Only the experimental channel enforces what the type's comment demands: names
// unique within the route.
func checkRuleNameDuplicate(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		rules := route.Value.Spec.Rules
		for i := range rules {
			first := i
			for j := range rules[:i] {
				if rules[i].Name != nil && sameName(rules[j].Name, rules[i].Name) {
					first = j
					break
				}
			}
			if first == i {
				continue
			}
			reportExplaining(p, route.Doc, at("spec", "rules", i, "name"), diag.Diagnostic{
				Message: fmt.Sprintf("rule name %q is taken by rule %d: names are unique within a route", *rules[i].Name, first),
				Hint:    "give each rule a name of its own, or none",
				Related: []diag.Related{{
					Message: "the first rule of that name",
					Range:   route.Doc.Range("spec", "rules", first, "name"),
				}},
			}, func(f *admission.Failure) bool {
				return f.Source == diag.CEL && f.Path.String() == "spec.rules"
			})
		}
	}
}

func sameName(a, b *gatewayv1.SectionName) bool { return a != nil && b != nil && *a == *b }
