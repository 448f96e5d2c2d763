package simulate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// maxSuggestions is how many near misses are worth reading.
const maxSuggestions = 3

// miss is how narrowly a request misses one match.
type miss struct {
	worst likeness // the least alike of its conditions; equal when it matches
	edits int
	slips []string // what differs: "service %q differs only in case from %q"
}

// add takes one more condition into account.
func (m *miss) add(kind string, like likeness, edits int, got, want string) {
	m.worst, m.edits = max(m.worst, like), m.edits+edits
	switch like {
	case equal:
	case letters:
		m.slips = append(m.slips, fmt.Sprintf("%s %q differs only in case from %q", kind, got, want))
	case prefix:
		if len(got) < len(want) {
			m.slips = append(m.slips, fmt.Sprintf("%s %q lacks the beginning of %q", kind, got, want))
		} else {
			m.slips = append(m.slips, fmt.Sprintf("%s %q has more in front than %q", kind, got, want))
		}
	default:
		m.slips = append(m.slips, fmt.Sprintf("%s %q is close to %q", kind, got, want))
	}
}

// missOf compares a request with a match of a GRPCRoute rule; nil stands for a
// rule without matches. Patterns are read as RE2 over the whole value: a
// suggestion need not know how each implementation anchors.
func missOf(match *gatewayv1.GRPCRouteMatch, r *routing.Request) miss {
	var m miss
	if match == nil {
		return m
	}
	service, method, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	if mm := match.Method; mm != nil {
		regex := mm.Type != nil && *mm.Type == gatewayv1.GRPCMethodMatchRegularExpression
		m.name("service", service, mm.Service, regex, ".")
		m.name("method", method, mm.Method, regex, "")
	}
	for i := range match.Headers {
		m.header(&match.Headers[i], r.Headers)
	}
	return m
}

// name compares a service or a method with the condition on it.
func (m *miss) name(kind, got string, want *string, regex bool, sep string) {
	switch {
	case want == nil || *want == "":
	case regex:
		m.add(kind, likePattern(got, *want), 0, got, *want)
	default:
		like, edits := compare(got, *want, sep)
		m.add(kind, like, edits, got, *want)
	}
}

// header compares the request's headers with one condition. A header that is not
// there at all is no slip: that is how canary rules are missed on purpose.
func (m *miss) header(want *gatewayv1.GRPCHeaderMatch, have []routing.Header) {
	name := strings.ToLower(string(want.Name))
	regex := want.Type != nil && *want.Type == gatewayv1.GRPCHeaderMatchRegularExpression
	best, edits, got := other, 0, routing.Header{}
	for _, h := range have {
		nameLike, nameEdits := compare(h.Name, name, "")
		valueLike, valueEdits := compare(h.Value, want.Value, "")
		if regex {
			valueLike, valueEdits = likePattern(h.Value, want.Value), 0
		}
		if nameLike == other && valueLike == equal && len(name) > 2 && diag.Distance(h.Name, name) == 1 {
			nameLike = typo // short names resemble by chance, but hardly with the same value
		}
		if nameLike != equal && valueLike != equal {
			continue
		}
		if like := max(nameLike, valueLike); like < best {
			best, edits, got = like, nameEdits+valueEdits, h
		}
	}
	m.add("header", best, edits, got.Name+": "+got.Value, name+": "+want.Value)
}

// likePattern compares a value with a regular expression.
func likePattern(got, pattern string) likeness {
	for _, try := range []struct {
		flags string
		like  likeness
	}{{"", equal}, {"(?i)", letters}} {
		re, err := regexp.Compile(try.flags + "^(?:" + pattern + ")$")
		if err == nil && re.MatchString(got) {
			return try.like
		}
	}
	return other
}

// meant returns the match that a caller may have meant: false for one that can
// take no call, or that is an HTTPRoute's.
func meant(e *routing.Entry) (*gatewayv1.GRPCRouteMatch, bool) {
	if e.Dead != "" {
		return nil, false
	}
	return matchOf(e)
}

