package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var mirrorZero = &lint.Rule{
	ID:       "mirror-zero",
	Summary:  "a mirror copies no calls, and its target must still resolve",
	Section:  lint.FilterSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkMirrorZero,
	PerSet:   true,
}

func checkMirrorZero(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		for i := range route.Value.Spec.Rules {
			rule := &route.Value.Spec.Rules[i]
			if len(rule.Filters) > 0 {
				reportMirrorZero(p, route.Doc, at("spec", "rules", i), rule.Filters)
			}
			for j := range rule.BackendRefs {
				if fs := rule.BackendRefs[j].Filters; len(fs) > 0 {
					reportMirrorZero(p, route.Doc, at("spec", "rules", i, "backendRefs", j), fs)
				}
			}
		}
	}
}

func reportMirrorZero(p *lint.Pass, doc *manifest.Document, path manifest.Path, filters []gatewayv1.GRPCRouteFilter) {
	for k := range filters {
		if field := noShare(filters[k].RequestMirror); field != nil {
			p.Report(doc, below(below(path, "filters", k, "requestMirror"), field...), diag.Diagnostic{
				Message: "the mirror copies 0% of the calls, and its target still has to resolve",
				Hint:    "remove the filter, or raise the share",
			})
			suggestWithoutFilter(p, doc, below(path, "filters", k))
		}
	}
}

// noShare leads to the field by which a mirror copies nothing; nil when it copies
// calls (GA apis/v1/httproute_types.go, HTTPRequestMirrorFilter).
func noShare(m *gatewayv1.HTTPRequestMirrorFilter) []any {
	switch {
	case m == nil:
		return nil
	case m.Percent != nil && *m.Percent == 0:
		return []any{"percent"}
	case m.Fraction != nil && m.Fraction.Numerator == 0:
		return []any{"fraction", "numerator"}
	}
	return nil
}
