package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	corev1 "k8s.io/api/core/v1"
)

var backendPortNotFound = &lint.Rule{
	ID:       "backend-port-not-found",
	Summary:  "a backendRef names a port that its Service does not have",
	Section:  lint.BackendSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkBackendPortNotFound,
}

// The port of a backendRef is one of the Service's, not of its pods (GA
// apis/v1/object_reference_types.go).
func checkBackendPortNotFound(p *lint.Pass) {
	for ref := range references(ownRoutes(p.Topology)) {
		s := ref.Service
		if s == nil || ref.ServicePort != nil || ref.Port == 0 || s.Value.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		if r := refusalOf(ref); r != nil && r.Reason == refNotPermitted {
			continue // nothing about the other namespace is told before a grant is there
		}
		message := fmt.Sprintf("port %d is not a TCP port of %s", ref.Port, targetName(ref))
		hint, right, related := portHint(s, ref.Port)
		if len(s.Value.Spec.Ports) > 0 {
			message += ", which has " + servicePorts(s.Value)
		}
		p.Report(ref.Rule.Route.Doc, ref.Path("port"), diag.Diagnostic{Message: message, Hint: hint, Related: related})
		if right == 0 {
			p.Refuse("which of the Service's ports is meant cannot be told")
			continue
		}
		suggestValue(p, lint.RepairsCalls, ref.Rule.Route.Doc, ref.Path("port"), int64(right))
	}
}

// portHint says which port is probably meant: the one whose target is the
// number, or the only one there is; 0 when that cannot be told.
func portHint(s *manifest.Object[corev1.Service], port int32) (hint string, right int32, related []diag.Related) {
	for i, sp := range s.Value.Spec.Ports {
		if sp.TargetPort.IntVal == port {
			return fmt.Sprintf("%d is the targetPort, on which the pods listen: write the Service's own port, port: %d", port, sp.Port), sp.Port,
				[]diag.Related{{Message: "the targetPort of that number", Range: s.Doc.Range("spec", "ports", i, "targetPort")}}
		}
	}
	related = []diag.Related{{Message: "the Service's ports", Range: s.Doc.Range("spec", "ports")}}
	if len(s.Value.Spec.Ports) == 1 {
		return fmt.Sprintf("port: %d", s.Value.Spec.Ports[0].Port), s.Value.Spec.Ports[0].Port, related
	}
	return "", 0, related
}
