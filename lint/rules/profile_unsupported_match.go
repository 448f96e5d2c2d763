package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var profileUnsupportedMatch = &lint.Rule{
	ID:       "profile-unsupported-match",
	Summary:  "the implementation does not serve that form of match, or nobody says what it does with it",
	Section:  lint.ImplementationSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkProfileUnsupportedMatch,
}

func checkProfileUnsupportedMatch(p *lint.Pass) {
	if p.Profile == profile.Spec {
		return // what is implementation-specific is no implementation's fault
	}
	for r := range served(p.Topology) {
		for _, rule := range r.Rules {
			matches := r.GRPC.Spec.Rules[rule.Index].Matches
			for i := range matches {
				reportMatch(p, rule, i, &matches[i])
			}
		}
	}
}

// reportMatch reports the forms of match that the implementation's claims do not
// call supported.
func reportMatch(p *lint.Pass, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	if m.Method == nil {
		return
	}
	features := []struct {
		feature, field string
		used           bool
	}{
		{"match by regular expression", "type", isRegex(m.Method)},
		{"match by method only", "method", !isRegex(m.Method) && deref(m.Method.Service, "") == "" && deref(m.Method.Method, "") != ""},
	}
	for _, f := range features {
		if c := claimOn(p.Profile, f.feature); f.used && c != nil && c.Verdict != profile.Supported {
			reportFeature(p, rule, i, f.field, c)
		}
	}
}

func reportFeature(p *lint.Pass, rule *topology.Rule, i int, field string, c *profile.Claim) {
	d := diag.Diagnostic{
		Message: fmt.Sprintf("a %s is not served by %s%s", c.Feature, p.Profile.Title, source(c)),
		Hint:    "write Exact matches with service and method, which every implementation serves",
	}
	if c.Verdict == profile.Unknown {
		d.Certainty = diag.Unknown
		d.Message = fmt.Sprintf("what becomes of a %s is not known for %s%s", c.Feature, p.Profile.Title, source(c))
	}
	p.Report(rule.Route.Doc, rule.Path("matches", i, "method", field), d)
}
