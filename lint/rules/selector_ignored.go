package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var selectorIgnored = &lint.Rule{
	ID:       "selector-ignored",
	Summary:  "a namespace selector counts only beside from: Selector",
	Section:  lint.AttachmentSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkSelectorIgnored,
	PerSet:   true,
}

// GA apis/v1/gateway_types.go, RouteNamespaces.Selector: the selector must be
// specified when from is "Selector" and is ignored otherwise.
func checkSelectorIgnored(p *lint.Pass) {
	for doc, n := range namespaceRules(p.Set) {
		if n.selector == nil || n.from == gatewayv1.NamespacesFromSelector {
			continue
		}
		from := fmt.Sprintf("from is %q", n.from)
		if n.from == "" {
			from = "from is left out"
		}
		p.ReportKey(doc, below(n.path, "selector"), diag.Diagnostic{
			Message: "the selector is ignored because " + from,
			Hint:    "write from: Selector, or delete the selector",
		})
		suggest(p, lint.SameRouting, doc, "delete the selector", manifest.Remove(below(n.path, "selector")))
	}
}