// matchOf returns what an entry is compiled from: nil and true for a rule
// without matches, false for an HTTPRoute.
func matchOf(e *routing.Entry) (*gatewayv1.GRPCRouteMatch, bool) {
	if e.Route.GRPC == nil || e.Rule.Index >= len(e.Route.GRPC.Spec.Rules) {
		return nil, false
	}
	matches := e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches
	if e.Match < 0 || e.Match >= len(matches) {
		return nil, true
	}
	return &matches[e.Match], true
}

// suggest fills in the near misses of an explanation.
func (x *Explanation) suggest(e endpoint, all []endpoint) {
	switch x.Decision.Outcome {
	case routing.NoListener:
		x.add(nearHosts(all, &x.Request))
	case routing.NoMatch:
		x.add(nearEntries(asked(x.Decision.Considered), &x.Request, variant))
		x.add(nearHosts([]endpoint{e}, &x.Request))
		x.add(otherHosts(e, &x.Request))
	default:
		// Only what would have come first can have been meant, and only if it
		// differs in what nobody writes on purpose.
		x.add(nearEntries(x.before(), &x.Request, typo))
		return
	}
	x.add(unattached(e.table.Topology, &x.Request))
	if x.Decision.Host == nil && len(x.Near) == 0 && !x.Decision.Misdirected {
		if served := servedHosts(all); served != "" {
			x.Notes = append(x.Notes, "hosts with routes: "+served)
		}
	}
}

// asked leaves the candidates whose hostname and listener are in force.
func asked(cs []routing.Candidate) []routing.Candidate {
	return slices.DeleteFunc(slices.Clone(cs), func(c routing.Candidate) bool {
		return c.Condition == "host" || c.Condition == "listener"
	})
}

// before returns the candidates that come before the winner in precedence and
// did not match, in that order.
func (x *Explanation) before() []routing.Candidate {
	if x.Decision.Host == nil {
		return nil
	}
	rank := map[*routing.Entry]int{}
	for i, e := range x.Decision.Host.Entries {
		rank[e] = i
	}
	return slices.DeleteFunc(asked(x.Decision.Considered), func(c routing.Candidate) bool {
		at, ok := rank[c.Entry]
		return !ok || at > rank[x.Decision.Entry]
	})
}

// add appends suggestions while there is room, one a rule.
func (x *Explanation) add(more []Suggestion) {
	for _, s := range more {
		again := func(t Suggestion) bool { return t.Text == s.Text || s.Rule != nil && t.Rule == s.Rule }
		if len(x.Near) == maxSuggestions || slices.ContainsFunc(x.Suggestions, again) {
			continue
		}
		x.Suggestions, x.Near = append(x.Suggestions, s), append(x.Near, s.Text)
	}
}

// nearEntries finds the candidates that a request misses by no more than a
// likeness, the nearest first.
func nearEntries(cs []routing.Candidate, r *routing.Request, limit likeness) []Suggestion {
	type scored struct {
		miss
		Suggestion
	}
	var found []scored
	fewest := 2 // slips: whoever makes one more has not meant that match
	for _, c := range cs {
		match, ok := meant(c.Entry)
		if !ok || c.Verdict != routing.Unmatched {
			continue
		}
		m := missOf(match, r)
		if m.worst == equal || m.worst > limit || len(m.slips) > fewest {
			continue
		}
		fewest = len(m.slips)
		text := strings.Join(m.slips, " and ") + " of " + placeOf(c.Entry)
		found = append(found, scored{m, Suggestion{text, c.Entry.Route, c.Entry.Rule}})
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.worst, b.worst), cmp.Compare(len(a.slips), len(b.slips)), cmp.Compare(a.edits, b.edits))
	})
	var list []Suggestion
	for _, f := range found {
		if len(f.slips) == fewest {
			list = append(list, f.Suggestion)
		}
	}
	return list
}

// placeOf names an entry's rule and where its match stands.
func placeOf(e *routing.Entry) string {
	path := e.Rule.Path()
	if e.Match >= 0 {
		path = e.Rule.Path("matches", e.Match)
	}
	return ruleAt(e.Route, e.Rule.Index, e.Route.Doc.Range(path...))
}

func ruleAt(r *topology.Route, index int, at diag.Range) string {
	return fmt.Sprintf("rules[%d] of %s %s (%s)", index, r.Kind, r.Key(), at)
}
