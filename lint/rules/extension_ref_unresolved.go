package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var extensionRefUnresolved = &lint.Rule{
	ID:       "extension-ref-unresolved",
	Summary:  "an ExtensionRef names an object that does not exist, so that the rule's calls fail",
	Section:  lint.FilterSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkExtensionRefUnresolved,
	PerSet:   true,
}

// GA apis/v1/grpcroute_types.go, GRPCRouteFilter.ExtensionRef: a filter that
// cannot be resolved must not be skipped; requests get an HTTP error. The object
// is in the route's own namespace. Absence counts in an input that is complete.
func checkExtensionRefUnresolved(p *lint.Pass) {
	if p.Options.Assume != topology.AssumeAbsent {
		return
	}
	for _, route := range p.Set.GRPCRoutes.All {
		said := map[gatewayv1.LocalObjectReference]bool{}
		for i := range route.Value.Spec.Rules {
			rule := &route.Value.Spec.Rules[i]
			reportExtensions(p, route.Doc, at("spec", "rules", i), rule.Filters, said)
			for j := range rule.BackendRefs {
				reportExtensions(p, route.Doc, at("spec", "rules", i, "backendRefs", j), rule.BackendRefs[j].Filters, said)
			}
		}
	}
}

func reportExtensions(p *lint.Pass, doc *manifest.Document, path manifest.Path, filters []gatewayv1.GRPCRouteFilter, said map[gatewayv1.LocalObjectReference]bool) {
	for k := range filters {
		ref := filters[k].ExtensionRef
		if ref == nil || said[*ref] || inInput(p.Set, string(ref.Group), string(ref.Kind), doc.Ref.Namespace, string(ref.Name)) {
			continue
		}
		said[*ref] = true // once per object
		p.Report(doc, below(path, "filters", k, "extensionRef", "name"), diag.Diagnostic{
			Certainty: diag.Assumed,
			Message: fmt.Sprintf("%s %q of group %q does not exist: calls of the rule get an error, as no filter may be skipped",
				ref.Kind, doc.Ref.Namespace+"/"+string(ref.Name), ref.Group),
			Hint: "create it in the route's namespace, or correct group, kind and name",
		})
	}
}

// inInput reports whether the input holds an object, of a kind that is read or
// not.
func inInput(set *manifest.Set, group, kind, namespace, name string) bool {
	for _, doc := range set.Documents {
		if groupName(doc.Ref.APIVersion) == group && doc.Ref.Kind == kind && doc.Ref.Name == name && doc.Ref.Namespace == namespace {
			return true
		}
	}
	return set.Holds(group, kind, namespace, name)
}
