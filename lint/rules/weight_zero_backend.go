package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var weightZeroBackend = &lint.Rule{
	ID:       "weight-zero-backend",
	Summary:  "a backend is kept with weight 0: it gets no calls and must still resolve",
	Section:  lint.BackendSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkWeightZeroBackend,
}

// A drained backend is usually the same in every rule of a route: one finding
// names it once.
func checkWeightZeroBackend(p *lint.Pass) {
	if p.Profile.Backends.ZeroWeightIsOne {
		return
	}
	for route := range ownRoutes(p.Topology) {
		if route.GRPC == nil {
			continue
		}
		var drained []*topology.Backend
		var times map[backendKey]int
		for _, rule := range route.Rules {
			for _, b := range rule.Backends {
				if b.Weight != 0 || allZero(rule) { // all-weights-zero
					continue
				}
				if times == nil {
					times = map[backendKey]int{}
				}
				if times[keyOf(b)]++; times[keyOf(b)] == 1 {
					drained = append(drained, b)
				}
			}
		}
		for _, b := range drained {
			where := ""
			if n := times[keyOf(b)]; n > 1 {
				where = fmt.Sprintf(" in %d rules", n)
			}
			p.Report(route.Doc, b.Path("weight"), diag.Diagnostic{
				Message: fmt.Sprintf("%s %q has weight 0%s: it gets no calls, and still has to resolve", b.Kind, b.Name, where),
			})
		}
	}
}

// allZero reports whether a rule has backends and all weigh nothing.
func allZero(rule *topology.Rule) bool {
	for _, b := range rule.Backends {
		if b.Weight != 0 {
			return false
		}
	}
	return len(rule.Backends) > 0
}

// backendKey is what a backendRef refers to.
type backendKey struct {
	group, kind, namespace, name string
	port                         int32
}

func keyOf(b *topology.Backend) backendKey {
	return backendKey{b.Group, b.Kind, b.Namespace, b.Name, b.Port}
}
