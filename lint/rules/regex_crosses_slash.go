package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var regexCrossesSlash = &lint.Rule{
	ID:       "regex-crosses-slash",
	Summary:  "a name's pattern takes a slash and with it calls that the specification does not give to the match",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkRegexCrossesSlash,
}

func checkRegexCrossesSlash(p *lint.Pass) {
	sets := textSets{}
	eachMatchOf(served(p.Topology), func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		reportCrossing(p, sets, rule, i, m)
	})
}

// reportCrossing: between the two slashes of a pasted path there is no room for a
// third; a name takes one of them where alternatives cut the path apart: it ends the
// path, or begins with a slash and begins the path.
func reportCrossing(p *lint.Pass, sets textSets, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	mm := methodMatch(m)
	form := p.Profile.PathForm(mm)
	if form.Kind != profile.RegexPath {
		return
	}
	pasted, spec, slash := sets.paths(form), sets.paths(profile.SpecForm(mm)), sets.of(prove.Paths, ".*/.*", false)
	if pasted == nil || spec == nil || slash == nil {
		return
	}
	for _, n := range regexNamesOf(m) {
		name := sets.of(prove.Paths, n.pattern, false)
		crossing := sets.of(prove.Paths, "/?(?:"+n.pattern+")|(?:"+n.pattern+")/.*", false)
		if name == nil || crossing == nil {
			continue
		}
		if _, ok := name.And(slash); !ok {
			continue
		}
		path, ok, err := pasted.Pick([]*prove.Texts{sets.calls(), crossing}, []*prove.Texts{spec})
		if !ok || err != nil {
			continue
		}
		p.Report(rule.Route.Doc, rule.Path("matches", i, "method", n.key), diag.Diagnostic{
			Message: fmt.Sprintf("%s pattern %q takes a slash: %s makes the path %q of it and takes call %s, which is not of this match", n.key, n.pattern, p.Profile.Title, form.Value, path),
			Hint:    "write a pattern without a slash and put alternatives in a group: (?:a|b)",
		})
	}
}
