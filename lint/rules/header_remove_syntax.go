package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var headerRemoveSyntax = &lint.Rule{
	ID:       "header-remove-syntax",
	Summary:  "an entry of remove cannot be the name of a header",
	Section:  lint.FilterSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkHeaderRemoveSyntax,
	PerSet:   true,
}

// The schema checks the names in set and add, and takes any text in remove (GA
// apis/v1/httproute_types.go, HTTPHeaderFilter.Remove).
func checkHeaderRemoveSyntax(p *lint.Pass) {
	eachModifier(p, func(_ *gatewayv1.GRPCRoute, m *modifier) {
		for _, a := range m.actions() {
			if a.verb != "remove" || isToken(a.name) {
				continue
			}
			p.Report(m.doc, m.at(&a), diag.Diagnostic{
				Message: fmt.Sprintf("%q is not the name of a header: nothing is removed, or the filter is refused", a.name),
				Hint:    removeHint(a.name),
			})
		}
	})
}

// removeHint guesses what was meant.
func removeHint(entry string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(entry), ":")
	parts := strings.FieldsFunc(entry, func(r rune) bool { return r == ',' || r == ' ' })
	switch {
	case strings.HasPrefix(entry, ":"):
		return "delete the entry: no filter can remove a pseudo-header of HTTP/2"
	case len(parts) > 1 && isToken(strings.Join(parts, "")):
		return "write one entry for each name: " + quotedList(parts)
	case isToken(name):
		return fmt.Sprintf("write the name alone: %q", name)
	}
	return "write names of headers, as \"x-internal-user\", or delete the entry"
}
