package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var certificateRef = &lint.Rule{
	ID:       "certificate-ref",
	Summary:  "a listener's certificate cannot be used: no Secret, no certificate in it, or no grant",
	Section:  lint.TLSSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkCertificateRef,
}

// GA apis/v1/gateway_types.go, ListenerConditionResolvedRefs and
// GatewayReasonInvalidClientCertificateRef.
func checkCertificateRef(p *lint.Pass) {
	for l := range listeners(p.Topology) {
		for _, c := range l.Certificates {
			p.ReportRefusal(c.Refusal, diag.Diagnostic{})
		}
	}
	for _, g := range p.Topology.Gateways {
		if g.ClientCertificate != nil {
			p.ReportRefusal(g.ClientCertificate.Refusal, diag.Diagnostic{})
		}
	}
}
