package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var routeNameLength = &lint.Rule{
	ID:       "route-name-length",
	Summary:  "the name of a route does not fit into a label, and controllers derive labels from it",
	Section:  lint.HygieneSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkRouteNameLength,
	PerSet:   true,
}

// maxLabel is the length of a label's value in Kubernetes, maxName that of an
// object's name.
const maxLabel, maxName = 63, 253

func checkRouteNameLength(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		name := route.Doc.Ref.Name
		if len(name) <= maxLabel || len(name) > maxName {
			continue // the server refuses what is longer than names may be
		}
		p.Report(route.Doc, at("metadata", "name"), diag.Diagnostic{
			Message: fmt.Sprintf("name %q has %d characters, and a label holds %d: tools that label by route name fail or cut it off", name, len(name), maxLabel),
			Hint:    fmt.Sprintf("choose a name of at most %d characters", maxLabel),
		})
	}
}
