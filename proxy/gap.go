package proxy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Gap is something that a rule asks for and that this data plane does not do.
type Gap struct {
	Route string // "GRPCRoute NS/NAME"
	Rule  int
	Says  string // one sentence
	// Fails: the rule's calls, or those of one backendRef, are answered with an
	// error, because a filter must not be skipped. Otherwise they are carried
	// without it.
	Fails bool
}

// Gaps lists what the rules of a table ask for in vain, in order of route and rule.
func Gaps(t *routing.Table) []Gap {
	var out []Gap
	seen := map[*routing.Action]bool{}
	for e, server := range entries(t) {
		if seen[e.Action] {
			continue
		}
		seen[e.Action] = true
		add := func(fails bool, format string, args ...any) {
			out = append(out, Gap{e.Route.Kind + " " + e.Route.Key(), e.Rule.Index, fmt.Sprintf(format, args...), fails})
		}
		for _, what := range unserved(e.Rule) {
			add(false, "%s is not served: calls are carried without it", what)
		}
		if e.Action.Answer != nil {
			continue // no call gets as far as its filters
		}
		for _, f := range e.Action.Filters {
			if !served(f) {
				add(true, "filter %s is not served: calls are answered %s", f.Type, code(&server.Profile.Answers.UnsupportedFilter))
			}
		}
		for i := range e.Action.Shares {
			s := &e.Action.Shares[i]
			for _, f := range s.Filters {
				if !served(f) && s.Answer == nil {
					add(true, "filter %s of backendRefs[%d] is not served: its calls are answered %s", f.Type, s.Backend.Index, code(&server.Profile.Answers.UnsupportedFilter))
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Gap) int { return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Rule, b.Rule)) })
	return out
}

func code(a *profile.Answer) string { return fmt.Sprintf("with gRPC status %d", a.GRPC) }

// served reports whether a filter is one that the data plane applies.
func served(f *topology.Filter) bool {
	if _, _, ok := modifiers(f); ok {
		return true
	}
	return mirrorSpec(f) != nil
}

// unserved are the parts of a rule, beside its filters, that have no effect here.
func unserved(r *topology.Rule) (out []string) {
	switch {
	case r.Route.GRPC != nil:
		if r.Route.GRPC.Spec.Rules[r.Index].SessionPersistence != nil {
			out = append(out, "sessionPersistence")
		}
	case r.Route.HTTP != nil:
		spec := &r.Route.HTTP.Spec.Rules[r.Index]
		if spec.SessionPersistence != nil {
			out = append(out, "sessionPersistence")
		}
		if spec.Retry != nil {
			out = append(out, "retry")
		}
	}
	return out
}
