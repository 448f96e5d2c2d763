package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var allWeightsZero = &lint.Rule{
	ID:       "all-weights-zero",
	Summary:  "every backend of a rule has weight 0, so that no call reaches any",
	Section:  lint.BackendSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkAllWeightsZero,
}

func checkAllWeightsZero(p *lint.Pass) {
	for rule := range grpcRules(p.Topology) {
		if !allZero(rule) {
			continue
		}
		if _, total := weights(p, rule); total > 0 {
			continue // the implementation reads a zero as something else
		}
		message := fmt.Sprintf("all %d backends have weight 0: calls are answered %s", len(rule.Backends), codeOf(p.Profile.Answers.ZeroWeights))
		if len(rule.Backends) == 1 {
			message = fmt.Sprintf("the only backend has weight 0: calls are answered %s", codeOf(p.Profile.Answers.ZeroWeights))
		}
		p.Report(rule.Route.Doc, rule.Path("backendRefs"), diag.Diagnostic{
			Message: message,
			Hint:    "give at least one backend a weight above 0",
		})
	}
}
