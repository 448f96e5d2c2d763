package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var defaultGatewayImplicit = &lint.Rule{
	ID:       "default-gateway-implicit",
	Summary:  "the route also attaches to every default Gateway of the cluster",
	Section:  lint.AttachmentSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkDefaultGatewayImplicit,
	PerSet:   true,
}

func checkDefaultGatewayImplicit(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		if !claimsDefaultGateways(p, &route.Value.Spec) {
			continue
		}
		p.Report(route.Doc, manifest.Path{"spec", "useDefaultGateways"}, diag.Diagnostic{
			Message: `useDefaultGateways "All" attaches the route to every Gateway whose defaultScope is "All", whatever parentRefs say`,
			Hint:    "name the Gateways in parentRefs if the set of parents should be visible in the manifest",
		})
	}
}

// claimsDefaultGateways reports whether a route attaches to default Gateways. An
// API server with the standard channel drops the field.
func claimsDefaultGateways(p *lint.Pass, spec *gatewayv1.GRPCRouteSpec) bool {
	return spec.UseDefaultGateways == gatewayv1.GatewayDefaultScopeAll && p.Admission.Channel == "experimental"
}
