package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var parentServiceGroup = &lint.Rule{
	ID:       "parent-service-group",
	Summary:  "a Service parent without the core group names no object that exists",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkParentServiceGroup,
	PerSet:   true,
}

// The group of a parentRef defaults to that of the Gateway API, and the core
// group must be written as "" (GA apis/v1/shared_types.go, ParentReference.Group).
func checkParentServiceGroup(p *lint.Pass) {
	for route, i := range parentRefs(p.Set) {
		t := targetOf(route.Doc, &route.Value.Spec.ParentRefs[i])
		if t.kind != "Service" || t.group != gatewayv1.GroupName {
			continue
		}
		p.Report(route.Doc, manifest.Path{"spec", "parentRefs", i, "kind"}, diag.Diagnostic{
			Message: fmt.Sprintf("parent %q is read as kind Service of group %q, which does not exist: a Service is in the core group, written %q", t.name, t.group, ""),
			Hint:    `add group: "" to the parentRef`,
		})
		suggest(p, lint.OwnCalls, route.Doc, `write group: ""`, manifest.PutAfter(manifest.Path{"spec", "parentRefs", i, "group"}, "kind", ""))
	}
}
