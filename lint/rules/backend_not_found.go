package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var backendNotFound = &lint.Rule{
	ID:       "backend-not-found",
	Summary:  "a backendRef names an object that does not exist",
	Section:  lint.BackendSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkBackendNotFound,
}

// The Gateway API reasons of references that do not resolve.
const (
	invalidKind     = string(gatewayv1.RouteReasonInvalidKind)
	refNotPermitted = string(gatewayv1.RouteReasonRefNotPermitted)
	notFound        = string(gatewayv1.RouteReasonBackendNotFound)
)

func checkBackendNotFound(p *lint.Pass) {
	var names map[string][]string
	for ref := range references(ownRoutes(p.Topology)) {
		r := refusalOf(ref)
		if r == nil || r.Reason != notFound || ref.Service != nil {
			continue
		}
		if names == nil {
			names = serviceNames(p.Set)
		}
		near := ""
		if ref.Kind == "Service" {
			near = expected(ref.Name, names[ref.Namespace])
		}
		p.Report(ref.Rule.Route.Doc, ref.Path("name"), diag.Diagnostic{
			Certainty: r.Certainty,
			Message:   also(fmt.Sprintf("%s does not exist", targetName(ref)), near),
			Hint:      "create it, or correct the name; a Service is looked up in the route's own namespace unless the reference names one",
		})
		if ref.Kind != "Service" {
			p.Refuse("it is no Service")
			continue
		}
		suggestNear(p, lint.RepairsCalls, ref.Rule.Route.Doc, ref.Path("name"), ref.Name, names[ref.Namespace])
	}
}
