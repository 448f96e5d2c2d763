package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
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
			suggestWithoutFilter(p, m.doc, m.path[:len(m.path)-1])
		}
		for _, a := range actions {
			switch {
			case noCallHas(m, &a):
				p.Report(m.doc, m.at(&a), diag.Diagnostic{
					Message: fmt.Sprintf("no gRPC %s has a header %q, so nothing is removed", subject(m), a.name),
					Hint:    "delete the entry",
				})
				suggestWithoutAction(p, m, &a, len(actions))
			case a.verb == "remove" && strings.Contains(a.name, "*") && isToken(a.name):
				p.Report(m.doc, m.at(&a), diag.Diagnostic{
					Message: fmt.Sprintf("%q removes a header of that very name only: remove knows no wildcards", a.name),
					Hint:    "write one entry for each header",
				})
				p.Refuse("which headers are meant is not known")
			case a.verb == "set" && !m.response && alwaysHas(&route.Spec.Rules[m.rule], &a):
				p.Report(m.doc, m.at(&a), diag.Diagnostic{
					Message: fmt.Sprintf("header %q is set to %q, which it is in every call that the rule takes", a.name, a.value),
					Hint:    "delete the entry",
				})
				suggestWithoutAction(p, m, &a, len(actions))
			}
		}
	})
}

// suggestWithoutAction suggests to delete one action of a filter, with the filter
// when it is all of it.
func suggestWithoutAction(p *lint.Pass, m *modifier, a *headerAction, all int) {
	if all == 1 {
		suggestWithoutFilter(p, m.doc, m.path[:len(m.path)-1])
		return
	}
	n := map[string]int{"set": len(m.filter.Set), "add": len(m.filter.Add), "remove": len(m.filter.Remove)}[a.verb]
	suggest(p, lint.OwnCalls, m.doc, "delete the entry", dropItem(below(m.path, a.verb), a.index, n))
}

// suggestWithoutFilter suggests to delete a filter, with its list when it is the
// only one.
func suggestWithoutFilter(p *lint.Pass, doc *manifest.Document, filter manifest.Path) {
	last := len(filter) - 1
	v, _ := valueAt(doc, filter[:last])
	list, _ := v.([]any)
	index, ok := filter[last].(int)
	if !ok || len(list) == 0 {
		p.Refuse("the filter stands in no list")
		return
	}
	suggest(p, lint.OwnCalls, doc, "delete the filter", dropItem(filter[:last], index, len(list)))
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
