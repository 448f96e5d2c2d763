package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var convertLossy = &lint.Rule{
	ID:       "convert-lossy",
	Summary:  "an HTTPRoute that carries gRPC calls cannot become a GRPCRoute without changing some of them, which are listed",
	Section:  lint.MigrationSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkConvertLossy,
}

func checkConvertLossy(p *lint.Pass) {
	for _, r := range conversions(p) {
		switch {
		case r.New != nil:
		case len(r.Losses) > 0:
			for _, l := range r.Losses {
				p.ReportAs(diag.Info, r.Doc, l.Path, diag.Diagnostic{
					Message: "as a GRPCRoute the route would lose this: " + l.Message, Hint: l.Hint, Witness: firstWitness(r),
				})
			}
			reportChanges(p, r)
		case r.Blocked:
			p.ReportAs(diag.Info, r.Doc, at("spec"), diag.Diagnostic{
				Message: "as a GRPCRoute the route would not do the same: " + r.Why,
				Hint:    "settle that first; `grpcroute convert` converts the routes of a host together",
				Witness: firstWitness(r),
			})
		default:
			reportChanges(p, r)
		}
	}
}

func reportChanges(p *lint.Pass, r *convert.Route) {
	for _, c := range r.Changes {
		w := c.Witness()
		p.ReportAs(diag.Info, r.Doc, takenAt(r, c), diag.Diagnostic{
			Message: fmt.Sprintf("as a GRPCRoute the route would change %s: %s before, %s after", c.Calls(), c.Before(), c.After()),
			Hint:    fmt.Sprintf("`grpcroute convert --lossy --route %s/%s` converts it all the same", r.Doc.Ref.Namespace, r.Doc.Ref.Name),
			Witness: &w,
		})
	}
}

func firstWitness(r *convert.Route) *diag.Witness {
	if len(r.Changes) == 0 {
		return nil
	}
	w := r.Changes[0].Witness()
	return &w
}

// takenAt is the rule that takes the calls of a change today.
func takenAt(r *convert.Route, c convert.Change) manifest.Path {
	if e := c.Region.Old.Entry; e != nil && e.Route.Doc == r.Doc {
		return e.Rule.Path()
	}
	return at("spec", "rules")
}

// conversions is what comes of converting the HTTPRoutes that the pass answers for.
func conversions(p *lint.Pass) []*convert.Route {
	own := map[*manifest.Document]bool{}
	for route := range ownRoutes(p.Topology) {
		if route.HTTP != nil && convert.IsGRPC(route.HTTP) {
			own[route.Doc] = true
		}
	}
	if len(own) == 0 {
		return nil
	}
	var routes []*convert.Route
	for _, r := range p.Conversions().Routes {
		if own[r.Doc] {
			routes = append(routes, r)
		}
	}
	return routes
}
