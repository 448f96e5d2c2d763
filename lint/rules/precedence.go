package rules

import (
	"context"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// reorderings compares each host of a table with other orders of its entries and
// gathers, per pair of rules that calls move between, the first call and the names
// of the orders.
type reorderings struct {
	order []*reordered
	byKey map[[2]*topology.Rule]*reordered
}

// reordered is a call that some orders give to another rule.
type reordered struct {
	prove.Disagreement
	orders []string
}

// other is another order of a host's entries.
type other struct {
	name    string
	entries []*routing.Entry
}

// disagreements asks orders for each host; routes whose entries may not be there
// are left alone.
func disagreements(p *lint.Pass, orders func(*routing.Server, *routing.Host) []other) []*reordered {
	r := prove.NewReordering(context.Background(), p.Table, p.Proof())
	defer r.Close()
	x := &reorderings{byKey: map[[2]*topology.Rule]*reordered{}}
	r.Hosts(func(s *routing.Server, h *routing.Host) {
		if len(h.Entries) < 2 {
			return
		}
		for _, o := range orders(s, h) {
			found, err := r.Compare(h, o.entries)
			if err != nil {
				return
			}
			for _, d := range found {
				x.add(d, o.name)
			}
		}
	})
	return x.order
}

func (x *reorderings) add(d prove.Disagreement, name string) {
	if d.Now.Route.GRPC == nil && d.Then.Route.GRPC == nil {
		return
	}
	if d.Now.Route != d.Then.Route && (d.Now.Certainty == diag.Unknown || d.Then.Certainty == diag.Unknown) {
		return
	}
	key := [2]*topology.Rule{d.Now.Rule, d.Then.Rule}
	old, ok := x.byKey[key]
	if !ok {
		old = &reordered{Disagreement: d}
		x.byKey[key] = old
		x.order = append(x.order, old)
	}
	if !slices.Contains(old.orders, name) {
		old.orders = append(old.orders, name)
	}
}

// reportReordered reports at the rule that takes the call now.
func reportReordered(p *lint.Pass, d *reordered, message, hint string) {
	res := p.Table.LookupOnce(&d.Witness)
	p.Report(d.Now.Route.Doc, entryPath(d.Now.Rule, d.Now.Match), diag.Diagnostic{
		Certainty: assumed(d.Now, d.Then),
		Message:   message,
		Hint:      hint,
		Related:   []diag.Related{{Message: "the other rule", Range: d.Then.Route.Doc.Range(entryPath(d.Then.Rule, d.Then.Match)...)}},
		Witness:   witness(&d.Witness, listenerOf(res)),
	})
}

// assumed is the certainty of a statement about rules that are certain to meet,
// were they attached at all.
func assumed(es ...*routing.Entry) diag.Certainty {
	weakest := diag.Certain
	for _, e := range es {
		if e.Certainty == diag.Assumed {
			weakest = diag.Assumed
		}
	}
	return weakest
}
