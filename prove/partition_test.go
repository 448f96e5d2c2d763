package prove_test

import (
	"context"
	"slices"
	"testing"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// TestPartitionIsRight holds partitions against the table: each witness reaches
// the owner of its region, and the owner of each random call has a region.
func TestPartitionIsRight(t *testing.T) {
	for seed := range count(t, "GRPCROUTE_PROVE_TABLES", 2_000) {
		r := newRandom(uint64(seed) + 2_000_000)
		in, p := r.input(), r.profile()
		table := compile(t, in.text(), p)
		owners := map[key]bool{}
		part := prove.Partitions(context.Background(), table, nil, prove.Options{})
		if len(part.Unknown) > 0 {
			t.Fatalf("seed %d: %v", seed, part.Unknown)
		}
		for _, g := range part.Groups {
			for _, x := range g.Regions {
				res := table.Lookup(&x.Witness)
				if !sameOwner(res.Entry, x.Owner) {
					t.Fatalf("seed %d: witness %+v of %s does not reach its owner\n%s", seed, x.Witness, x, in.text())
				}
				if x.Owner != nil {
					owners[key{x.Owner.Rule, x.Owner.Match}] = true
				}
			}
			for i, a := range g.Regions {
				for _, b := range g.Regions[i+1:] {
					if a.Service == b.Service && a.Method == b.Method && slices.Equal(a.Headers, b.Headers) {
						t.Fatalf("seed %d: two regions are called %s\n%s", seed, a, in.text())
					}
				}
			}
		}
		for range 50 {
			q := r.request()
			if e := table.Lookup(q).Entry; e != nil && !owners[key{e.Rule, e.Match}] {
				t.Fatalf("seed %d: call %+v has no region\n%s", seed, q, in.text())
			}
		}
	}
}

func sameOwner(a, b *routing.Entry) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Rule == b.Rule && a.Match == b.Match
}
