package routing_test

import (
	"slices"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
)

// TestSharedRanks holds the keys of entries that are ranked together equal to those
// of each entry by itself.
func TestSharedRanks(t *testing.T) {
	shared := 0
	for seed := range uint64(300) {
		table := newRandom(seed).world().compile()
		for _, s := range table.Servers {
			for _, l := range s.Listeners {
				for _, h := range l.Hosts {
					for _, p := range profile.All {
						shared += checkRanks(t, seed, p, h.Reordered(p))
					}
				}
			}
		}
	}
	if shared == 0 {
		t.Error("no two entries had the same keys")
	}
}

// checkRanks returns how many neighbours have the same keys.
func checkRanks(t *testing.T, seed uint64, p *profile.Profile, entries []*routing.Entry) (same int) {
	t.Helper()
	for i, e := range entries {
		over := []profile.Unit{unitOf(e)}
		if p.Precedence.PerRule {
			over = nil
			for _, o := range entries {
				if o.Rule == e.Rule && o.Host.Name == e.Host.Name {
					over = append(over, unitOf(o))
				}
			}
		}
		var want []int
		for _, c := range p.Precedence.Order() {
			want = append(want, c.Of(over))
		}
		if !slices.Equal(e.Keys, want) {
			t.Errorf("seed %d, %s: %s, rule %d, match %d under %q has the keys %v, alone %v",
				seed, p.Name, e.Route.Key(), e.Rule.Index, e.Match, e.Host.Name, e.Keys, want)
		}
		if i > 0 && slices.Equal(e.Keys, entries[i-1].Keys) {
			same++
		}
	}
	return same
}

// unitOf is an entry's unit under its hostname.
func unitOf(e *routing.Entry) profile.Unit {
	u := e.Unit
	u.Host, u.OwnHost = e.Host.Name, e.Host.Own
	return u
}
