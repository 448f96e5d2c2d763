package rules

import (
	"iter"
	"strconv"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// at leads to a field: at("spec", "rules", 0).
func at(path ...any) manifest.Path { return path }

// below leads further down from a path, leaving the path itself alone.
func below(path manifest.Path, more ...any) manifest.Path {
	return append(path[:len(path):len(path)], more...)
}

// deref returns what a pointer points to, or a default.
func deref[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// methodNames are the two names of a method match, in the order of a path.
func methodNames(m *gatewayv1.GRPCMethodMatch) [2]struct {
	key   string
	value *string
} {
	return [2]struct {
		key   string
		value *string
	}{{"service", m.Service}, {"method", m.Method}}
}

// eachMethod calls f for the method of each match of each GRPCRoute that has
// one, with the indexes of its rule and match.
func eachMethod(p *lint.Pass, f func(doc *manifest.Document, rule, match int, m *gatewayv1.GRPCMethodMatch)) {
	for _, route := range p.Set.GRPCRoutes.All {
		for i := range route.Value.Spec.Rules {
			for j := range route.Value.Spec.Rules[i].Matches {
				if m := route.Value.Spec.Rules[i].Matches[j].Method; m != nil {
					f(route.Doc, i, j, m)
				}
			}
		}
	}
}

// methodPath leads to the method of a match.
func methodPath(rule, match int, more ...any) manifest.Path {
	return append(manifest.Path{"spec", "rules", rule, "matches", match, "method"}, more...)
}

// isRegex reports whether a method match is a regular expression; an absent
// type is Exact.
func isRegex(m *gatewayv1.GRPCMethodMatch) bool {
	return m.Type != nil && *m.Type == gatewayv1.GRPCMethodMatchRegularExpression
}

// valueAt returns what stands at a path of a document, and whether anything
// does.
func valueAt(doc *manifest.Document, path manifest.Path) (any, bool) {
	var v any = doc.Object()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			next, ok := m[step]
			if !ok {
				return nil, false
			}
			v = next
		case int:
			l, _ := v.([]any)
			if step < 0 || step >= len(l) {
				return nil, false
			}
			v = l[step]
		}
	}
	return v, true
}

// plural writes a number with its noun: "1 match", "3 matches".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// eachMatchOf calls f for each match of each rule of some GRPCRoutes.
func eachMatchOf(routes iter.Seq[*topology.Route], f func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch)) {
	for r := range routes {
		for _, rule := range r.Rules {
			matches := r.GRPC.Spec.Rules[rule.Index].Matches
			for i := range matches {
				f(rule, i, &matches[i])
			}
		}
	}
}
