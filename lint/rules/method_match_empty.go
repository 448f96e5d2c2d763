package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var methodMatchEmpty = &lint.Rule{
	ID:       "method-match-empty",
	Summary:  "a method match names neither a service nor a method",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkMethodMatchEmpty,
	PerSet:   true,
}

// An empty name is refused for Exact, whose pattern it fails, and taken for
// RegularExpression, where it means any name (GA apis/v1/grpcroute_types.go).
func checkMethodMatchEmpty(p *lint.Pass) {
	eachMethod(p, func(doc *manifest.Document, rule, match int, m *gatewayv1.GRPCMethodMatch) {
		if deref(m.Service, "") == "" && deref(m.Method, "") == "" {
			path := methodPath(rule, match)
			reportExplaining(p, doc, path, diag.Diagnostic{
				Message: "method names neither a service nor a method",
				Hint:    "remove method to match every call, or set service or method",
			}, within(path))
			suggest(p, lint.OwnCalls, doc, "delete method", manifest.Remove(path))
			return
		}
		if isRegex(m) {
			return
		}
		for _, name := range methodNames(m) {
			if name.value != nil && *name.value == "" {
				reportExplaining(p, doc, methodPath(rule, match, name.key), diag.Diagnostic{
					Message: name.key + ` "" is not a name: an Exact match with an empty name is refused`,
					Hint:    "remove " + name.key + " to match any " + name.key,
				}, ofName(methodPath(rule, match), name.key))
				suggest(p, lint.OwnCalls, doc, "delete "+name.key, manifest.Remove(methodPath(rule, match, name.key)))
			}
		}
	})
}
