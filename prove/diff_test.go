package prove_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// mutate changes one thing of an input.
func (r random) mutate(in *input) *input {
	out := &input{listeners: append([]string(nil), in.listeners...)}
	for _, old := range in.routes {
		n := old
		n.hostnames = append([]string(nil), old.hostnames...)
		n.rules = nil
		for _, x := range old.rules {
			n.rules = append(n.rules, rule{append([]string(nil), x.matches...), append([]string(nil), x.backends...)})
		}
		out.routes = append(out.routes, n)
	}
	rt := &out.routes[r.IntN(len(out.routes))]
	rl := &rt.rules[r.IntN(len(rt.rules))]
	switch r.IntN(9) {
	case 0:
		rl.backends[0] = fmt.Sprintf("{name: s%d, port: 80, weight: %d}", r.IntN(4), 1+r.IntN(2))
	case 1:
		rl.matches = append(rl.matches, r.match())
	case 2:
		if len(rl.matches) > 0 {
			rl.matches[r.IntN(len(rl.matches))] = r.match()
		}
	case 3:
		if len(rl.matches) > 1 {
			rl.matches = rl.matches[1:]
		}
	case 4:
		rt.hostnames = append(rt.hostnames, r.of(poolHosts))
	case 5:
		if len(rt.hostnames) > 1 {
			rt.hostnames = rt.hostnames[1:]
		}
	case 6:
		rt.age = r.IntN(4)
	case 7:
		rt.rules = append(rt.rules, r.rule())
	case 8:
		rt.rules[0], rt.rules[len(rt.rules)-1] = rt.rules[len(rt.rules)-1], rt.rules[0]
	}
	return out
}

// effects are what a call gets on both sides.
func effects(old, new *routing.Table, q *routing.Request) (a, b string) {
	x, y := old.Lookup(q), new.Lookup(q)
	return prove.EffectOf(&x).Key(), prove.EffectOf(&y).Key()
}

// TestDiffIsRight changes one thing, or the profile, and holds the difference
// against the tables: each witness replays, and each random call that differs is
// of a reported pair of effects.
func TestDiffIsRight(t *testing.T) {
	equal, different, undecided := 0, 0, 0
	for seed := range count(t, "GRPCROUTE_PROVE_TABLES", 8_000) {
		r := newRandom(uint64(seed) + 1_000_000)
		in, p := r.input(), r.profile()
		changed, q := r.mutate(in), p
		if r.chance(20) {
			changed, q = in, profile.All[r.IntN(len(profile.All))]
		}
		old, new := compile(t, in.text(), p), compile(t, changed.text(), q)
		d := prove.Diff(context.Background(), old, new, prove.Options{})
		fail := func(format string, args ...any) {
			t.Helper()
			t.Fatalf("seed %d, %s to %s: %s\n%s\n=== new\n%s", seed, p.Name, q.Name, fmt.Sprintf(format, args...), in.text(), changed.text())
		}
		pairs := map[string]bool{}
		for _, g := range d.Regions {
			a, b := effects(old, new, &g.Witness)
			if a == b || a != g.Old.Key() || b != g.New.Key() {
				fail("witness %+v of %+v gets %q and %q", g.Witness, g, a, b)
			}
			pairs[a+"\x00"+b] = true
		}
		switch {
		case len(d.Unknown) > 0:
			undecided++
			continue
		case len(d.Regions) == 0:
			equal++
		default:
			different++
		}
		// Sides that read repeated headers in different ways are compared on calls
		// that send each header once.
		repeat := p.Matching.RepeatedAny == q.Matching.RepeatedAny
		for range 150 {
			call := r.request()
			if !strings.Contains(strings.Join(in.listeners, ""), fmt.Sprint("port: ", call.Port)) {
				continue // nobody connects there
			}
			if a, b := effects(old, new, call); a != b && !pairs[a+"\x00"+b] {
				fail("call %+v gets %q and %q, which no region says: %s", call, a, b, regions(d))
			}
			if !repeat {
				continue
			}
			for _, h := range call.Headers {
				call.Headers = append(call.Headers, routing.Header{Name: h.Name, Value: r.of(callValues)})
			}
			if a, b := effects(old, new, call); a != b && !pairs[a+"\x00"+b] {
				fail("call %+v gets %q and %q, which no region says: %s", call, a, b, regions(d))
			}
		}
	}
	t.Logf("equal %d, different %d, undecided %d", equal, different, undecided)
	if equal == 0 || different == 0 {
		t.Error("the inputs show one side only")
	}
}

func regions(d *prove.Difference) string {
	var b strings.Builder
	for _, r := range d.Regions {
		fmt.Fprintf(&b, "\n%v %s / %s %v: %s => %s", r.Hosts, r.Service, r.Method, r.Headers, r.Old.Key(), r.New.Key())
	}
	return b.String()
}
