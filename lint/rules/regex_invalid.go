package rules

import (
	"errors"
	"fmt"
	"regexp/syntax"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var regexInvalid = &lint.Rule{
	ID:       "regex-invalid",
	Summary:  "a regular expression does not compile",
	Section:  lint.MatchingSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkRegexInvalid,
}

// The dialect is the implementation's; those we know read RE2. For what another
// dialect could read see regex-not-re2.
func checkRegexInvalid(p *lint.Pass) {
	eachBadPattern(p, func(rule *topology.Rule, field []any, wrong *topology.PatternError) {
		if wrong.Foreign {
			return
		}
		p.Report(rule.Route.Doc, rule.Path(field...), diag.Diagnostic{
			Message: fmt.Sprintf("regular expression %q does not compile as RE2: %s; %s", wrong.Pattern, reason(wrong.Pattern), brokenEffect(p)),
		})
	})
}

// reason is what a parser says, without the pattern it repeats.
func reason(pattern string) string {
	_, err := syntax.Parse(pattern, syntax.Perl)
	if e := (*syntax.Error)(nil); errors.As(err, &e) {
		return fmt.Sprintf("%s %q", e.Code, e.Expr)
	}
	return fmt.Sprint(err)
}
