package rules

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var ruleOrderMisread = &lint.Rule{
	ID:       "rule-order-misread",
	Summary:  "a comment says that a rule comes first, and a later rule takes calls that it matches",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkRuleOrderMisread,
}

// aboutOrder finds comments that speak of the order of rules.
var aboutOrder = regexp.MustCompile(`(?i)\b(first|before|order|priority|precedence|precedes|evaluated|overrides?)\b`)

// Rules are ranked by how specific their matches are, not by where they stand.
// Only where an author writes of order is it clear that the order was meant.
func checkRuleOrderMisread(p *lint.Pass) {
	x := &places{table: p.Table}
	for r := range grpcRoutes(p.Topology) {
		for i := 0; i+1 < len(r.Rules); i++ {
			rule := r.Rules[i]
			comment, ok := commentAbove(r, rule)
			if !ok || !aboutOrder.MatchString(comment) {
				continue
			}
			for _, later := range r.Rules[i+1:] {
				if d, ok := takesFrom(x, rule, later); ok {
					p.Report(r.Doc, rule.Path(), diag.Diagnostic{
						Message: fmt.Sprintf("the comment %q speaks of order, and call %s, which the rule matches, reaches rules[%d] all the same",
							comment, call(d.request), later.Index),
						Hint:    "the more specific rule wins wherever it stands: repeat its service and method in this rule",
						Related: []diag.Related{{Message: "the later rule", Range: r.Doc.Range(later.Path()...)}},
						Witness: witness(d.request, listenerOf(d.result)),
					})
					break
				}
			}
		}
	}
}

// commentAbove returns the comment lines right above a rule.
func commentAbove(r *topology.Route, rule *topology.Rule) (string, bool) {
	if r.Doc == nil || bytes.IndexByte(r.Doc.Source(), '#') < 0 {
		return "", false // positions cost a second parse
	}
	var lines []string
	for n := r.Doc.Range(rule.Path()...).Start.Line - 1; n > 0; n-- {
		text, ok := strings.CutPrefix(strings.TrimSpace(r.Doc.File.Line(n)), "#")
		if !ok {
			break
		}
		lines = append([]string{strings.TrimSpace(text)}, lines...)
	}
	return strings.Join(lines, " "), len(lines) > 0
}

// takesFrom finds a call that two rules match and the later one takes, with
// another effect.
func takesFrom(x *places, earlier, later *topology.Rule) (disorder, bool) {
	tried := 0
	for _, a := range x.entries(earlier) {
		for _, b := range x.entries(later) {
			if a.server != b.server || a.entry.Host != b.entry.Host || tried == maxReplays {
				continue
			}
			guess, ok := both(b.entry, a.entry)
			if !ok {
				continue
			}
			tried++
			request := to(b.server, guess)
			if res := x.table.LookupOnce(request); res.Entry == b.entry && differentEffect(a.entry, b.entry) {
				return disorder{b.entry, a.entry, request, res}, true
			}
		}
	}
	return disorder{}, false
}
