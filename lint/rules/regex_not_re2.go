package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var regexNotRe2 = &lint.Rule{
	ID:       "regex-not-re2",
	Summary:  "a regular expression works only where the dialect is PCRE",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkRegexNotRe2,
}

// The specification leaves the dialect to the implementation (GA
// apis/v1/grpcroute_types.go). Where the data plane is known to read RE2 the
// pattern is as broken as one that no dialect reads.
func checkRegexNotRe2(p *lint.Pass) {
	eachBadPattern(p, func(rule *topology.Rule, field []any, wrong *topology.PatternError) {
		if !wrong.Foreign {
			return
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("regular expression %q needs PCRE: %s does not exist in RE2, which most implementations read", wrong.Pattern, wrong.Syntax),
			Hint:    "write it without: name what may match as alternatives, (?:a|b)",
		}
		if p.Profile.Matching.RE2 {
			d.Severity = diag.Error
			d.Message = fmt.Sprintf("regular expression %q needs PCRE, and %s reads RE2, which does not have %s: %s",
				wrong.Pattern, p.Profile.Title, wrong.Syntax, brokenEffect(p))
		}
		p.Report(rule.Route.Doc, rule.Path(field...), d)
	})
}
