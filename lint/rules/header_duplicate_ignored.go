package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var headerDuplicateIgnored = &lint.Rule{
	ID:       "header-duplicate-ignored",
	Summary:  "a match names one header twice, in different cases: the second condition does not count, or both do",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkHeaderDuplicateIgnored,
}

// Of equivalent names the first counts, the others must be ignored (GA
// apis/v1/grpcroute_types.go, GRPCRouteMatch.Headers). The API server compares
// names as written, so that it refuses equal ones only. Some implementations ask
// for all of them.
func checkHeaderDuplicateIgnored(p *lint.Pass) {
	x := &places{table: p.Table}
	other := flipped(p, func(q *profile.Profile) { q.Matching.HeadersAllAnded = !q.Matching.HeadersAllAnded })
	eachMatch(p.Topology, func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		for j := range m.Headers {
			first := sameHeader(m.Headers, j)
			if first < 0 || m.Headers[first].Name == m.Headers[j].Name {
				continue
			}
			path := rule.Path("matches", i, "headers", j, "name")
			p.Report(rule.Route.Doc, path, diag.Diagnostic{
				Message: twice(p, &m.Headers[first], &m.Headers[j]),
				Hint:    "keep one of the two",
				Related: []diag.Related{{Message: "the same header", Range: rule.Route.Doc.Range(rule.Path("matches", i, "headers", first, "name")...)}},
				Witness: replayBoth(x, other, rule, i),
			})
			suggest(p, lint.SameRouting, rule.Route.Doc, "delete the second condition", manifest.Remove(rule.Path("matches", i, "headers", j)))
		}
	})
}

// sameHeader returns the first condition with a name equivalent to that of the
// j-th, -1 when it is the j-th itself.
func sameHeader(headers []gatewayv1.GRPCHeaderMatch, j int) int {
	for i := range headers[:j] {
		if strings.EqualFold(string(headers[i].Name), string(headers[j].Name)) {
			return i
		}
	}
	return -1
}

// twice says what becomes of the second of two conditions on one header.
func twice(p *lint.Pass, first, second *gatewayv1.GRPCHeaderMatch) string {
	message := fmt.Sprintf("headers %q and %q are one header: ", first.Name, second.Name)
	exact := isExactHeader(first) && isExactHeader(second)
	switch {
	case exact && first.Value == second.Value:
		return message + "the second condition says the same again"
	case !p.Profile.Matching.HeadersAllAnded:
		return message + fmt.Sprintf("the second condition, %q, is ignored, and implementations that do not ignore it ask for both", second.Value)
	case exact && !p.Profile.Matching.RepeatedAny:
		return message + fmt.Sprintf("%s asks for %q and %q, which no call can satisfy", p.Profile.Title, first.Value, second.Value)
	}
	return message + fmt.Sprintf("%s asks for both %q and %q, where the specification ignores the second", p.Profile.Title, first.Value, second.Value)
}

// replayBoth looks for a call that ends differently where the second condition
// counts and where it does not.
func replayBoth(x *places, other func() *routing.Table, rule *topology.Rule, match int) *diag.Witness {
	for n, pl := range x.match(rule, match) {
		guess, ok := sampleRequest(pl.entry, concrete(pl.entry.Host.Name))
		if !ok || n == maxReplays {
			return nil
		}
		r := to(pl.server, guess)
		here := x.table.LookupOnce(r)
		if !same(here, other().LookupOnce(r)) {
			return witness(r, listenerOf(here))
		}
	}
	return nil
}
