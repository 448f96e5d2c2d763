package verify

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// answered is the effect of an answer that no backend gives.
func answered(a *profile.Answer) *prove.Effect {
	if a == nil {
		a = &profile.Spec.Answers.NoListener // explain's, too
	}
	return prove.Mixed([]prove.Target{{Answer: a, Num: 1, Den: 1}}, nil)
}

// expected is what happens to the calls that an entry takes, in the form in which
// both sides are compared: one list of edits and mirrors for each target. unknown says
// what of it the manifests do not show.
func expected(e *routing.Entry) (effect *prove.Effect, unknown string) {
	a := e.Action
	if a.Answer != nil && !answersDiffer(a) {
		effect = answered(a.Answer)
		effect.Entry = e
		return effect, ""
	}
	if f := uncompared(a.Filters); f != "" {
		return nil, fmt.Sprintf("rule %d of %s: filter %s is not compared", e.Rule.Index, e.Route.Key(), f)
	}
	var targets []prove.Target
	for i := range a.Shares {
		s := &a.Shares[i]
		t := prove.Target{Answer: s.Answer}
		if t.Num, t.Den = s.Fraction(); t.Num == 0 {
			continue
		}
		if t.Answer == nil {
			if f := uncompared(s.Filters); f != "" {
				return nil, fmt.Sprintf("rule %d of %s, backend %d: filter %s is not compared", e.Rule.Index, e.Route.Key(), i, f)
			}
			setTarget(&t, s.Backend)
			t.Filters = filterTexts(a.Filters, s.Filters)
		}
		targets = append(targets, t)
	}
	effect = prove.Mixed(targets, nil)
	effect.Entry = e
	return effect, ""
}

// answersDiffer reports whether every reference of an action fails, and not all with
// one code: then each gives its own.
func answersDiffer(a *routing.Action) bool {
	var codes []int
	for i := range a.Shares {
		switch s := &a.Shares[i]; {
		case s.Weight == 0:
		case s.Answer == nil:
			return false
		default:
			codes = append(codes, s.Answer.GRPC)
		}
	}
	return len(codes) > 0 && codes[0] == a.Answer.GRPC && len(slices.Compact(codes)) > 1
}

// setTarget names a target as its backend.
func setTarget(t *prove.Target, b *topology.Backend) {
	t.Group, t.Kind, t.Namespace, t.Name, t.Port = b.Group, b.Kind, b.Namespace, b.Name, b.Port
}

// uncompared names a filter that is neither a header modifier nor a mirror, "" when
// there is none.
func uncompared(fs []*topology.Filter) string {
	for _, f := range fs {
		request, response := modifiers(f)
		if request == nil && response == nil && f.Type != "RequestMirror" {
			return f.Type
		}
	}
	return ""
}

// filterTexts writes what the filters of a rule and of one of its backends do.
// Requests see the rule's filters first, responses the backend's.
func filterTexts(rule, backend []*topology.Filter) []string {
	var request, response edits
	all := slices.Concat(rule, backend)
	for _, f := range all {
		if m, _ := modifiers(f); m != nil {
			request.modifier(m, true)
		}
	}
	for _, f := range slices.Backward(all) {
		if _, m := modifiers(f); m != nil {
			response.modifier(m, false)
		}
	}
	out := append(request.texts("request"), response.texts("response")...)
	for _, f := range all {
		if spec := mirrorOf(f); spec != nil {
			var t prove.Target
			setTarget(&t, f.Mirror)
			out = mirrored(out, part(spec), t.String())
		}
	}
	slices.Sort(out)
	return out
}

// mirrored appends a mirror, unless it copies nothing.
func mirrored(out []string, f fraction, target string) []string {
	if f.num == 0 {
		return out
	}
	if f.all() {
		f = fraction{1, 1}
	}
	return append(out, fmt.Sprintf("mirror %s to %s", f, target))
}

func mirrorOf(f *topology.Filter) *gatewayv1.HTTPRequestMirrorFilter {
	switch {
	case f.Mirror == nil || f.Type != "RequestMirror":
		return nil
	case f.GRPC != nil:
		return f.GRPC.RequestMirror
	case f.HTTP != nil:
		return f.HTTP.RequestMirror
	}
	return nil
}

// part is the part of the calls that a mirror copies (GA apis/v1/httproute_types.go,
// HTTPRequestMirrorFilter).
func part(m *gatewayv1.HTTPRequestMirrorFilter) fraction {
	switch {
	case m.Fraction != nil:
		den := int64(100)
		if d := m.Fraction.Denominator; d != nil && *d > 0 {
			den = int64(*d)
		}
		return newFraction(int64(m.Fraction.Numerator), den)
	case m.Percent != nil:
		return newFraction(int64(*m.Percent), 100)
	}
	return fraction{1, 1}
}
