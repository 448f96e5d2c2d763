package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var gatewayV1beta1 = &lint.Rule{
	ID:       "gateway-v1beta1",
	Summary:  "a Gateway, GatewayClass or HTTPRoute is written as v1beta1, which v1 has followed",
	Section:  lint.MigrationSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkGatewayV1beta1,
	PerSet:   true,
	OptIn:    true,
}

// v1 of these kinds is as old as Gateway API 1.0. That of ReferenceGrant is from
// 1.5: many clusters serve v1beta1 of it only.
func checkGatewayV1beta1(p *lint.Pass) {
	for _, doc := range p.Set.Documents {
		if doc.Ref.APIVersion != gatewayGroup+"/v1beta1" || !slices.Contains([]string{"Gateway", "GatewayClass", "HTTPRoute"}, doc.Ref.Kind) {
			continue
		}
		if _, served := p.Admission.Server.Known(doc); !served {
			continue // api-version-not-served
		}
		p.Report(doc, at("apiVersion"), diag.Diagnostic{
			Message: fmt.Sprintf("%s v1beta1 is still served, and v1 has the same fields since Gateway API 1.0", doc.Ref.Kind),
			Hint:    "apiVersion: " + gatewayGroup + "/v1",
		})
	}
}
