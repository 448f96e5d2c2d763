package simulate

import (
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
)

// to makes the effect of calls that go to targets.
func to(targets ...prove.Target) *prove.Effect {
	e := &prove.Effect{}
	for _, t := range targets {
		if t.Num == 0 {
			e.Drained = append(e.Drained, t)
		} else {
			e.Targets = append(e.Targets, t)
		}
	}
	return e
}

func target(name string, num, den int64) prove.Target {
	return prove.Target{Kind: "Service", Namespace: "shop", Name: name, Port: 9000, Num: num, Den: den}
}

// broken is a target whose calls fail.
func broken(name string, num, den int64) prove.Target {
	t := target(name, num, den)
	t.Answer = &profile.Answer{HTTP: 500, GRPC: 14}
	return t
}

func fails(code int) *prove.Effect {
	return &prove.Effect{Answer: &profile.Answer{GRPC: code}}
}

func filtered(e *prove.Effect, filters ...string) *prove.Effect {
	e.Filters = filters
	return e
}

func TestClassify(t *testing.T) {
	foreign := target("v1", 1, 1)
	foreign.Group, foreign.Kind = "net.example", "Service"
	otherNamespace := target("v1", 1, 1)
	otherNamespace.Namespace = "other"
	encrypted := target("v1", 1, 1)
	encrypted.TLS = "v1.example.com"
	denied := target("x", 1, 5)
	denied.Answer = &profile.Answer{GRPC: 7}
	half := target("v1", 1, 2)
	half.Filters = []string{"set request header x-a: 1"}
	for _, c := range []struct {
		name     string
		was, now *prove.Effect
		want     Change
	}{
		{"no rule any more", to(target("v1", 1, 1)), fails(12), ChangeLost},
		{"a rule at last", fails(12), to(target("v1", 1, 1)), ChangeGained},
		{"another code", fails(12), fails(14), ChangeStatus},
		{"a fifth begins to fail", to(target("v1", 1, 1)), to(target("v1", 4, 5), broken("v2", 1, 5)), ChangeLost},
		{"a fifth stops failing", to(target("v1", 4, 5), broken("v2", 1, 5)), to(target("v1", 1, 1)), ChangeGained},
		{"a fifth fails of a new backend too", to(target("v1", 4, 5), broken("x", 1, 5)), to(target("v2", 4, 5), broken("x", 1, 5)), ChangeMoved},
		{"more fail, and the rest moves", to(target("v1", 4, 5), broken("x", 1, 5)), to(target("v2", 3, 4), broken("x", 1, 4)), ChangeLost},
		{"fewer fail, and some still do", to(target("v1", 1, 2), broken("x", 1, 2)), to(target("v1", 2, 3), broken("x", 1, 3)), ChangeGained},
		{"one in a million begins to fail", to(target("v1", 1, 1)), to(target("v1", 999_999, 1_000_000), broken("x", 1, 1_000_000)), ChangeLost},
		{"all shares fail, then no rule", to(broken("v1", 1, 2), broken("v2", 1, 2)), fails(12), ChangeStatus},
		{"a fifth fails with another code", to(target("v1", 4, 5), broken("x", 1, 5)), to(target("v1", 4, 5), denied), ChangeStatus},
		{"the broken half changes sides", to(target("v1", 1, 2), broken("v2", 1, 2)), to(broken("v1", 1, 2), target("v2", 1, 2)), ChangeMoved},
		{"a filter, and what fails has another name", to(target("v1", 1, 2), broken("x", 1, 2)), filtered(to(target("v1", 1, 2), broken("y", 1, 2)), "a"), ChangeFilters},
		{"another backend", to(target("v1", 1, 1)), to(target("v2", 1, 1)), ChangeMoved},
		{"another port", to(target("v1", 1, 1)), to(prove.Target{Kind: "Service", Namespace: "shop", Name: "v1", Port: 1, Num: 1, Den: 1}), ChangeMoved},
		{"another namespace", to(target("v1", 1, 1)), to(otherNamespace), ChangeMoved},
		{"another group", to(target("v1", 1, 1)), to(foreign), ChangeMoved},
		{"a canary appears", to(target("v1", 1, 1)), to(target("v1", 9, 10), target("v2", 1, 10)), ChangeMoved},
		{"a canary that was named starts", to(target("v1", 1, 1), target("v2", 0, 1)), to(target("v1", 9, 10), target("v2", 1, 10)), ChangeReweighted},
		{"a canary step", to(target("v1", 9, 10), target("v2", 1, 10)), to(target("v1", 3, 4), target("v2", 1, 4)), ChangeReweighted},
		{"a canary ends drained", to(target("v1", 1, 2), target("v2", 1, 2)), to(target("v1", 0, 1), target("v2", 1, 1)), ChangeReweighted},
		{"a canary ends and the old name goes", to(target("v1", 1, 2), target("v2", 1, 2)), to(target("v2", 1, 1)), ChangeMoved},
		{"a difference that floats do not see", to(target("v1", 333_333_333_333_333_333, 1_000_000_000_000_000_000), target("v2", 666_666_666_666_666_667, 1_000_000_000_000_000_000)),
			to(target("v1", 1, 3), target("v2", 2, 3)), ChangeReweighted},
		{"equal shares of other thirds", filtered(to(target("v1", 2, 6), target("v2", 4, 6)), "a"), to(target("v1", 1, 3), target("v2", 2, 3)), ChangeFilters},
		{"a filter", to(target("v1", 1, 1)), filtered(to(target("v1", 1, 1)), "set request header x-a: 1"), ChangeFilters},
		{"a filter of half the calls", to(target("v1", 1, 1)), to(target("v1", 1, 2), half), ChangeFilters},
		{"TLS to the backend", to(target("v1", 1, 1)), to(encrypted), ChangeFilters},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := classify(c.was, c.now); got != c.want {
				t.Errorf("classify is %q, want %q", got, c.want)
			}
		})
	}
}

func TestEveryChangeIsListed(t *testing.T) {
	seen := map[Change]bool{}
	for _, c := range Changes {
		if seen[c] {
			t.Errorf("%q is listed twice", c)
		}
		seen[c] = true
	}
	for _, c := range []Change{ChangeLost, ChangeGained, ChangeMoved, ChangeReweighted, ChangeFilters, ChangeStatus} {
		if !seen[c] {
			t.Errorf("%q is not listed", c)
		}
	}
}
