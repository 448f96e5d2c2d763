package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	corev1 "k8s.io/api/core/v1"
)

var backendAppprotocolMissing = &lint.Rule{
	ID:       "backend-appprotocol-missing",
	Summary:  "a backend's port has no appProtocol, and the implementation needs one to speak HTTP/2",
	Section:  lint.BackendSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkBackendAppprotocolMissing,
}

// Only where the standard value would repair it: an implementation that dials
// every backend with HTTP/1.1 is not helped by an appProtocol.
func checkBackendAppprotocolMissing(p *lint.Pass) {
	standard := h2c
	var seen map[*corev1.ServicePort]bool
	for b := range backends(p.Topology) {
		if b.Service == nil || b.ServicePort == nil || b.ServicePort.AppProtocol != nil || seen[b.ServicePort] {
			continue
		}
		if seen == nil {
			seen = map[*corev1.ServicePort]bool{}
		}
		seen[b.ServicePort] = true
		dialled := dial(p, b, nil)
		if !dialled.Fails || dialled.Unsure || dial(p, b, &standard).Fails {
			continue
		}
		p.Report(b.Service.Doc, portPath(b, "port"), diag.Diagnostic{
			Message: fmt.Sprintf("port %d has no appProtocol: %s", b.ServicePort.Port, dialled.Message),
			Hint:    "appProtocol: " + h2c,
			Related: []diag.Related{{Message: "a GRPCRoute sends calls to it", Range: b.Rule.Route.Doc.Range(b.Path()...)}},
		})
		p.Once(portSubject(b), lint.RankOf(b.Rule.Route))
		suggest(p, lint.RepairsCalls, b.Service.Doc, "write appProtocol: "+h2c, manifest.PutAfter(portPath(b, "appProtocol"), "port", h2c))
	}
}
