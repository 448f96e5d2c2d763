package admission_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/admission"
	"k8s.io/apimachinery/pkg/runtime"
)

// cannotFail names the rules that cannot fail where they are run, because what
// they forbid cannot get past the schema.
func cannotFail(r *reference, rule *admission.Rule) bool {
	switch {
	case rule.Message == "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']":
		return true // the field is an enum of these
	case rule.Message == "Rule name must be unique within the route" && r.gvk.Kind == "TLSRoute" && r.gvk.Version != "v1alpha2":
		return true // there is at most one rule
	case strings.HasPrefix(rule.Message, "While 16 rules and 64 matches") && r.gvk.Kind == "GRPCRoute" && r.release.Minor == "1.2":
		return true // the rule allows 128 matches, the schema 16 rules of 8
	}
	return false
}

// TestRulesBothWays sees every rule of every schema pass and fail on objects
// whose rules the server runs, and says the same as the server where it first does.
func TestRulesBothWays(t *testing.T) {
	refs := allReferences(t)
	known := seeds(t)
	for i, r := range refs {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			s := newSource(uint64(i) + 1000)
			rules := r.server.Rules(r.apiVersion(), r.gvk.Kind)
			missing := slices.Collect(maps.Values(rules))
			try := 0
			for ; len(missing) > 0 && try < 20000; try++ {
				object := s.object(r)
				if list := r.adopt(known); len(list) > 0 && s.chance(85) {
					object = runtime.DeepCopyJSON(pick(s, list))
				}
				for range 1 + s.IntN(3) {
					if s.chance(50) {
						s.provoke(places(object, nil, nil))
					} else {
						s.mutate(object)
					}
				}
				v := r.server.Verdict(r.document(object))
				if v.Settled != nil && !v.Blocked {
					before := outcomes(rules)
					r.server.Tally(r.apiVersion(), r.gvk.Kind, v.Settled, rules)
					if outcomes(rules) > before {
						if d := compare(r, object); d != "" {
							t.Fatalf("%s\nobject: %s", d, show(object))
						}
					}
				}
				missing = slices.DeleteFunc(missing, func(rule *admission.Rule) bool { return seen(r, rule) })
			}
			t.Logf("%d rules, %d objects", len(rules), try)
			slices.SortFunc(missing, func(a, b *admission.Rule) int { return strings.Compare(a.Message, b.Message) })
			for _, rule := range missing {
				t.Errorf("rule %q: passed %d, failed %d, without value %d", rule.Message, rule.Passed, rule.Failed, rule.Errors)
			}
		})
	}
}

// seen reports whether a rule needs no more objects. One that fails although it
// should not be able to is kept, and reported at the end.
func seen(r *reference, rule *admission.Rule) bool {
	if cannotFail(r, rule) {
		return rule.Passed > 0 && rule.Failed == 0
	}
	return rule.Passed > 0 && rule.Failed > 0
}

// outcomes counts the different things that have been seen of rules.
func outcomes[K comparable](rules map[K]*admission.Rule) int {
	n := 0
	for _, r := range rules {
		n += min(r.Passed, 1) + min(r.Failed, 1) + min(r.Errors, 1)
	}
	return n
}
