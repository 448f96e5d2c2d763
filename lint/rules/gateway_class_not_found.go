package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var gatewayClassNotFound = &lint.Rule{
	ID:       "gateway-class-not-found",
	Summary:  "the class of a Gateway does not exist in an input that is declared complete",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkGatewayClassNotFound,
}

// Without its class no controller takes a Gateway, and its condition Accepted
// stays at Pending (GA apis/v1/gateway_types.go).
func checkGatewayClassNotFound(p *lint.Pass) {
	for _, g := range p.Topology.Gateways {
		if g.Object == nil || p.Set.GatewayClasses.Get("", g.Class) != nil {
			continue
		}
		for _, r := range g.Refusals {
			if r.Reason != "Pending" || r.Certainty == diag.Unknown {
				continue
			}
			var names []string
			for _, c := range refs(&p.Set.GatewayClasses) {
				names = append(names, c.Name)
			}
			p.Report(g.Object.Doc, at("spec", "gatewayClassName"), diag.Diagnostic{
				Certainty: r.Certainty,
				Message:   also(fmt.Sprintf("GatewayClass %q does not exist, so that no controller takes the Gateway", g.Class), expected(g.Class, names)),
			})
			suggestNear(p, lint.RepairsCalls, g.Object.Doc, at("spec", "gatewayClassName"), g.Class, names)
		}
	}
}
