package rules

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var methodFullPathInService = &lint.Rule{
	ID:       "method-full-path-in-service",
	Summary:  "a whole gRPC path stands in one of service and method",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkMethodFullPathInService,
	PerSet:   true,
}

func checkMethodFullPathInService(p *lint.Pass) {
	eachMethod(p, func(doc *manifest.Document, rule, match int, m *gatewayv1.GRPCMethodMatch) {
		for _, name := range methodNames(m) {
			value := deref(name.value, "")
			if !strings.Contains(value, "/") || isRegex(m) && !needsSlash(value) {
				continue
			}
			reportExplaining(p, doc, methodPath(rule, match, name.key), diag.Diagnostic{
				Message: fmt.Sprintf("%s %q holds a slash, which no %s name has", name.key, value, name.key),
				Hint:    splitHint(value, isRegex(m)),
			}, ofName(methodPath(rule, match), name.key))
			suggestSplit(p, doc, methodPath(rule, match), m, name.key)
		}
	})
}

// suggestSplit suggests to write the two names of a path apart, unless the field
// for the other one says something else.
func suggestSplit(p *lint.Pass, doc *manifest.Document, path manifest.Path, m *gatewayv1.GRPCMethodMatch, key string) {
	value, other := deref(m.Service, ""), deref(m.Method, "")
	if key == "method" {
		value, other = other, value
	}
	service, method, _ := strings.Cut(strings.Trim(value, "/"), "/")
	switch {
	case isRegex(m):
		p.Refuse("a regular expression is not split by its slash")
	case service == "" || strings.Contains(method, "/"):
		p.Refuse("it has not the two parts of a call's path")
	case method == "" && key == "service":
		suggestValue(p, lint.OwnCalls, doc, below(path, "service"), service)
	case method == "" || other != "" && (key != "service" || other != method) && (key != "method" || other != service):
		p.Refuse("the other name is there already, and is another one")
	default:
		suggest(p, lint.OwnCalls, doc, fmt.Sprintf("write service: %s, method: %s", service, method),
			manifest.PutAfter(below(path, "service"), "type", service), manifest.PutAfter(below(path, "method"), "service", method))
	}
}

// splitHint writes "/pkg.Service/Method" as the two fields it should be.
func splitHint(path string, regex bool) string {
	service, method, _ := strings.Cut(strings.Trim(path, "/"), "/")
	switch {
	case regex || service == "" || strings.Contains(method, "/"):
		return "a call's path is /SERVICE/METHOD: write the two apart, as service and method"
	case method == "":
		return "service: " + service
	}
	return fmt.Sprintf("service: %s, method: %s", service, method)
}

// needsSlash reports whether every text a regular expression matches holds a
// slash. It answers no when it cannot tell.
func needsSlash(pattern string) bool {
	re, err := syntax.Parse(pattern, syntax.Perl)
	return err == nil && alwaysSlash(re)
}

func alwaysSlash(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return strings.ContainsRune(string(re.Rune), '/')
	case syntax.OpCapture, syntax.OpPlus:
		return alwaysSlash(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && alwaysSlash(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if alwaysSlash(sub) {
				return true
			}
		}
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if !alwaysSlash(sub) {
				return false
			}
		}
		return true
	}
	return false
}
