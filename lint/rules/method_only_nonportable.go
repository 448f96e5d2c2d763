package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var methodOnlyNonportable = &lint.Rule{
	ID:       "method-only-nonportable",
	Summary:  "a match names a method and no service, which implementations need not serve",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkMethodOnlyNonportable,
}

// For an implementation that we know see profile-unsupported-match. A regular
// expression is implementation-specific whatever it names.
func checkMethodOnlyNonportable(p *lint.Pass) {
	c := claimOn(p.Profile, "match by method only")
	if p.Profile != profile.Spec || c == nil || c.Verdict != profile.Unknown {
		return
	}
	eachMatch(p.Topology, func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		if m.Method == nil || isRegex(m.Method) || m.Method.Service != nil || deref(m.Method.Method, "") == "" {
			return
		}
		p.Report(rule.Route.Doc, rule.Path("matches", i, "method", "method"), diag.Diagnostic{
			Message: fmt.Sprintf("method %q without a service is implementation-specific: it may be refused, or match nothing", *m.Method.Method),
			Hint:    "write a match for each service that has the method: service: pkg.Service, method: " + *m.Method.Method,
		})
		var having []apiMethod
		for _, method := range apiMethods(p.Options.Descriptors) {
			if method.method == *m.Method.Method {
				having = append(having, method)
			}
		}
		if len(having) == 0 {
			p.Refuse("which services have the method is known with --proto or --descriptor-set")
			return
		}
		suggestExact(p, rule.Route.Doc, rule.Path("matches", i), having)
	})
}
