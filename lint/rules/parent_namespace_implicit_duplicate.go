package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var parentNamespaceImplicitDuplicate = &lint.Rule{
	ID:       "parent-namespace-implicit-duplicate",
	Summary:  "one parent is named twice, once with the route's own namespace spelled out",
	Section:  lint.AttachmentSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkParentNamespaceImplicitDuplicate,
	PerSet:   true,
}

// The API server compares namespaces as written and lets such a pair through,
// although an absent one means the route's own (GA apis/v1/shared_types.go,
// CommonRouteSpec.ParentRefs).
func checkParentNamespaceImplicitDuplicate(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		refs := route.Value.Spec.ParentRefs
		for j := 1; j < len(refs); j++ {
			i := impliedTwin(route.Doc, refs, j)
			if i < 0 {
				continue
			}
			t := targetOf(route.Doc, &refs[j])
			p.Report(route.Doc, manifest.Path{"spec", "parentRefs", j}, diag.Diagnostic{
				Message: fmt.Sprintf("%s %q is the parent of parentRefs[%d] again: the namespace that one of them leaves out is %q", t.kind, t.name, i, t.namespace),
				Hint:    "delete one of the two",
				Related: []diag.Related{{Message: "the same parent", Range: route.Doc.Range("spec", "parentRefs", i)}},
			})
			narrower := j
			if refs[j].SectionName == nil && refs[i].SectionName != nil || refs[j].Port == nil && refs[i].Port != nil {
				narrower = i
			}
			suggest(p, lint.SameRouting, route.Doc, fmt.Sprintf("delete parentRefs[%d]", narrower), manifest.Remove(manifest.Path{"spec", "parentRefs", narrower}))
		}
	}
}

// impliedTwin returns the ref before j that means the same parent and the same
// listeners, but spells the namespace differently; -1 for none.
func impliedTwin(doc *manifest.Document, refs []gatewayv1.ParentReference, j int) int {
	b := &refs[j]
	for i := range refs[:j] {
		a := &refs[i]
		if (a.Namespace == nil) == (b.Namespace == nil) || targetOf(doc, a) != targetOf(doc, b) {
			continue
		}
		// An unset sectionName takes every listener, so that it covers a set one.
		sections := a.SectionName == nil || b.SectionName == nil || *a.SectionName == *b.SectionName
		ports := a.Port == nil || b.Port == nil || *a.Port == *b.Port
		if sections && ports {
			return i
		}
	}
	return -1
}
