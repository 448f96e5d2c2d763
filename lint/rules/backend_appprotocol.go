package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
)

var backendAppprotocol = &lint.Rule{
	ID:       "backend-appprotocol",
	Summary:  "the appProtocol of a backend's port does not say HTTP/2, or not in a portable way",
	Section:  lint.BackendSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkBackendAppprotocol,
}

// h2c is the standard value for HTTP/2 without TLS (GEP-1911).
const h2c = "kubernetes.io/h2c"

// One finding a Service port, where the value stands. It names the first route.
func checkBackendAppprotocol(p *lint.Pass) {
	var seen map[*corev1.ServicePort]bool
	for b := range backends(p.Topology) {
		if b.Service == nil || b.ServicePort == nil || b.ServicePort.AppProtocol == nil || *b.ServicePort.AppProtocol == h2c || seen[b.ServicePort] {
			continue
		}
		if seen == nil {
			seen = map[*corev1.ServicePort]bool{}
		}
		seen[b.ServicePort] = true
		standard := h2c
		if dial(p, b, &standard).Fails {
			continue // the implementation does not go by the port
		}
		if d, ok := appProtocolFault(b, dial(p, b, b.ServicePort.AppProtocol)); ok {
			d.Related = []diag.Related{{Message: "a GRPCRoute sends calls to it", Range: b.Rule.Route.Doc.Range(b.Path()...)}}
			p.Report(b.Service.Doc, portPath(b, "appProtocol"), d)
			p.Once(portSubject(b), lint.RankOf(b.Rule.Route))
			switch *b.ServicePort.AppProtocol {
			case "https", "HTTPS", "tls":
				p.Refuse("the Service may speak TLS: whether to add a BackendTLSPolicy is for its author to decide")
			default:
				suggestValue(p, lint.RepairsCalls, b.Service.Doc, portPath(b, "appProtocol"), h2c)
			}
		}
	}
}

// appProtocolFault judges a value. What the implementation is known to fail on
// is an error, and so is "http", which asks for HTTP/1.1 by its registration.
func appProtocolFault(b *topology.Backend, dialled profile.Protocol) (diag.Diagnostic, bool) {
	value := *b.ServicePort.AppProtocol
	d := diag.Diagnostic{Message: dialled.Message, Hint: "appProtocol: " + h2c}
	if dialled.Fails && !dialled.Unsure {
		d.Severity = diag.Error
	}
	switch value {
	case "http", "kubernetes.io/ws", "kubernetes.io/wss":
		if dialled.Fails {
			d.Severity = diag.Error
		} else {
			d.Message = fmt.Sprintf("appProtocol %q asks for another protocol than HTTP/2", value)
		}
		return d, true
	case "https", "HTTPS", "tls":
		d.Hint = "add a BackendTLSPolicy for the Service, or write appProtocol: " + h2c
		return d, dialled.Fails
	case "grpc", "h2c", "http2", "HTTP2":
		if !dialled.Fails {
			d.Message = fmt.Sprintf("appProtocol %q is not a standard value, and many implementations ignore it", value)
		}
		return d, true
	}
	return d, dialled.Fails && !dialled.Unsure
}
