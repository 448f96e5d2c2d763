package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var regexMatchesEverything = &lint.Rule{
	ID:       "regex-matches-everything",
	Summary:  "a regular expression takes every text, as if it were left out",
	Section:  lint.MatchingSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkRegexMatchesEverything,
}

func checkRegexMatchesEverything(p *lint.Pass) {
	sets := textSets{}
	eachMatchOf(grpcRoutes(p.Topology), func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		reportAnyNames(p, sets, rule, i, m)
		reportAnyValues(p, sets, rule, i, m)
	})
}

// reportAnyNames speaks only where the match provably takes the same calls
// without the name: what stands for an absent name differs.
func reportAnyNames(p *lint.Pass, sets textSets, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	all := regexNamesOf(m)
	kept := 0
	without := &profile.MethodMatch{Regex: true}
	var found []*regexName
	for _, n := range all {
		switch {
		case takesAll(sets, prove.Segments, n.pattern, false):
			found = append(found, n)
		case n.key == "service":
			kept, without.Service = kept+1, &n.pattern
		default:
			kept, without.Method = kept+1, &n.pattern
		}
	}
	if len(found) == 0 {
		return
	}
	if kept == 0 {
		without = nil
	}
	if !sets.sameCalls(p.Profile.PathForm(methodMatch(m)), p.Profile.PathForm(without)) {
		return
	}
	for _, n := range found {
		hint := "leave out " + n.key
		if kept == 0 {
			hint = "leave out method with all that is in it"
		}
		p.ReportAs(diag.Info, rule.Route.Doc, rule.Path("matches", i, "method", n.key), diag.Diagnostic{
			Message: fmt.Sprintf("%s pattern %q takes every %s, as a match without it does", n.key, n.pattern, n.key),
			Hint:    hint,
		})
		drop := rule.Path("matches", i, "method", n.key)
		if kept == 0 {
			drop = rule.Path("matches", i, "method")
		}
		suggest(p, lint.SameRouting, rule.Route.Doc, hint, manifest.Remove(drop))
	}
}

// reportAnyValues: a header that may hold anything still has to be there.
func reportAnyValues(p *lint.Pass, sets textSets, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	for j, h := range m.Headers {
		if deref(h.Type, gatewayv1.GRPCHeaderMatchExact) != gatewayv1.GRPCHeaderMatchRegularExpression {
			continue
		}
		if takesAll(sets, prove.Values, h.Value, p.Profile.Matching.HeaderRegexPartial) {
			p.ReportAs(diag.Info, rule.Route.Doc, rule.Path("matches", i, "headers", j, "value"), diag.Diagnostic{
				Message: fmt.Sprintf("header pattern %q takes every value and only asks that header %q is present", h.Value, h.Name),
				Hint:    fmt.Sprintf("leave out the condition on %q unless its presence is what matters", h.Name),
			})
			p.Suggest(lint.Suggestion{
				Title: "leave out the condition", Claim: lint.OwnCalls, Offer: true,
				Changes: lint.In(rule.Route.Doc, dropItem(rule.Path("matches", i, "headers"), j, len(m.Headers))),
			})
		}
	}
}

// takesAll reports whether an expression provably takes every text of a kind.
func takesAll(sets textSets, kind prove.Kind, pattern string, partial bool) bool {
	texts, every := sets.of(kind, pattern, partial), sets.of(kind, ".*", false)
	return texts != nil && every != nil && nothing(every, nil, []*prove.Texts{texts})
}
