package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var meshHostnamesIgnored = &lint.Rule{
	ID:       "mesh-hostnames-ignored",
	Summary:  "hostnames of a route whose parent is a Service do not count",
	Section:  lint.AttachmentSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkMeshHostnamesIgnored,
	PerSet:   true,
}

// GEP-1294: a route bound to a Service takes that Service's traffic, whatever its
// hostnames say. Beside a Gateway parent the hostnames do count there, so that
// the finding is only worth knowing.
func checkMeshHostnamesIgnored(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		spec := &route.Value.Spec
		if len(spec.Hostnames) == 0 {
			continue
		}
		service, others := "", false
		for i := range spec.ParentRefs {
			switch t := targetOf(route.Doc, &spec.ParentRefs[i]); {
			case !t.isService():
				others = true
			case service == "":
				service = t.name
			}
		}
		if service == "" {
			continue
		}
		severity, hint := diag.Warning, "delete hostnames, or attach the route to a Gateway"
		if others {
			severity, hint = diag.Info, "the hostnames still count for the other parents"
		}
		p.ReportAs(severity, route.Doc, manifest.Path{"spec", "hostnames"}, diag.Diagnostic{
			Message: fmt.Sprintf("hostnames are ignored for the parent Service %q: the route takes every call to that Service", service),
			Hint:    hint,
		})
	}
}
