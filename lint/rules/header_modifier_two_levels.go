package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var headerModifierTwoLevels = &lint.Rule{
	ID:       "header-modifier-two-levels",
	Summary:  "a header is changed by the rule and by a backend, in an order that is not specified",
	Section:  lint.FilterSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkHeaderModifierTwoLevels,
	PerSet:   true,
}

// GA apis/v1/grpcroute_types.go says of both levels that they run, and not which
// is first. Where both do the same to a header the order does not show.
func checkHeaderModifierTwoLevels(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		type place struct {
			rule     int
			response bool
			name     string
		}
		outer := map[place]*headerAction{}
		where := map[place]*modifier{}
		all := modifiers(route)
		for i := range all {
			m := &all[i]
			for _, a := range m.actions() {
				at := place{m.rule, m.response, a.key()}
				if m.backend < 0 {
					outer[at], where[at] = &a, m
					continue
				}
				o := outer[at]
				if o == nil || o.verb == a.verb && o.value == a.value && a.verb != "add" {
					continue
				}
				both := fmt.Sprintf("is %s here and %s in the rule", a.done(), o.done())
				if a.verb == o.verb {
					both = fmt.Sprintf("is %s here and in the rule", a.done())
				}
				p.Report(m.doc, m.at(&a), diag.Diagnostic{
					Message: fmt.Sprintf("%s header %q %s: which of the two runs last is not specified", m.direction(), a.name, both),
					Hint:    "change it in one place: in each backendRef, or in the rule",
					Related: []diag.Related{{Message: "the action of the rule", Range: m.doc.Range(where[at].at(o)...)}},
				})
			}
		}
	}
}
