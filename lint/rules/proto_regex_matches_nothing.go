package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var protoRegexMatchesNothing = &lint.Rule{
	ID:       "proto-regex-matches-nothing",
	Summary:  "a regular expression selects none of the methods that the descriptors declare",
	Section:  lint.ProtoSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkProtoRegexMatchesNothing,
	PerSet:   true,
}

func checkProtoRegexMatchesNothing(p *lint.Pass) {
	if p.Options.Descriptors == nil {
		return
	}
	n := namesOf(p.Options.Descriptors)
	eachRegexMatch(p, func(doc *manifest.Document, path manifest.Path, m *gatewayv1.GRPCMethodMatch, selected []apiMethod) {
		service := deref(m.Service, "")
		if len(selected) > 0 || service != "" && n.elsewhere(service) {
			return
		}
		pattern, field := service, "service"
		if service == "" {
			pattern, field = deref(m.Method, ""), "method"
		}
		p.Report(doc, below(path, field), diag.Diagnostic{
			Message: fmt.Sprintf("pattern %q selects no method of the descriptors, so that the match takes no call", pattern),
			Hint:    "correct the pattern, or give the descriptors of the services that it means",
		})
	})
}

// elsewhere reports whether a pattern asks for a package of which the descriptors
// hold nothing, or for a service that libraries bring along.
func (n *apiNames) elsewhere(pattern string) bool {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return true // regex-invalid
	}
	prefix, _ := re.LiteralPrefix()
	first, _, whole := strings.Cut(prefix, ".")
	if !whole {
		return re.MatchString("grpc.health.v1.Health")
	}
	for pkg := range n.packages {
		if pkg == first || strings.HasPrefix(pkg, first+".") {
			return false
		}
	}
	return true
}

// eachRegexMatch calls f for each regular expression on service and method that
// compiles, with the declared methods that it selects by the specification.
func eachRegexMatch(p *lint.Pass, f func(doc *manifest.Document, path manifest.Path, m *gatewayv1.GRPCMethodMatch, selected []apiMethod)) {
	methods := apiMethods(p.Options.Descriptors)
	eachMethod(p, func(doc *manifest.Document, rule, match int, m *gatewayv1.GRPCMethodMatch) {
		if !isRegex(m) {
			return
		}
		for _, name := range methodNames(m) {
			if _, err := regexp.Compile(deref(name.value, "")); err != nil {
				return
			}
		}
		test := pathTest(profile.SpecForm(&profile.MethodMatch{Regex: true, Service: m.Service, Method: m.Method}))
		var selected []apiMethod
		for _, method := range methods {
			if test(method.path()) {
				selected = append(selected, method)
			}
		}
		f(doc, methodPath(rule, match), m, selected)
	})
}
