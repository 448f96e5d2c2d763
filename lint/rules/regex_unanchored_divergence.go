package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var regexUnanchoredDivergence = &lint.Rule{
	ID:       "regex-unanchored-divergence",
	Summary:  "a header pattern without anchors is found in values that it does not take as a whole",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkRegexUnanchoredDivergence,
}

// Implementations that match the whole value lose nothing with such a pattern,
// and most people write them: only one that searches is worth a word.
func checkRegexUnanchoredDivergence(p *lint.Pass) {
	if !p.Profile.Matching.HeaderRegexPartial || p.Profile.Matching.NotServed {
		return
	}
	sets, x := textSets{}, &places{table: p.Table}
	eachMatchOf(served(p.Topology), func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		reportSearched(p, sets, x, rule, i, m)
	})
}

func reportSearched(p *lint.Pass, sets textSets, x *places, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	for j, h := range m.Headers {
		if deref(h.Type, gatewayv1.GRPCHeaderMatchExact) != gatewayv1.GRPCHeaderMatchRegularExpression {
			continue
		}
		found, whole := sets.of(prove.Values, h.Value, true), sets.of(prove.Values, h.Value, false)
		if found == nil || whole == nil {
			continue
		}
		value, ok := found.Except(whole)
		if !ok {
			continue
		}
		p.Report(rule.Route.Doc, rule.Path("matches", i, "headers", j, "value"), diag.Diagnostic{
			Message: fmt.Sprintf("%s looks for pattern %q anywhere in the value, so that header %q with value %q matches as well%s", p.Profile.Title, h.Value, h.Name, value, source(claimOn(p.Profile, "header regular expression"))),
			Hint:    "value: " + yamlText("^(?:"+h.Value+")$"),
			Witness: replayHeader(x, rule, i, strings.ToLower(string(h.Name)), value),
		})
		suggestValue(p, lint.OwnCalls, rule.Route.Doc, rule.Path("matches", i, "headers", j, "value"), "^(?:"+h.Value+")$")
	}
}
