package topology

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	corev1 "k8s.io/api/core/v1"
)

// unseenPort is a port that the Service lacks, where nobody looks. An ExternalName
// has the ports of the host that it names; what a headless Service's endpoints
// listen on is not in the Service. nil when nothing is known to be wrong.
func (x *resolver) unseenPort(b *Backend, doc *manifest.Document) *Refusal {
	r := b.refusal(backendNotFound, fmt.Sprintf("%s has no TCP port %d%s", doc.Ref, b.Port, x.portHint(b)), diag.Certain, "port")
	if b.Service != nil {
		switch spec := &b.Service.Value.Spec; {
		case spec.Type == corev1.ServiceTypeExternalName:
			return nil
		case spec.ClusterIP == corev1.ClusterIPNone:
			r.Certainty = diag.Unknown
		}
	}
	return r
}

// portHint names the ports that exist, or the target port that was meant.
func (x *resolver) portHint(b *Backend) string {
	if b.Service == nil {
		return ""
	}
	var ports []string
	for _, p := range b.Service.Value.Spec.Ports {
		if p.TargetPort.IntVal == b.Port && b.Port != 0 {
			return fmt.Sprintf(": %d is the target port of port %d", b.Port, p.Port)
		}
		ports = append(ports, fmt.Sprint(p.Port))
	}
	switch len(ports) {
	case 0:
		return ""
	case 1:
		return ": expected " + ports[0]
	}
	return ": expected one of " + strings.Join(ports, ", ")
}
