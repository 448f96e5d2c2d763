package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var invalidShare = &lint.Rule{
	ID:       "invalid-share",
	Summary:  "a share of a rule's calls fails because its backend cannot be used",
	Section:  lint.BackendSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkInvalidShare,
}

// An invalid reference keeps its share of the calls; nobody else gets it (GA
// apis/v1/grpcroute_types.go, GRPCRouteRule.backendRefs). Where it is the only one
// that counts there is no share to speak of: the finding about the reference says
// it all.
func checkInvalidShare(p *lint.Pass) {
	for rule := range grpcRules(p.Topology) {
		var each []int64
		var total, failing int64
		var related []diag.Related
		certainty := diag.Certain
		for i, b := range rule.Backends {
			if b.Refusal == nil || b.Refusal.Certainty == diag.Unknown {
				continue
			}
			if each == nil {
				each, total = weights(p, rule)
			}
			if each[i] == 0 {
				continue
			}
			failing += each[i]
			certainty = diag.Weakest(certainty, b.Refusal.Certainty)
			related = append(related, diag.Related{Message: b.Refusal.Message, Range: rule.Route.Doc.Range(b.Path()...)})
		}
		if failing == 0 || countPositive(each) < 2 {
			continue
		}
		part := "every call this rule takes fails"
		if failing < total {
			part = share(failing, total) + " of the calls this rule takes fail"
		}
		p.Report(rule.Route.Doc, rule.Path("backendRefs"), diag.Diagnostic{
			Certainty: certainty,
			Message:   fmt.Sprintf("%s with %s", part, codeOf(p.Profile.Answers.InvalidBackend)),
			Hint:      "a backend that cannot be used keeps its share: repair it, or take its weight away",
			Related:   related,
		})
	}
}

func countPositive(weights []int64) int {
	n := 0
	for _, w := range weights {
		if w > 0 {
			n++
		}
	}
	return n
}
