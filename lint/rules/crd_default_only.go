package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var crdDefaultOnly = &lint.Rule{
	ID:       "crd-default-only",
	Summary:  "a value that says only what the default says, and looks as if it did more",
	Section:  lint.SchemaSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkCRDDefaultOnly,
	PerSet:   true,
}

// Spelled-out kinds, groups and types help a reader and are left alone. A weight
// of 1 on the only backend looks like a split that is not there, a denominator of
// 100 like a choice. One finding per route names the first and counts the rest.
func checkCRDDefaultOnly(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		if route.Value.ResourceVersion != "" || route.Value.UID != "" {
			continue // read back from a server, which fills in every default
		}
		var all []manifest.Change
		var first manifest.Path
		var what string
		n := 0
		note := func(name string, path ...any) {
			all = append(all, manifest.Remove(path))
			if n++; n == 1 {
				first, what = path, name
			}
		}
		for i := range route.Value.Spec.Rules {
			noteDefaults(&route.Value.Spec.Rules[i], i, note)
		}
		if n == 0 {
			continue
		}
		message := what
		if n > 1 {
			message = fmt.Sprintf("%s, as do %d more values of this route", what, n-1)
			if n == 2 {
				message = what + ", as does 1 more value of this route"
			}
		}
		p.Report(route.Doc, first, diag.Diagnostic{Message: message, Hint: "leave it out"})
		suggest(p, lint.SameRouting, route.Doc, "leave it out", all...)
	}
}

// noteDefaults looks through one rule.
func noteDefaults(rule *gatewayv1.GRPCRouteRule, i int, note func(name string, path ...any)) {
	if len(rule.BackendRefs) == 1 {
		if w := rule.BackendRefs[0].Weight; w != nil && *w == 1 {
			note("weight 1 on the only backend repeats the default", "spec", "rules", i, "backendRefs", 0, "weight")
		}
	}
	for j := range rule.Filters {
		m := rule.Filters[j].RequestMirror
		if m != nil && m.Fraction != nil && m.Fraction.Denominator != nil && *m.Fraction.Denominator == 100 {
			note("denominator 100 repeats the default", "spec", "rules", i, "filters", j, "requestMirror", "fraction", "denominator")
		}
	}
}
