package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var matchNeverTrue = &lint.Rule{
	ID:       "match-never-true",
	Summary:  "no call can satisfy a match: a pattern takes nothing, or its header conditions contradict each other",
	Section:  lint.MatchingSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkMatchNeverTrue,
}

func checkMatchNeverTrue(p *lint.Pass) {
	sets := textSets{}
	eachMatchOf(grpcRoutes(p.Topology), func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		reportNever(p, sets, rule, i, m)
	})
	reportContradictions(p)
}

// reportContradictions reports matches whose header conditions cannot hold
// together, as the exact engine finds.
func reportContradictions(p *lint.Pass) {
	for _, v := range p.Verdicts() {
		if v.Rule.Route.GRPC == nil || v.Rule.Route.Doc == nil || !v.Contradictory {
			continue
		}
		p.Report(v.Rule.Route.Doc, v.Rule.Path("matches", v.Match, "headers"), diag.Diagnostic{
			Message: "the match takes no call: " + v.Why,
			Hint:    "keep one condition for each header",
		})
		suggestDrop(p, v.Rule, v.Match)
	}
}

// ignoredHeader reports whether a header condition does not count, because an
// earlier one has an equivalent name (GA apis/v1/grpcroute_types.go,
// GRPCRouteMatch.Headers).
func ignoredHeader(p *lint.Pass, headers []gatewayv1.GRPCHeaderMatch, j int) bool {
	return !p.Profile.Matching.HeadersAllAnded && slices.ContainsFunc(headers[:j], func(h gatewayv1.GRPCHeaderMatch) bool {
		return strings.EqualFold(string(h.Name), string(headers[j].Name))
	})
}

// reportNever judges names by the paths that the implementation makes of them: one
// that pastes them can take calls that the specification does not.
func reportNever(p *lint.Pass, sets textSets, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	if names := regexNamesOf(m); len(names) > 0 && takesNoCall(sets, p.Profile.PathForm(methodMatch(m))) {
		for _, n := range names {
			if needsSlash(n.pattern) {
				continue // method-full-path-in-service
			}
			if texts := sets.of(prove.Segments, n.pattern, false); texts != nil && nothing(texts, nil, nil) {
				p.Report(rule.Route.Doc, rule.Path("matches", i, "method", n.key), diag.Diagnostic{
					Message: fmt.Sprintf("no %s of a call is in the pattern %q, so that the match takes no call", n.key, n.pattern),
					Hint:    "write a pattern that takes names, or remove the match",
				})
				suggestDrop(p, rule, i)
			}
		}
	}
	for j, h := range m.Headers {
		if deref(h.Type, gatewayv1.GRPCHeaderMatchExact) != gatewayv1.GRPCHeaderMatchRegularExpression || ignoredHeader(p, m.Headers, j) {
			continue
		}
		if texts := sets.of(prove.Values, h.Value, p.Profile.Matching.HeaderRegexPartial); texts != nil && nothing(texts, nil, nil) {
			p.Report(rule.Route.Doc, rule.Path("matches", i, "headers", j, "value"), diag.Diagnostic{
				Message: fmt.Sprintf("no value that header %q can have is in the pattern %q, so that the match takes no call", h.Name, h.Value),
				Hint:    "write a pattern of printable ASCII, or remove the match",
			})
			suggestDrop(p, rule, i)
		}
	}
}

// takesNoCall reports whether a path may take no call: one of segments is judged
// by its names.
func takesNoCall(sets textSets, form profile.PathForm) bool {
	if form.Kind == profile.SegmentPath {
		return true
	}
	paths := sets.paths(form)
	return paths != nil && nothing(paths, []*prove.Texts{sets.calls()}, nil)
}
