package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
)

var precedenceDependsOnImplementation = &lint.Rule{
	ID:       "precedence-depends-on-implementation",
	Summary:  "implementations disagree on which rule comes first for a call",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkPrecedenceDependsOnImplementation,
}

// Under the specification every implementation is asked, under an implementation
// the specification alone: its readers are who would be misled.
func checkPrecedenceDependsOnImplementation(p *lint.Pass) {
	against := []*profile.Profile{profile.Spec}
	if p.Profile == profile.Spec {
		against = profile.All[1:]
	}
	against = slices.DeleteFunc(slices.Clone(against), func(q *profile.Profile) bool { return q.Matching.NotServed })
	found := disagreements(p, func(_ *routing.Server, h *routing.Host) []other {
		var out []other
		for _, q := range h.Swapping(against) {
			out = append(out, other{q.Title, h.Reordered(q)})
		}
		return out
	})
	for _, d := range found {
		here := p.Profile.Title
		reportReordered(p, d, fmt.Sprintf("call %s reaches %s by the precedence of %s, and %s by that of %s",
			call(&d.Witness), ruleName(d.Now.Rule), here, ruleName(d.Then.Rule), list(d.orders)),
			"make the two matches exclude each other, so that no order is needed")
	}
}
