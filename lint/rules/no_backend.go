package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var noBackend = &lint.Rule{
	ID:       "no-backend",
	Summary:  "a rule takes calls and forwards them nowhere",
	Section:  lint.BackendSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkNoBackend,
}

func checkNoBackend(p *lint.Pass) {
	for rule := range grpcRules(p.Topology) {
		spec := rule.Route.GRPC.Spec.Rules
		if len(spec[rule.Index].BackendRefs) > 0 || mayAnswer(rule) {
			continue
		}
		hint := "add backendRefs, or remove the rule"
		// A stray dash turns "backendRefs:" of one rule into a second rule that has
		// no matches and so takes every call.
		if next := rule.Index + 1; next < len(spec) && len(spec[rule.Index].Matches) > 0 &&
			len(spec[next].Matches) == 0 && len(spec[next].BackendRefs) > 0 {
			hint = fmt.Sprintf("rule %d has backendRefs and no matches: if both are meant to be one rule, remove the dash between them", next)
		}
		p.Report(rule.Route.Doc, rule.Path(), diag.Diagnostic{
			Message: fmt.Sprintf("rule %d has no backendRefs: the calls it takes are answered %s", rule.Index, codeOf(p.Profile.Answers.NoBackend)),
			Hint:    hint,
		})
	}
}

// mayAnswer reports whether a filter of the rule may answer calls by itself.
func mayAnswer(rule *topology.Rule) bool {
	for _, f := range rule.Filters {
		if f.Type == string(gatewayv1.GRPCRouteFilterExtensionRef) {
			return true
		}
	}
	return false
}
