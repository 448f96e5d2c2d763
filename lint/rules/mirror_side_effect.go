package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var mirrorSideEffect = &lint.Rule{
	ID:       "mirror-side-effect",
	Summary:  "a mirror repeats calls of methods that do not say whether they may be repeated",
	Section:  lint.FilterSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkMirrorSideEffect,
}

// Streaming methods are mirror-streaming's.
func checkMirrorSideEffect(p *lint.Pass) {
	eachMirrored(p, func(rule *topology.Rule, path manifest.Path, calls []apiCall) {
		calls = filtered(calls, func(m *apiMethod) bool { return !m.repeatable() && !m.streaming() })
		if len(calls) == 0 {
			return
		}
		p.Report(rule.Route.Doc, path, diag.Diagnostic{
			Message: fmt.Sprintf("%s carried out twice, and no idempotency_level says that this does no harm", methodsAre(calls)),
			Hint:    "let the mirror's target work on data of its own, or say in the .proto file: option idempotency_level = NO_SIDE_EFFECTS",
			Related: declared(p, calls[0].apiMethod),
			Witness: calls[0].witness(),
		})
	})
}
