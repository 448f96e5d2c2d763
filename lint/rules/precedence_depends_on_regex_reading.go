package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
)

var precedenceDependsOnRegexReading = &lint.Rule{
	ID:       "precedence-depends-on-regex-reading",
	Summary:  "which rule takes a call depends on how many characters a regular expression counts",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkPrecedenceDependsOnRegexReading,
}

// The specification ranks by matching characters and does not say how many a
// regular expression has (gateway-api issue 2216). An implementation has settled
// it, so that only the specification is asked.
func checkPrecedenceDependsOnRegexReading(p *lint.Pass) {
	if p.Profile != profile.Spec {
		return
	}
	matched, zero := *p.Profile, *p.Profile
	matched.Precedence.RegexLength, zero.Precedence.RegexLength = profile.MatchedLength, profile.ZeroLength
	found := disagreements(p, func(_ *routing.Server, h *routing.Host) []other {
		if !slices.ContainsFunc(h.Entries, func(e *routing.Entry) bool { return e.Unit.Path.Kind == profile.SegmentPath }) {
			return nil
		}
		var out []other
		for _, q := range h.Swapping([]*profile.Profile{&matched, &zero}) {
			name := "none"
			if q == &matched {
				name = "as many as it matched"
			}
			out = append(out, other{name, h.Reordered(q)})
		}
		return out
	})
	for _, d := range found {
		reportReordered(p, d, fmt.Sprintf("call %s reaches %s if a regular expression counts its own length, and %s if it counts %s",
			call(&d.Witness), ruleName(d.Now.Rule), ruleName(d.Then.Rule), strings.Join(d.orders, " or ")),
			"make the two matches exclude each other, or give the one that should win a longer literal name")
		p.Refuse("which of the two should win is for their authors to say")
	}
}
