package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var headerModifierNoop = &lint.Rule{
	ID:       "header-modifier-noop",
	Summary:  "a header filter changes nothing: the header cannot be there, or has the value already",
	Section:  lint.FilterSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkHeaderModifierNoop,
	PerSet:   true,
}

func checkHeaderModifierNoop(p *lint.Pass) {
	eachModifier(p, func(route *gatewayv1.GRPCRoute, m *modifier) {
		actions := m.actions()
		if len(actions) == 0 {
			p.Report(m.doc, m.path, diag.Diagnostic{
				Message: fmt.Sprintf("the %s header modifier names no header, so it changes nothing", m.direction()),
				Hint:    "remove the filter, or say what to set, add or remove",
			})
		}
		for _, a := range actions {
			switch {
			case noCallHas(m, &a):
				p.Report(m.doc, m.at(&a), diag.Diagnostic{
					Message: fmt.Sprintf("no gRPC %s has a header %q, so nothing is removed", subject(m), a.name),
					Hint:    "delete the entry",
				})
			case a.verb == "remove" && strings.Contains(a.name, "*") && isToken(a.name):
				p.Report(m.doc, m.at(&a), diag.Diagnostic{
					Message: fmt.Sprintf("%q removes a header of that very name only: remove knows no wildcards", a.name),
					Hint:    "write one entry for each header",
				})
			case a.verb == "set" && !m.response && alwaysHas(&route.Spec.Rules[m.rule], &a):
				p.Report(m.doc, m.at(&a), diag.Diagnostic{
					Message: fmt.Sprintf("header %q is set to %q, which it is in every call that the rule takes", a.name, a.value),
					Hint:    "delete the entry",
				})
			}
		}
	})
}

// subject is what a filter works on.
func subject(m *modifier) string {
	if m.response {
		return "answer"
	}
	return "call"
}

// noCallHas reports whether an action removes what HTTP/2 forbids (RFC 9113,
// section 8.2.2), or from a request what only answers have.
func noCallHas(m *modifier, a *headerAction) bool {
	if a.verb != "remove" {
		return false
	}
	answers := a.key() == "grpc-status" || a.key() == "grpc-message" || a.key() == "grpc-status-details-bin"
	return hopHeaders[a.key()] || answers && !m.response
}

// alwaysHas reports whether every match of a rule asks for a header with the value
// that an action sets. Of conditions with equivalent names the first counts.
func alwaysHas(rule *gatewayv1.GRPCRouteRule, a *headerAction) bool {
	for i := range rule.Matches {
		found := false
		for j := range rule.Matches[i].Headers {
			h := &rule.Matches[i].Headers[j]
			if strings.EqualFold(string(h.Name), a.name) {
				found = isExactHeader(h) && h.Value == a.value
				break
			}
		}
		if !found {
			return false
		}
	}
	return len(rule.Matches) > 0
}
