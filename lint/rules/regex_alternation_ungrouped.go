package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var regexAlternationUngrouped = &lint.Rule{
	ID:       "regex-alternation-ungrouped",
	Summary:  "alternatives without a group lose calls where the names are pasted into one pattern for the path",
	Section:  lint.MatchingSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkRegexAlternationUngrouped,
}

func checkRegexAlternationUngrouped(p *lint.Pass) {
	sets, x := textSets{}, &places{table: p.Table}
	eachMatchOf(grpcRoutes(p.Topology), func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		reportUngrouped(p, sets, x, rule, i, m)
	})
}

// reportUngrouped is an error under a profile that loses calls and a warning that
// names one that does under all others.
func reportUngrouped(p *lint.Pass, sets textSets, x *places, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	names := slices.DeleteFunc(regexNamesOf(m), func(n *regexName) bool { return !ungrouped(n.pattern) })
	if len(names) == 0 {
		return
	}
	severity, breaks := diag.Error, p.Profile
	path, form, ok := lostCall(sets, p.Profile, m)
	for _, other := range profile.All {
		if !ok {
			severity, breaks = diag.Warning, other
			path, form, ok = lostCall(sets, other, m)
		}
	}
	if !ok {
		return
	}
	for _, n := range names {
		d := diag.Diagnostic{
			Message: fmt.Sprintf("%s %q has alternatives without a group: %s pastes it into the pattern %q for the path and loses call %s",
				n.key, n.pattern, breaks.Title, form.Value, path),
			Hint: n.key + ": " + yamlText("(?:"+n.pattern+")"),
		}
		if severity == diag.Error {
			d.Witness = replayPath(x, rule, i, path, false)
		}
		p.ReportAs(severity, rule.Route.Doc, rule.Path("matches", i, "method", n.key), d)
		claim := lint.SameRouting
		if severity == diag.Error {
			claim = lint.OwnCalls // the calls that were lost
		}
		suggestValue(p, claim, rule.Route.Doc, rule.Path("matches", i, "method", n.key), "(?:"+n.pattern+")")
	}
}

// ungrouped reports whether an expression has alternatives outside of all groups.
func ungrouped(pattern string) bool {
	return slices.ContainsFunc(tokens(pattern), func(t token) bool { return t.kind == barToken && t.depth == 0 })
}

// lostCall finds a call that the specification gives to a match and that an
// implementation takes only when alternatives stand in groups.
func lostCall(sets textSets, p *profile.Profile, m *gatewayv1.GRPCRouteMatch) (string, profile.PathForm, bool) {
	mm := methodMatch(m)
	form := p.PathForm(mm)
	if form.Kind != profile.RegexPath {
		return "", form, false
	}
	grouped := p.PathForm(&profile.MethodMatch{Regex: true, Service: inGroup(mm.Service), Method: inGroup(mm.Method)})
	spec, pasted, mended := sets.paths(profile.SpecForm(mm)), sets.paths(form), sets.paths(grouped)
	if spec == nil || pasted == nil || mended == nil {
		return "", form, false
	}
	names := sets.of(prove.Paths, "/"+protobufService+"/"+protobufMethod, false)
	for _, calls := range []*prove.Texts{names, sets.calls()} {
		if path, ok, err := spec.Pick([]*prove.Texts{calls, mended}, []*prove.Texts{pasted}); ok && err == nil {
			return path, form, true
		}
	}
	return "", form, false
}

func inGroup(pattern *string) *string {
	if pattern == nil || !ungrouped(*pattern) {
		return pattern
	}
	s := "(?:" + *pattern + ")"
	return &s
}
