package prove_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// hostile are inputs that cost more than any analysis can afford, and those that
// look so and do not.
var hostile = map[string]struct {
	matches []string
	decided bool // everything is decided all the same
}{
	"many states": {matches: []string{
		"method: {type: RegularExpression, service: '(a|b)*a(a|b){16}'}",
		"method: {type: RegularExpression, service: '(a|b)*b(a|b){17}'}",
	}},
	"independent patterns": {matches: times(20, func(i int) string {
		return fmt.Sprintf("method: {type: RegularExpression, service: '.*%c.*'}", 'a'+i)
	})},
	"many header names": {decided: true, matches: times(20, func(i int) string {
		return fmt.Sprintf("headers: [{name: h%d, value: v}]", i)
	})},
	"pairs of header names": {decided: true, matches: times(64, func(i int) string {
		return fmt.Sprintf("headers: [{name: h%d, value: v}, {name: h%d, value: v}]", i%26, (i*7+1)%26)
	})},
	"long repetition": {decided: true, matches: []string{"method: {type: RegularExpression, service: '[a-z]{1,1000}'}"}},
	"eight patterns":  {decided: true, matches: times(8, func(i int) string { return fmt.Sprintf("method: {type: RegularExpression, service: '.*%c.*'}", 'a'+i) })},
}

func times(n int, f func(int) string) []string {
	var out []string
	for i := range n {
		out = append(out, f(i))
	}
	return out
}

// TestHostileInputs ends within the budget and never with a guess: what is not
// decided names the limit.
func TestHostileInputs(t *testing.T) {
	for name, c := range hostile {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			table := table(t, c.matches, plain)
			open := 0
			for _, v := range prove.Reach(context.Background(), table, prove.Options{}) {
				switch v.State {
				case prove.Undecided:
					if open++; v.Why == "" || !v.Limit {
						t.Errorf("match %d is open: %+v", v.Match, v)
					}
				case prove.Reachable:
					if res := table.Lookup(v.Witness); res.Entry != v.Entry {
						t.Errorf("match %d: the witness does not replay", v.Match)
					}
				}
			}
			if (open == 0) != c.decided {
				t.Errorf("%d matches are open", open)
			}
			changed := changedTable(t, c.matches)
			d := prove.Diff(context.Background(), table, changed, prove.Options{})
			if len(d.Regions) == 0 && len(d.Unknown) == 0 {
				t.Error("a changed backend is said to change nothing")
			}
		})
	}
}

// changedTable is the same matches with another first backend.
func changedTable(t *testing.T, matches []string) *routing.Table {
	return table(t, matches, func(rule int) string {
		if rule == 0 {
			return "other"
		}
		return plain(rule)
	})
}

// TestCancelled leaves open what a context does not give time for.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	old, changed := table(t, mixed(2_000, 1), plain), table(t, mixed(2_000, 2), plain)
	if vs := prove.Reach(ctx, old, prove.Options{}); !slices.ContainsFunc(vs, func(v *prove.Verdict) bool { return v.State == prove.Undecided && v.Why != "" }) {
		t.Error("a cancelled proof decides everything")
	}
	if d := prove.Diff(ctx, old, changed, prove.Options{}); len(d.Unknown) == 0 {
		t.Error("a cancelled comparison leaves nothing open")
	}
}

// TestWalkAndCoverAgree decides the same tables with a walk and, where the walk
// may visit one node only, with the backward search.
func TestWalkAndCoverAgree(t *testing.T) {
	for seed := range count(t, "GRPCROUTE_PROVE_TABLES", 2_000) {
		r := newRandom(uint64(seed) + 3_000_000)
		in := r.input()
		table := compile(t, in.text(), r.profile())
		walk := prove.Reach(context.Background(), table, prove.Options{})
		cover := prove.Reach(context.Background(), table, prove.Options{Budget: prove.Budget{WalkNodes: 1}})
		for i := range walk {
			if walk[i].State != cover[i].State {
				t.Fatalf("seed %d: rule %d match %d: the walk says %s, the search %s (%s)\n%s", seed,
					walk[i].Rule.Index, walk[i].Match, walk[i].State, cover[i].State, cover[i].Why, in.text())
			}
		}
	}
}

// TestSameTwice proves twice and wants the same answer to the letter.
func TestSameTwice(t *testing.T) {
	old, changed := table(t, mixed(300, 1), plain), table(t, mixed(300, 2), plain)
	one, two := prove.Diff(context.Background(), old, changed, prove.Options{}), prove.Diff(context.Background(), old, changed, prove.Options{})
	if a, b := regions(one), regions(two); a != b {
		t.Errorf("one run:\n%s\nanother:\n%s", a, b)
	}
}
