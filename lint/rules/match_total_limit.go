package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var matchTotalLimit = &lint.Rule{
	ID:       "match-total-limit",
	Summary:  "a route has more matches than the API server takes, or nearly so",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkMatchTotalLimit,
	PerSet:   true,
}

// The limit is a CEL rule on spec.rules (since Gateway API 1.3). Its message
// says "less than 128"; its expression takes exactly 128.
const (
	maxMatches  = 128
	nearMatches = 112
)

func checkMatchTotalLimit(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		n := 0
		for i := range route.Value.Spec.Rules {
			n += len(route.Value.Spec.Rules[i].Matches)
		}
		if n < nearMatches {
			continue
		}
		path := at("spec", "rules")
		d := diag.Diagnostic{
			Severity: diag.Warning,
			Message:  fmt.Sprintf("the rules hold %d of at most %d matches", n, maxMatches),
			Hint:     "move some rules into a second GRPCRoute with the same parentRefs and hostnames",
		}
		if n <= maxMatches {
			p.Report(route.Doc, path, d)
			continue
		}
		d.Severity = diag.Error
		d.Message = fmt.Sprintf("the rules hold %d matches: at most %d are taken", n, maxMatches)
		reportExplaining(p, route.Doc, path, d, func(f *admission.Failure) bool {
			return f.Source == diag.CEL && f.Path.String() == "spec.rules"
		})
	}
}
