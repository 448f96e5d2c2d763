package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

var precedenceDependsOnAge = &lint.Rule{
	ID:       "precedence-depends-on-age",
	Summary:  "which of two routes takes a call depends on which is older",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkPrecedenceDependsOnAge,
}

// Among routes that tie in all criteria the oldest wins (GA
// apis/v1/grpcroute_types.go, GRPCRouteRule.Matches); files rarely show an age.
func checkPrecedenceDependsOnAge(p *lint.Pass) {
	found := disagreements(p, func(s *routing.Server, h *routing.Host) []other {
		var out []other
		for _, r := range h.Ageless(s) {
			out = append(out, other{r.Key(), h.WithOldest(s, r)})
		}
		return out
	})
	seen := map[[2]*topology.Rule]bool{}
	for _, d := range found {
		if seen[[2]*topology.Rule{d.Then.Rule, d.Now.Rule}] {
			continue
		}
		seen[[2]*topology.Rule{d.Now.Rule, d.Then.Rule}] = true
		reportReordered(p, d, fmt.Sprintf("call %s reaches %s or %s, whichever route is older: the two matches tie",
			call(&d.Witness), ruleName(d.Now.Rule), ruleName(d.Then.Rule)),
			"make one of the two matches more specific, or keep both rules in one route, where the first wins")
		p.Refuse("which of the two should win is for their authors to say")
	}
}
