package prove_test

import (
	"slices"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// TestOrdersThatSwapNothingDoNotDisagree: routing says cheaply which orders can
// matter; the exact comparison finds nothing under the others.
func TestOrdersThatSwapNothingDoNotDisagree(t *testing.T) {
	skipped, swapped, disagreed := 0, 0, 0
	for seed := range uint64(400) {
		r := newRandom(seed)
		p := r.profile()
		table := compile(t, r.input().text(), p)
		x := prove.NewReordering(t.Context(), table, prove.Options{})
		compare := func(h *routing.Host, other []*routing.Entry, mayDiffer bool) {
			found, err := x.Compare(h, other)
			switch {
			case err != nil:
				t.Fatal(err)
			case mayDiffer:
				swapped++
				disagreed += min(1, len(found))
				return
			case len(found) > 0:
				t.Errorf("seed %d, %s: call %v goes to another rule in an order that is said to swap nothing", seed, p.Name, found[0].Witness)
			}
			skipped++
		}
		x.Hosts(func(s *routing.Server, h *routing.Host) {
			swapping := h.Swapping(profile.All)
			for _, q := range profile.All {
				compare(h, h.Reordered(q), slices.Contains(swapping, q))
			}
			ageless := h.Ageless(s)
			for _, e := range h.Entries {
				compare(h, h.WithOldest(s, e.Route), slices.Contains(ageless, e.Route))
			}
		})
		x.Close()
	}
	if skipped < 500 || swapped < 500 || disagreed < 100 {
		t.Errorf("%d orders that swap nothing, %d that may, %d that do: the inputs are too plain", skipped, swapped, disagreed)
	}
}
