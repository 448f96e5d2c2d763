package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var regexAnchoredRedundant = &lint.Rule{
	ID:       "regex-anchored-redundant",
	Summary:  "a regular expression has anchors where it is matched as a whole anyway",
	Section:  lint.MatchingSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkRegexAnchoredRedundant,
}

// Names are matched segment by segment as a whole. An implementation that pastes
// them into one pattern for the path lets an anchor in its middle match nothing:
// under its profile profile-known-bug says so.
func checkRegexAnchoredRedundant(p *lint.Pass) {
	if p.Profile.Matching.RegexUndefined {
		return
	}
	eachMatch(p.Topology, func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		_, plain := exactNames(p, m)
		eachPattern(m, func(pattern string, path ...any) {
			d := diag.Diagnostic{}
			bare, start, end := anchors(pattern)
			switch {
			case !start && !end || bare == "":
				return
			case path[0] == "method":
				if plain || !wholeSegment(p, m) {
					return
				}
				d.Message = fmt.Sprintf("the anchors of %q are redundant: a name is matched as a whole; implementations that put names into a pattern for the path match nothing with them", pattern)
			default:
				if _, plain := exactHeader(p, &m.Headers[path[1].(int)]); plain || !readsWholeValue(p) {
					return
				}
				d.Message = fmt.Sprintf("the anchors of %q are redundant: %s matches the whole value", pattern, p.Profile.Title)
			}
			d.Hint = fmt.Sprintf("%s: %q", path[len(path)-1], bare)
			full := rule.Path(append([]any{"matches", i}, path...)...)
			p.ReportAs(diag.Info, rule.Route.Doc, full, d)
			suggestValue(p, lint.SameRouting, rule.Route.Doc, full, bare)
		})
	})
}

// wholeSegment reports whether the implementation matches each name of a match
// with one segment of the path.
func wholeSegment(p *lint.Pass, m *gatewayv1.GRPCRouteMatch) bool {
	return p.Profile.PathForm(methodMatch(m)).Kind == profile.SegmentPath
}
