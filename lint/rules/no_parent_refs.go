package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var noParentRefs = &lint.Rule{
	ID:       "no-parent-refs",
	Summary:  "the route names no parent and attaches to nothing",
	Section:  lint.AttachmentSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkNoParentRefs,
	PerSet:   true,
}

func checkNoParentRefs(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		spec := &route.Value.Spec
		if len(spec.ParentRefs) > 0 || claimsDefaultGateways(p, spec) {
			continue
		}
		p.Report(route.Doc, manifest.Path{"spec", "parentRefs"}, diag.Diagnostic{
			Message: "the route names no parent: no Gateway will serve it",
			Hint:    "add parentRefs with the name (and namespace) of a Gateway",
		})
	}
}
