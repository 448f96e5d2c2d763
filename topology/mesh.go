package topology

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	corev1 "k8s.io/api/core/v1"
)

// meshParent resolves a Service parent (GEP-1294): sectionName is the name of a
// port, port its number. No ReferenceGrant is asked (GA apis/v1/shared_types.go).
func (x *resolver) meshParent(p *Parent, namespace, name string) {
	p.Mesh = true
	if x.Profile.Transport.Mesh == profile.Rejected {
		p.Refusal = p.refuse("", x.Profile.Title+" handles no Service parents", diag.Certain, "kind")
		return
	}
	p.Service = x.Set.Services.Get(namespace, name)
	if p.Service == nil {
		if gone := x.missing("", "Service", namespace, name); gone.certainty == diag.Unknown || !gone.exists {
			p.Refusal = p.refuse("", gone.why, gone.certainty, "name")
		}
		return
	}
	if p.Ref.SectionName == nil && p.Ref.Port == nil {
		return
	}
	if !slices.ContainsFunc(p.Service.Value.Spec.Ports, func(port corev1.ServicePort) bool {
		return (p.Ref.SectionName == nil || string(*p.Ref.SectionName) == port.Name) &&
			(p.Ref.Port == nil || int32(*p.Ref.Port) == port.Port)
	}) {
		p.Refusal = p.refuse(noMatchingParent, fmt.Sprintf("Service %s/%s has no such port", namespace, name), diag.Certain, "sectionName")
	}
}
