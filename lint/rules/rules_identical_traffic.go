package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var rulesIdenticalTraffic = &lint.Rule{
	ID:       "rules-identical-traffic",
	Summary:  "two rules that follow one another do the same with their calls and can be one",
	Section:  lint.MatchingSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkRulesIdenticalTraffic,
	OptIn:    true,
}

// maxRuleMatches is how many matches a rule may have (GA apis/v1/grpcroute_types.go).
const maxRuleMatches = 64

// Where each match ranks by itself, matches of neighbouring rules keep their order
// among all others when the rules become one. A name is a reason to keep a rule
// apart: metrics and policies refer to it.
func checkRulesIdenticalTraffic(p *lint.Pass) {
	if p.Profile.Precedence.PerRule {
		return
	}
	x := &places{table: p.Table}
	for r := range grpcRoutes(p.Topology) {
		for i := 1; i < len(r.Rules); i++ {
			a, b := r.Rules[i-1], r.Rules[i]
			if mergeable(x, a, b) {
				p.Report(r.Doc, b.Path(), diag.Diagnostic{
					Message: fmt.Sprintf("rules[%d] does with its calls what rules[%d] does: its matches can move there", b.Index, a.Index),
					Hint:    fmt.Sprintf("append its matches to those of rules[%d] and delete it", a.Index),
					Related: []diag.Related{{Message: "the rule before", Range: r.Doc.Range(a.Path()...)}},
				})
				suggestMerge(p, a, b)
			}
		}
	}
}

// suggestMerge suggests to move the matches of a rule to the one before it.
func suggestMerge(p *lint.Pass, a, b *topology.Rule) {
	v, _ := valueAt(b.Route.Doc, b.Path("matches"))
	matches, _ := v.([]any)
	if commented(b.Route.Doc, b.Path()) {
		p.Refuse("a comment would be lost that stands in the rule")
		return
	}
	var changes []manifest.Change
	for _, m := range matches {
		changes = append(changes, manifest.Append(a.Path("matches"), m))
	}
	suggest(p, lint.SameRouting, b.Route.Doc, fmt.Sprintf("move its matches to rules[%d]", a.Index), append(changes, manifest.Remove(b.Path()))...)
}

func mergeable(x *places, a, b *topology.Rule) bool {
	specs := a.Route.GRPC.Spec.Rules
	m, n := len(specs[a.Index].Matches), len(specs[b.Index].Matches)
	es, fs := x.entries(a), x.entries(b)
	if a.Name != "" || b.Name != "" || m == 0 || n == 0 || m+n > maxRuleMatches || len(es) == 0 || len(fs) == 0 {
		return false
	}
	e, f := es[0].entry, fs[0].entry
	return e.Dead == "" && f.Dead == "" && e.Action.Answer == nil && !differentEffect(e, f)
}
