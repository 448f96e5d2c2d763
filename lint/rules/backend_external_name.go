package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	corev1 "k8s.io/api/core/v1"
)

var backendExternalName = &lint.Rule{
	ID:       "backend-external-name",
	Summary:  "a backend is a Service of type ExternalName, which implementations should not support",
	Section:  lint.BackendSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkBackendExternalName,
}

func checkBackendExternalName(p *lint.Pass) {
	if p.Profile.Backends.ExternalName == profile.Supported {
		return
	}
	for ref := range references(ownRoutes(p.Topology)) {
		if ref.Service == nil || ref.Service.Value.Spec.Type != corev1.ServiceTypeExternalName {
			continue
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("%s is of type ExternalName, which implementations should not support as a backend", targetName(ref)),
			Hint:    "use a Service without selector and an EndpointSlice, or a backend kind of your implementation",
			Related: []diag.Related{{Message: "the type", Range: ref.Service.Doc.Range("spec", "type")}},
		}
		if p.Profile.Backends.ExternalName == profile.Rejected {
			d.Severity = diag.Error
			d.Message = fmt.Sprintf("%s is of type ExternalName, which %s refuses as a backend", targetName(ref), p.Profile.Title)
		}
		p.Report(ref.Rule.Route.Doc, ref.Path("name"), d)
	}
}
