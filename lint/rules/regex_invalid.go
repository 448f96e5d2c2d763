package rules

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var regexInvalid = &lint.Rule{
	ID:       "regex-invalid",
	Summary:  "a regular expression does not compile",
	Section:  lint.MatchingSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkRegexInvalid,
}

// The dialect is the implementation's; those we know read RE2.
func checkRegexInvalid(p *lint.Pass) {
	for r := range grpcRoutes(p.Topology) {
		for _, rule := range r.Rules {
			matches := r.GRPC.Spec.Rules[rule.Index].Matches
			for i := range matches {
				reportPatterns(p, rule, i, &matches[i])
			}
		}
	}
}

func reportPatterns(p *lint.Pass, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	eachPattern(m, func(pattern string, path ...any) {
		_, err := regexp.Compile(pattern)
		if err == nil {
			return
		}
		effect := "the rule cannot be served"
		if p.Profile.Matching.InvalidRegexBlocksAll {
			effect = fmt.Sprintf("with %s no change to any route takes effect until it is mended", p.Profile.Title)
		}
		p.Report(rule.Route.Doc, rule.Path(append([]any{"matches", i}, path...)...), diag.Diagnostic{
			Message: fmt.Sprintf("regular expression %q does not compile as RE2: %s; %s", pattern, reason(err), effect),
		})
	})
}

// eachPattern calls f for each regular expression of a match and where it stands
// in it.
func eachPattern(m *gatewayv1.GRPCRouteMatch, f func(pattern string, path ...any)) {
	if m.Method != nil && isRegex(m.Method) {
		for _, n := range methodNames(m.Method) {
			if n.value != nil {
				f(*n.value, "method", n.key)
			}
		}
	}
	for j, h := range m.Headers {
		if deref(h.Type, gatewayv1.GRPCHeaderMatchExact) == gatewayv1.GRPCHeaderMatchRegularExpression {
			f(h.Value, "headers", j, "value")
		}
	}
}

// reason is what a parser says, without the pattern it repeats.
func reason(err error) string {
	if e := (*syntax.Error)(nil); errors.As(err, &e) {
		return fmt.Sprintf("%s %q", e.Code, e.Expr)
	}
	return err.Error()
}
