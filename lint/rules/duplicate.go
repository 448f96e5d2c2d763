package rules

import (
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// duplicateOf returns the first match of a GRPCRoute that says the same as the
// given one and takes all its calls: an earlier one of the rule, or one of an
// earlier rule. A rule without matches has one, the empty one, with index 0.
//
// All matches of a route stand under the same hostnames, so that of equal ones the
// rule's place decides, unless the implementation ranks a rule as a whole: then it
// is certain only for rules whose matches are the same altogether.
func duplicateOf(r *topology.Route, rule, match int) (first, firstMatch int, ok bool) {
	p := profileOf(r)
	own := matchesOf(r, rule)
	for j := range own[:match] {
		if equalMatches(p, &own[j], &own[match]) {
			return rule, j, true
		}
	}
	for i := range rule {
		others := matchesOf(r, i)
		if !works(r.Rules[i]) || p.Precedence.PerRule && !equalSets(p, others, own) {
			continue
		}
		for j := range others {
			if equalMatches(p, &others[j], &own[match]) && !(p.Matching.DropEmptyMatches && len(others) > 1 && emptyMatch(&others[j])) {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// works reports whether a rule takes the calls that it matches, for certain.
func works(rule *topology.Rule) bool { return !rule.Dropped && len(rule.BadPatterns) == 0 }

// profileOf is the implementation that serves a route, the specification when no
// Gateway of the route is one's own.
func profileOf(r *topology.Route) *profile.Profile {
	for _, parent := range r.Parents {
		if parent.Gateway != nil && !parent.Gateway.Foreign && parent.Gateway.Profile != nil {
			return parent.Gateway.Profile
		}
	}
	return profile.Spec
}

// matchesOf returns the matches of a rule, an empty one for a rule without any.
func matchesOf(r *topology.Route, rule int) []gatewayv1.GRPCRouteMatch {
	if m := r.GRPC.Spec.Rules[rule].Matches; len(m) > 0 {
		return m
	}
	return []gatewayv1.GRPCRouteMatch{{}}
}

func equalSets(p *profile.Profile, a, b []gatewayv1.GRPCRouteMatch) bool {
	in := func(ms []gatewayv1.GRPCRouteMatch) func(gatewayv1.GRPCRouteMatch) bool {
		return func(m gatewayv1.GRPCRouteMatch) bool {
			return !slices.ContainsFunc(ms, func(o gatewayv1.GRPCRouteMatch) bool { return equalMatches(p, &o, &m) })
		}
	}
	return !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}

// equalMatches reports whether two matches say the same, defaults filled in. The
// implementation, too, has to make the same of their names: to some an empty name
// is none.
func equalMatches(p *profile.Profile, a, b *gatewayv1.GRPCRouteMatch) bool {
	m, n := methodMatch(a), methodMatch(b)
	return sameNames(m, n) && p.PathForm(m) == p.PathForm(n) && sameHeaders(p, a.Headers, b.Headers)
}

func sameNames(a, b *profile.MethodMatch) bool {
	names := func(m *profile.MethodMatch) (regex bool, service, method string) {
		if m == nil {
			return false, "", ""
		}
		service, method = deref(m.Service, ""), deref(m.Method, "")
		return m.Regex && service+method != "", service, method
	}
	aRegex, aService, aMethod := names(a)
	bRegex, bService, bMethod := names(b)
	return aRegex == bRegex && aService == bService && aMethod == bMethod
}

// sameHeaders compares the header conditions that count, in any order.
func sameHeaders(p *profile.Profile, a, b []gatewayv1.GRPCHeaderMatch) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	x, y := counting(p, a), counting(p, b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// counting writes the header conditions that count as text to compare.
func counting(p *profile.Profile, headers []gatewayv1.GRPCHeaderMatch) []string {
	var out []string
	for i, h := range headers {
		if p.Matching.HeadersAllAnded || sameHeader(headers, i) < 0 {
			kind := string(deref(h.Type, gatewayv1.GRPCHeaderMatchExact))
			out = append(out, strings.ToLower(string(h.Name))+"\x00"+kind+"\x00"+h.Value)
		}
	}
	return out
}
