package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var rulesLimitSplit = &lint.Rule{
	ID:       "rules-limit-split",
	Summary:  "a route has more rules or hostnames than one object may hold",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkRulesLimitSplit,
	PerSet:   true,
}

// maxItems is maxItems of spec.rules and of spec.hostnames.
const maxItems = 16

func checkRulesLimitSplit(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		spec := &route.Value.Spec
		if n := len(spec.Rules); n > maxItems {
			tooMany(p, route.Doc, "rules", n, fmt.Sprintf(
				"move %s into a second GRPCRoute with the same parentRefs and hostnames; named to sort after %q it keeps losing ties, as later rules do",
				lastOf(n), route.Doc.Ref.Name))
		}
		if n := len(spec.Hostnames); n > maxItems {
			tooMany(p, route.Doc, "hostnames", n, fmt.Sprintf(
				"move %s into a second GRPCRoute with the same parentRefs and rules", lastOf(n)))
		}
	}
}

func tooMany(p *lint.Pass, doc *manifest.Document, key string, n int, hint string) {
	path := at("spec", key)
	reportExplaining(p, doc, path, diag.Diagnostic{
		Message: fmt.Sprintf("%d %s in one route: at most %d are taken", n, key, maxItems),
		Hint:    hint,
	}, func(f *admission.Failure) bool {
		return f.Source == diag.Schema && len(f.Path) == len(path) && hasPrefix(f.Path, path)
	})
	p.Refuse("a part of the object has to become another one, with a name that its author chooses")
}

// lastOf names what is beyond the limit.
func lastOf(n int) string {
	if n == maxItems+1 {
		return "the last one"
	}
	return fmt.Sprintf("the last %d", n-maxItems)
}
