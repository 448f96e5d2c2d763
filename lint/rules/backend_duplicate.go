package rules

import (
	"fmt"
	"reflect"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var backendDuplicate = &lint.Rule{
	ID:       "backend-duplicate",
	Summary:  "one target stands twice in the backendRefs of a rule",
	Section:  lint.BackendSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkBackendDuplicate,
}

// References with different filters are different actions and may share a
// target.
func checkBackendDuplicate(p *lint.Pass) {
	for rule := range grpcRules(p.Topology) {
		if len(rule.Backends) < 2 {
			continue
		}
		first := make(map[backendKey]*topology.Backend, len(rule.Backends))
		for _, b := range rule.Backends {
			a, ok := first[keyOf(b)]
			if !ok {
				first[keyOf(b)] = b
				continue
			}
			refs := rule.Route.GRPC.Spec.Rules[rule.Index].BackendRefs
			if !reflect.DeepEqual(refs[a.Index].Filters, refs[b.Index].Filters) {
				continue
			}
			sum := int64(a.Weight) + int64(b.Weight)
			p.Report(rule.Route.Doc, b.Path(), diag.Diagnostic{
				Message: fmt.Sprintf("%s %q, port %d stands in this rule already: the weights add up", b.Kind, b.Namespace+"/"+b.Name, b.Port),
				Hint:    fmt.Sprintf("keep one of the two, with weight: %d", sum),
				Related: []diag.Related{{Message: "the first reference to it", Range: rule.Route.Doc.Range(a.Path()...)}},
			})
			suggest(p, lint.SameRouting, rule.Route.Doc, fmt.Sprintf("keep the first, with weight %d", sum),
				manifest.Put(below(a.Path(), "weight"), sum), manifest.Remove(b.Path()))
		}
	}
}
