package rules

import (
	"cmp"
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var duplicateMatch = &lint.Rule{
	ID:       "duplicate-match",
	Summary:  "a match says what an earlier match of its route says",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkDuplicateMatch,
}

// manyMatches is far above what the API server takes in a route (match-total-limit):
// each match is compared with all before it.
const manyMatches = 1024

func checkDuplicateMatch(p *lint.Pass) {
	for r := range grpcRoutes(p.Topology) {
		total := 0
		for _, rule := range r.GRPC.Spec.Rules {
			total += max(len(rule.Matches), 1)
		}
		if total > manyMatches {
			continue
		}
		for _, rule := range r.Rules {
			for i := range matchesOf(r, rule.Index) {
				first, match, ok := duplicateOf(r, rule.Index, i)
				if !ok {
					continue
				}
				reportDuplicate(p, r, rule.Index, i, first, match)
			}
		}
	}
}

func reportDuplicate(p *lint.Pass, r *topology.Route, rule, match, first, firstMatch int) {
	earlier, what := matchName(r, first, firstMatch), matchText(&matchesOf(r, rule)[match])
	d := diag.Diagnostic{
		Message: fmt.Sprintf("%s never gets a call: %s says the same, comes first and wins", what, earlier),
		Hint:    "delete it, or say what tells its calls from those of " + earlier,
		Related: []diag.Related{{Message: "the first one", Range: r.Doc.Range(matchPath(r, first, firstMatch)...)}},
	}
	switch {
	case rule == first:
		d.Message = fmt.Sprintf("%s is in the rule already, as %s", what, earlier)
		d.Hint = "delete it"
	case len(r.GRPC.Spec.Rules[rule].Matches) == 0:
		d.Message = fmt.Sprintf("a rule without matches never gets a call: %s takes every call, too, comes first and wins", earlier)
		d.Hint = "delete the rule, or say in matches which calls are its own"
	}
	p.Report(r.Doc, matchPath(r, rule, match), d)
	if len(r.GRPC.Spec.Rules[rule].Matches) == 0 {
		match = -1
	}
	suggestDrop(p, r.Rules[rule], match)
}

// matchText writes a match in a sentence.
func matchText(m *gatewayv1.GRPCRouteMatch) string {
	text := "match on every call"
	if mm := methodMatch(m); mm != nil && deref(mm.Service, "")+deref(mm.Method, "") != "" {
		text = "match on " + quoted(cmp.Or(deref(mm.Service, ""), "*")+"/"+cmp.Or(deref(mm.Method, ""), "*"))
	}
	if len(m.Headers) == 0 {
		return text
	}
	names := make([]string, len(m.Headers))
	for i, h := range m.Headers {
		names[i] = string(h.Name)
	}
	return text + " with " + quotedList(names)
}

// matchPath leads to a match, and to the rule for one that has none.
func matchPath(r *topology.Route, rule, match int) manifest.Path {
	if len(r.GRPC.Spec.Rules[rule].Matches) == 0 {
		return at("spec", "rules", rule)
	}
	return at("spec", "rules", rule, "matches", match)
}

// matchName names a match in a sentence.
func matchName(r *topology.Route, rule, match int) string {
	if len(r.GRPC.Spec.Rules[rule].Matches) == 0 {
		return fmt.Sprintf("rules[%d]", rule)
	}
	return fmt.Sprintf("rules[%d].matches[%d]", rule, match)
}
