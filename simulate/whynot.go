package simulate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// WhyNot says of each match of one rule whether a call can reach it.
type WhyNot struct {
	Rule     *topology.Rule
	Verdicts []*prove.Verdict // of the matches asked for, in order
}

// WhyNotRule finds the rule that a user means, "FILE:LINE", "NS/ROUTE/RULE" or
// "ROUTE/RULE" with a rule's index or name, and decides whether its matches can
// take a call. The error says what was not found.
func WhyNotRule(ctx context.Context, tables []*routing.Table, what string, o prove.Options) (*WhyNot, error) {
	rules, match, err := findRule(tables, what)
	if err != nil {
		return nil, err
	}
	out := &WhyNot{Rule: rules[0]}
	for _, t := range tables {
		for _, v := range prove.Reach(ctx, t, o) {
			for _, r := range rules {
				if v.Rule == r && (match < 0 || v.Match == match || v.Match < 0) {
					out.Verdicts = append(out.Verdicts, v)
				}
			}
		}
	}
	if len(out.Verdicts) == 0 {
		return nil, fmt.Errorf("rule %d of %s is attached to no listener: `grpcroute status` says why", out.Rule.Index, out.Rule.Route.Key())
	}
	return out, nil
}

// findRule returns the rule in each table, and the index of the match that a line
// is in, -1 for the whole rule.
func findRule(tables []*routing.Table, what string) (rules []*topology.Rule, match int, err error) {
	match = -1
	file, lineText, isLine := cutLast(what, ":")
	line, lineErr := strconv.Atoi(lineText)
	isLine = isLine && lineErr == nil
	route, rule, ok := cutLast(what, "/")
	if !isLine && !ok {
		return nil, 0, fmt.Errorf("find rule %q: write it as FILE:LINE, or as ROUTE/RULE with the rule's index or name", what)
	}
	var known []string
	for _, t := range tables {
		for _, r := range t.Topology.Routes {
			if r.Doc == nil {
				continue
			}
			for _, x := range r.Rules {
				if isLine {
					if at, in := onLine(x, file, line); in {
						rules, match = append(rules, x), at
					}
					continue
				}
				if named := r.Key() == route || r.Name == route; named && (strconv.Itoa(x.Index) == rule || x.Name != "" && x.Name == rule) {
					rules = append(rules, x)
				}
			}
			known = append(known, r.Key())
		}
	}
	switch {
	case len(rules) > 0:
		return rules, match, nil
	case isLine:
		return nil, 0, fmt.Errorf("find rule %q: no rule of a route is on line %d of %s", what, line, file)
	case len(known) == 0:
		return nil, 0, errors.New("find rule: the input holds no route")
	}
	return nil, 0, fmt.Errorf("find rule %q: no such rule: the routes are %s", what, strings.Join(known, ", "))
}

func cutLast(text, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// onLine reports whether a rule stands on a line of a file, and in which of its
// matches.
func onLine(r *topology.Rule, file string, line int) (match int, ok bool) {
	at := r.Route.Doc.Range(r.Path()...)
	if filepath.Clean(at.File) != filepath.Clean(file) || line < at.Start.Line || line > at.End.Line {
		return -1, false
	}
	if r.Route.GRPC != nil {
		for i := range r.Route.GRPC.Spec.Rules[r.Index].Matches {
			if m := r.Route.Doc.Range(r.Path("matches", i)...); line >= m.Start.Line && line <= m.End.Line {
				return i, true
			}
		}
	}
	return -1, true
}
