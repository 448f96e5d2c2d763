package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var parentPortOnlyDistinct = &lint.Rule{
	ID:       "parent-port-only-distinct",
	Summary:  "two parentRefs differ only in port, which the standard channel refuses",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkParentPortOnlyDistinct,
	PerSet:   true,
}

func checkParentPortOnlyDistinct(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		refs := route.Value.Spec.ParentRefs
		f := uniqueSectionFailure(p, route.Doc)
		if f == nil {
			continue
		}
		for j := 1; j < len(refs); j++ {
			i := portTwin(refs, j)
			if i < 0 {
				continue
			}
			p.ReportFailure(route.Doc, f, manifest.Path{"spec", "parentRefs", j}, diag.Diagnostic{
				Message: fmt.Sprintf("parentRefs[%d] and parentRefs[%d] name %q and differ only in port: in the standard channel they must differ in sectionName", i, j, refs[j].Name),
				Hint:    "name the listeners: set sectionName in both",
				Related: []diag.Related{{Message: "the same parent", Range: route.Doc.Range("spec", "parentRefs", i)}},
			})
			suggestSections(p, route, i, j)
		}
	}
}

// suggestSections suggests to name the listeners of two parentRefs that name
// ports, where each port has just one.
func suggestSections(p *lint.Pass, route *manifest.Object[gatewayv1.GRPCRoute], refs ...int) {
	var changes []manifest.Change
	for _, i := range refs {
		ref := &route.Value.Spec.ParentRefs[i]
		t := targetOf(route.Doc, ref)
		gateway := p.Set.Gateways.Get(t.namespace, t.name)
		if gateway == nil || t.kind != "Gateway" || ref.Port == nil || ref.SectionName != nil {
			p.Refuse("the listeners of the parent are not in the input, or are named already")
			return
		}
		var names []string
		for _, l := range gateway.Value.Spec.Listeners {
			if l.Port == *ref.Port {
				names = append(names, string(l.Name))
			}
		}
		if len(names) != 1 {
			p.Refuse("which of the listeners on a port is meant cannot be told")
			return
		}
		changes = append(changes, manifest.PutAfter(manifest.Path{"spec", "parentRefs", i, "sectionName"}, "name", names[0]))
	}
	suggest(p, lint.OwnCalls, route.Doc, "write the sectionName of each", changes...)
}

// uniqueSectionFailure returns the server's refusal of two equal parents, nil
// for none.
func uniqueSectionFailure(p *lint.Pass, doc *manifest.Document) *admission.Failure {
	failures := p.Failures(doc)
	for i := range failures {
		f := &failures[i]
		if f.Source == diag.CEL && f.Path.String() == "spec.parentRefs" && strings.Contains(f.Server, "must be unique") {
			return f
		}
	}
	return nil
}

// portTwin returns the ref before j that is written alike except for the port;
// -1 for none.
func portTwin(refs []gatewayv1.ParentReference, j int) int {
	b := refs[j]
	for i, a := range refs[:j] {
		if deref(a.Port, 0) == deref(b.Port, 0) {
			continue
		}
		if deref(a.Group, gatewayv1.GroupName) == deref(b.Group, gatewayv1.GroupName) &&
			deref(a.Kind, "Gateway") == deref(b.Kind, "Gateway") &&
			deref(a.Namespace, "") == deref(b.Namespace, "") && a.Name == b.Name &&
			deref(a.SectionName, "") == deref(b.SectionName, "") {
			return i
		}
	}
	return -1
}
