package routing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// unit is one match of a rule before it stands under a hostname.
type unit struct {
	Clause
	cond condition
}

// ruleUnits is a rule compiled for one implementation.
type ruleUnits struct {
	units  []unit
	broken error // the first pattern of the rule that does not compile
}

// rule compiles a rule, once per implementation.
func (c *compiler) rule(r *topology.Rule) *ruleUnits {
	if ru, ok := c.rules[r]; ok {
		return ru
	}
	ru := &ruleUnits{}
	c.rules[r] = ru
	switch {
	case r.Route.GRPC != nil:
		c.grpcUnits(ru, r.Route.GRPC.Spec.Rules[r.Index].Matches)
	case r.Route.HTTP != nil:
		c.httpUnits(ru, r.Route.HTTP.Spec.Rules[r.Index].Matches)
	}
	action, order, opaque := c.action(r), c.order(r.Route), ru.broken != nil && foreign(r)
	for i := range ru.units {
		u := &ru.units[i]
		u.Route, u.Rule, u.Action, u.order, u.opaque = r.Route, r, action, order, opaque
		switch {
		case c.profile.Matching.NotServed && r.Route.GRPC != nil:
			u.Dead = fmt.Sprintf("%s never consults GRPCRoutes", c.profile.Name)
		case ru.broken != nil:
			// An implementation drops or refuses the rule as a whole.
			u.Dead = ru.broken.Error()
		case r.Dropped:
			u.Dead = "the rule is dropped"
		case c.profile.Matching.EmptyRulesSkipped && action.Total == 0:
			u.Dead = fmt.Sprintf("%s passes over a rule without backends", c.profile.Name)
		case u.Dead == "" && u.cond.shape == noPath:
			u.Dead = "no gRPC call has a path that it takes"
		}
	}
	return ru
}

// foreign reports whether each pattern of a rule that cannot be read here may yet
// work.
func foreign(r *topology.Rule) bool {
	return len(r.BadPatterns) > 0 && !slices.ContainsFunc(r.BadPatterns, refused)
}

func (c *compiler) grpcUnits(ru *ruleUnits, matches []gatewayv1.GRPCRouteMatch) {
	if len(matches) == 0 {
		ru.units = []unit{c.grpcUnit(ru, -1, &gatewayv1.GRPCRouteMatch{})}
		return
	}
	full := 0
	ru.units = make([]unit, 0, len(matches))
	for i := range matches {
		ru.units = append(ru.units, c.grpcUnit(ru, i, &matches[i]))
		if !emptyMatch(&matches[i]) {
			full++
		}
	}
	if !c.profile.Matching.DropEmptyMatches || full == 0 {
		return
	}
	for i := range matches {
		if emptyMatch(&matches[i]) {
			ru.units[i].dropped = true
			ru.units[i].Dead = fmt.Sprintf("%s drops an empty match next to others", c.profile.Name)
		}
	}
}

func emptyMatch(m *gatewayv1.GRPCRouteMatch) bool {
	if len(m.Headers) > 0 {
		return false
	}
	return m.Method == nil || deref(m.Method.Service, "") == "" && deref(m.Method.Method, "") == ""
}

func (c *compiler) grpcUnit(ru *ruleUnits, index int, m *gatewayv1.GRPCRouteMatch) unit {
	var method *profile.MethodMatch
	u := unit{Clause: Clause{Match: index}}
	if m.Method != nil {
		method = &profile.MethodMatch{Service: m.Method.Service, Method: m.Method.Method}
		switch t := deref(m.Method.Type, gatewayv1.GRPCMethodMatchExact); t {
		case gatewayv1.GRPCMethodMatchExact:
		case gatewayv1.GRPCMethodMatchRegularExpression:
			method.Regex = true
		default:
			u.Dead = fmt.Sprintf("its method match type %q is not known", t)
		}
	}
	u.Unit.Path = c.profile.PathForm(method)
	u.Unit.ServiceChars, u.Unit.MethodChars = c.profile.Precedence.Chars(method)
	cond := c.path(ru, u.Unit.Path)
	for i := range m.Headers {
		h := &m.Headers[i]
		c.header(ru, &u, &cond, string(h.Name), h.Value, string(deref(h.Type, gatewayv1.GRPCHeaderMatchExact)))
	}
	u.cond = cond
	return u
}

// path compiles a path form and keeps the first pattern that does not compile.
func (c *compiler) path(ru *ruleUnits, f profile.PathForm) condition {
	cond, err := c.patterns.path(f)
	cond.unread = err != nil
	ru.fail(err)
	return cond
}

func (ru *ruleUnits) fail(err error) {
	if ru.broken == nil && err != nil {
		ru.broken = err
	}
}

// header adds a header condition to a unit. Of equivalent names of one match only
// the first counts (GA apis/v1/grpcroute_types.go, GRPCRouteMatch.Headers),
// unless the implementation asks for all.
func (c *compiler) header(ru *ruleUnits, u *unit, cond *condition, name, value, kind string) {
	if !c.profile.Matching.HeadersAllAnded {
		for i := range cond.headers {
			if strings.EqualFold(cond.headers[i].name, name) {
				return
			}
		}
	}
	h := headerCond{name: name, value: value, each: c.profile.Matching.RepeatedAny}
	u.Unit.Headers++
	switch kind {
	case "Exact":
		u.Unit.ExactHeaders++
	case "RegularExpression":
		var err error
		h.re, err = c.patterns.compile(value, c.profile.Matching.HeaderRegexPartial)
		h.unread = err != nil
		ru.fail(err)
	default:
		u.Dead = fmt.Sprintf("its header match type %q is not known", kind)
	}
	cond.headers = append(cond.headers, h)
}

// httpUnits compiles the matches of an HTTPRoute as far as they can take gRPC
// calls.
func (c *compiler) httpUnits(ru *ruleUnits, matches []gatewayv1.HTTPRouteMatch) {
	if len(matches) == 0 {
		ru.units = []unit{c.httpUnit(ru, -1, &gatewayv1.HTTPRouteMatch{})}
		return
	}
	for i := range matches {
		ru.units = append(ru.units, c.httpUnit(ru, i, &matches[i]))
	}
}

func (c *compiler) httpUnit(ru *ruleUnits, index int, m *gatewayv1.HTTPRouteMatch) unit {
	match := profile.HTTPMatch{Method: string(deref(m.Method, "")), QueryParams: len(m.QueryParams)}
	if m.Path != nil {
		match.PathType, match.PathValue = string(deref(m.Path.Type, "")), deref(m.Path.Value, "")
	}
	u := unit{Clause: Clause{Match: index}}
	u.Unit.HTTP = true
	u.Unit.Path = c.profile.HTTPForm(match)
	u.Unit.HTTPMethod, u.Unit.QueryParams = m.Method != nil, len(m.QueryParams)
	switch {
	case match.Method != "" && match.Method != "POST":
		u.Dead = fmt.Sprintf("it takes %s requests only, and gRPC calls are POST", match.Method)
	case match.QueryParams > 0:
		u.Dead = "it wants a query parameter, and gRPC calls have none"
	}
	cond := c.path(ru, u.Unit.Path)
	for i := range m.Headers {
		h := &m.Headers[i]
		c.header(ru, &u, &cond, string(h.Name), h.Value, string(deref(h.Type, gatewayv1.HeaderMatchExact)))
	}
	u.cond = cond
	return u
}

func deref[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
