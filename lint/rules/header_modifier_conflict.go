package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var headerModifierConflict = &lint.Rule{
	ID:       "header-modifier-conflict",
	Summary:  "one filter changes a header in two ways, which makes the filter invalid",
	Section:  lint.FilterSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkHeaderModifierConflict,
	PerSet:   true,
}

// GA apis/v1/httproute_types.go, HTTPHeaderFilter: the filter must not have
// several actions for one name, whatever its case. The API server sees repeats
// within set and within add only, and only with one spelling.
func checkHeaderModifierConflict(p *lint.Pass) {
	eachModifier(p, func(_ *gatewayv1.GRPCRoute, m *modifier) {
		first := map[string]*headerAction{}
		for _, a := range m.actions() {
			before, ok := first[a.key()]
			if !ok {
				first[a.key()] = &a
				continue
			}
			where := fmt.Sprintf("both in %s and in %s", before.verb, a.verb)
			if before.verb == a.verb {
				where = "twice in " + a.verb
			}
			entry := below(m.path, a.verb, a.index)
			reportExplaining(p, m.doc, m.at(&a), diag.Diagnostic{
				Message: fmt.Sprintf("%s header %q stands %s of one filter: a header may have one action, and which of the two counts is not specified",
					m.direction(), a.name, where),
				Hint:    "keep one of the two",
				Related: []diag.Related{{Message: "the other action", Range: m.doc.Range(m.at(before)...)}},
			}, within(entry))
		}
	})
}
