package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var weightNotPercent = &lint.Rule{
	ID:       "weight-not-percent",
	Summary:  "weights that look like percentages do not add up to 100",
	Section:  lint.BackendSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkWeightNotPercent,
	PerSet:   true,
}

// Weights are parts of their sum. Only sums near 100 of weights that are all
// written out look like percentages; equal weights (33, 33, 33) say what they
// mean.
func checkWeightNotPercent(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		for i := range route.Value.Spec.Rules {
			refs := route.Value.Spec.Rules[i].BackendRefs
			total, ok := percentLike(refs)
			if !ok {
				continue
			}
			parts := make([]string, 0, len(refs))
			for j := range refs {
				if w := *refs[j].Weight; w > 0 {
					parts = append(parts, fmt.Sprintf("%s gets %s", refs[j].Name, share(int64(w), total)))
				}
			}
			p.Report(route.Doc, at("spec", "rules", i, "backendRefs"), diag.Diagnostic{
				Message: fmt.Sprintf("the weights add up to %d, not 100: %s", total, strings.Join(parts, ", ")),
			})
		}
	}
}

// percentLike returns the sum of weights that seem to be meant as percentages
// and are not.
func percentLike(refs []gatewayv1.GRPCBackendRef) (int64, bool) {
	if len(refs) < 2 {
		return 0, false
	}
	total, equal, used := int64(0), true, 0
	for i := range refs {
		w := refs[i].Weight
		if w == nil {
			return 0, false
		}
		equal = equal && *w == *refs[0].Weight
		total += int64(*w)
		if *w > 0 {
			used++
		}
	}
	return total, !equal && used > 1 && total >= 90 && total <= 110 && total != 100
}
