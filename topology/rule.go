package topology

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Rule is one rule of a route.
type Rule struct {
	Route    *Route
	Index    int
	Name     string
	Backends []*Backend
	Filters  []*Filter
	// Refusals make the whole rule unusable: an unsupported filter, whose calls
	// fail, or a pattern that does not compile. See Dropped.
	Refusals []*Refusal
	// Dropped: the rule is not programmed, so that its calls go to other rules.
	Dropped bool
	// BadPatterns are the patterns that are not RE2, whatever the implementation
	// makes of it.
	BadPatterns []*Refusal
	// Status is the HTTP status that the rule's calls are answered with, in a
	// configuration that says so; 0 for none.
	Status int
}

// Path returns the manifest path of the rule: "spec", "rules", Index.
func (r *Rule) Path(more ...any) manifest.Path {
	return append(manifest.Path{"spec", "rules", r.Index}, more...)
}

func (x *resolver) grpcRule(r *Route, index int, spec *gatewayv1.GRPCRouteRule) *Rule {
	rule := &Rule{Route: r, Index: index, Name: string(value(spec.Name, ""))}
	for j := range spec.Matches {
		x.grpcMatch(rule, j, &spec.Matches[j])
	}
	for j := range spec.Filters {
		f := &Filter{Index: j, Type: string(spec.Filters[j].Type), GRPC: &spec.Filters[j]}
		rule.Filters = append(rule.Filters, x.ruleFilter(rule, f))
	}
	for j := range spec.BackendRefs {
		ref := &spec.BackendRefs[j]
		b := x.backend(rule, j, x.placeOf(rule, j), &ref.BackendRef, r.Kind)
		for k := range ref.Filters {
			f := &Filter{Index: k, Type: string(ref.Filters[k].Type), GRPC: &ref.Filters[k]}
			b.Filters = append(b.Filters, x.backendFilter(b, f))
		}
		rule.Backends = append(rule.Backends, b)
	}
	return rule
}

func (x *resolver) httpRule(r *Route, index int, spec *gatewayv1.HTTPRouteRule) *Rule {
	rule := &Rule{Route: r, Index: index, Name: string(value(spec.Name, ""))}
	for j := range spec.Matches {
		x.httpMatch(rule, j, &spec.Matches[j])
	}
	for j := range spec.Filters {
		f := &Filter{Index: j, Type: string(spec.Filters[j].Type), HTTP: &spec.Filters[j]}
		rule.Filters = append(rule.Filters, x.ruleFilter(rule, f))
	}
	for j := range spec.BackendRefs {
		ref := &spec.BackendRefs[j]
		b := x.backend(rule, j, x.placeOf(rule, j), &ref.BackendRef, r.Kind)
		for k := range ref.Filters {
			f := &Filter{Index: k, Type: string(ref.Filters[k].Type), HTTP: &ref.Filters[k]}
			b.Filters = append(b.Filters, x.backendFilter(b, f))
		}
		rule.Backends = append(rule.Backends, b)
	}
	return rule
}

// MethodMatch returns what a GRPCRoute match says of service and method, defaults
// filled in; nil for nothing.
func MethodMatch(m *gatewayv1.GRPCRouteMatch) *profile.MethodMatch {
	if m.Method == nil {
		return nil
	}
	return &profile.MethodMatch{
		Regex:   value(m.Method.Type, gatewayv1.GRPCMethodMatchExact) == gatewayv1.GRPCMethodMatchRegularExpression,
		Service: m.Method.Service,
		Method:  m.Method.Method,
	}
}

// HTTPMatch returns what an HTTPRoute match says of the path, verb and query.
func HTTPMatch(m *gatewayv1.HTTPRouteMatch) profile.HTTPMatch {
	facts := profile.HTTPMatch{Method: string(value(m.Method, "")), QueryParams: len(m.QueryParams)}
	if m.Path != nil {
		facts.PathType = string(value(m.Path.Type, ""))
		facts.PathValue = value(m.Path.Value, "")
	}
	return facts
}

// grpcMatch checks the patterns of one match: those that the implementation
// builds of service and method, and those of headers.
func (x *resolver) grpcMatch(rule *Rule, j int, m *gatewayv1.GRPCRouteMatch) {
	if method := MethodMatch(m); method != nil && method.Regex {
		found := len(rule.BadPatterns)
		for _, part := range []struct {
			field   string
			pattern *string
		}{{"service", method.Service}, {"method", method.Method}} {
			if part.pattern != nil {
				x.pattern(rule, *part.pattern, "matches", j, "method", part.field)
			}
		}
		if found == len(rule.BadPatterns) {
			// Names that are valid apart may not be so in the path they are pasted into.
			for _, built := range x.Profile.PathForm(method).Patterns() {
				x.pattern(rule, built, "matches", j, "method")
			}
		}
	}
	for k, h := range m.Headers {
		if value(h.Type, gatewayv1.GRPCHeaderMatchExact) == gatewayv1.GRPCHeaderMatchRegularExpression {
			x.pattern(rule, h.Value, "matches", j, "headers", k, "value")
		}
	}
}

func (x *resolver) httpMatch(rule *Rule, j int, m *gatewayv1.HTTPRouteMatch) {
	if m.Path != nil && value(m.Path.Type, "") == gatewayv1.PathMatchRegularExpression {
		x.pattern(rule, value(m.Path.Value, ""), "matches", j, "path", "value")
	}
	for k, h := range m.Headers {
		if value(h.Type, "") == gatewayv1.HeaderMatchRegularExpression {
			x.pattern(rule, h.Value, "matches", j, "headers", k, "value")
		}
	}
}

// pattern records a pattern that is not RE2, and what follows for the rule.
func (x *resolver) pattern(rule *Rule, pattern string, field ...any) {
	wrong := x.checkPattern(pattern)
	if wrong == nil {
		return
	}
	r := &Refusal{Reason: unsupportedValue, Message: wrong.Error(), Doc: rule.Route.Doc, Path: rule.Path(field...)}
	knobs := &x.Profile.Matching
	if wrong.Foreign && !knobs.RE2 {
		r.Certainty = diag.Unknown
		r.Message += fmt.Sprintf("; %s does not name the dialect", x.Profile.Title)
	}
	rule.BadPatterns = append(rule.BadPatterns, r)
	if knobs.InvalidRegexBlocksAll {
		x.Blocked = append(x.Blocked, r)
	}
	if !knobs.AlwaysValid {
		rule.Refusals = append(rule.Refusals, r)
		rule.Dropped = rule.Dropped || refused(r)
	}
}
