package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var grantForParentUseless = &lint.Rule{
	ID:       "grant-for-parent-useless",
	Summary:  "a ReferenceGrant does not attach routes to a Gateway",
	Section:  lint.AttachmentSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkGrantForParentUseless,
	PerSet:   true,
}

// Attachment across namespaces is decided by allowedRoutes (for a ListenerSet, by
// allowedListeners) alone (GA apis/v1/referencegrant_types.go, ReferenceGrant;
// apis/v1/shared_types.go, ParentReference.Namespace).
func checkGrantForParentUseless(p *lint.Pass) {
	for _, grant := range p.Set.ReferenceGrants.All {
		spec := &grant.Value.Spec
		child := slices.IndexFunc(spec.From, func(f gatewayv1.ReferenceGrantFrom) bool {
			return f.Group == gatewayv1.GroupName && (strings.HasSuffix(string(f.Kind), "Route") || f.Kind == "ListenerSet")
		})
		if child < 0 {
			continue
		}
		for i, to := range spec.To {
			if to.Group != gatewayv1.GroupName || to.Kind != "Gateway" && to.Kind != "ListenerSet" {
				continue
			}
			from := spec.From[child]
			field := "allowedRoutes.namespaces of the listener"
			if from.Kind == "ListenerSet" {
				field = "spec.allowedListeners of the Gateway"
			}
			p.Report(grant.Doc, manifest.Path{"spec", "to", i, "kind"}, diag.Diagnostic{
				Message: fmt.Sprintf("a grant to %q has no effect: which %ss attach is decided by %s", to.Kind, from.Kind, field),
				Hint:    fmt.Sprintf("delete the entry and admit namespace %q in %s", from.Namespace, field),
			})
			suggestGrantEntry(p, grant, i)
		}
	}
}
