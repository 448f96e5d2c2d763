package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
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
			reportCertificate(p, c)
		}
	}
	for _, g := range p.Topology.Gateways {
		if g.ClientCertificate != nil {
			reportCertificate(p, g.ClientCertificate)
		}
	}
}

// reportCertificate reports a reference that does not hold. A missing grant can be
// written; a missing Secret cannot.
func reportCertificate(p *lint.Pass, c *topology.Certificate) {
	r := c.Refusal
	if r == nil || r.Certainty == diag.Unknown {
		return
	}
	p.ReportRefusal(r, diag.Diagnostic{})
	if r.Reason != refNotPermitted {
		p.Refuse("no edit of a manifest makes the certificate")
		return
	}
	owner := r.Doc.Ref
	suggestGrantFor(p, diag.Ref{Kind: owner.Kind, Namespace: owner.Namespace}, diag.Ref{Kind: "Secret", Namespace: c.Namespace, Name: c.Name},
		fmt.Sprintf("%s refers to Secret %s/%s.", owner, c.Namespace, c.Name))
}
