package prove

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcroute/grpcroute/routing"
)

// Disagreement is a call that two orders of one host's entries give to different
// rules, with different effects.
type Disagreement struct {
	Witness routing.Request
	// Now takes the call in the table's own order, as [routing.Table.Lookup] says;
	// Then in the other.
	Now, Then *routing.Entry
}

// Reordering compares orders of the hosts of one table.
type Reordering struct {
	x     *engine
	table *routing.Table
	views map[*routing.Host][]view
	stop  context.CancelFunc
}

// NewReordering prepares for comparing orders. Close ends it.
func NewReordering(ctx context.Context, t *routing.Table, o Options) *Reordering {
	budget := o.Budget.filled()
	ctx, cancel := context.WithTimeout(ctx, budget.Time)
	return &Reordering{newEngine(ctx, budget), t, o.viewsOf(t), cancel}
}

// Close frees what the comparison holds.
func (r *Reordering) Close() { r.stop() }

// Hosts calls f for each host that some call consults, with its server, in the
// order of the table.
func (r *Reordering) Hosts(f func(*routing.Server, *routing.Host)) {
	seen := map[*routing.Host]bool{}
	for _, s := range r.table.Servers {
		for _, l := range s.Listeners {
			for _, h := range l.Hosts {
				if !seen[h] && len(r.views[h]) > 0 && s.Blocked() == "" {
					seen[h] = true
					f(s, h)
				}
			}
		}
	}
}

// Compare returns the calls to a host that another order of its entries gives to
// another rule with another effect: one per pair of rules. What a budget does not
// allow to decide is left out.
func (r *Reordering) Compare(h *routing.Host, other []*routing.Entry) ([]Disagreement, error) {
	now, then := r.x.units(h), r.x.unitsOf(other)
	if len(now) < 2 || sameUnits(now, then) {
		return nil, nil
	}
	miss := r.x.number(answerEffect(nil))
	d := &divider{x: r.x, equal: true, misses: []int{miss, miss}, unknown: func(string) {}}
	d.key = func(owners []*unit) string {
		a, b := owners[0], owners[1]
		if a == nil || b == nil || a.unread != "" || b.unread != "" || a.effect == b.effect {
			return ""
		}
		return fmt.Sprintf("%p %p", a.entry.Rule, b.entry.Rule)
	}
	sections, err := d.divide(now, then)
	if limit := (*limitError)(nil); err != nil && !errors.As(err, &limit) {
		return nil, err
	}
	var out []Disagreement
	seen := map[string]bool{}
	for _, s := range sections {
		w := s.request(r.views[h][0].request)
		if res := r.table.LookupOnce(&w); seen[s.key] || res.Entry != s.owners[0].entry {
			continue
		}
		seen[s.key] = true
		out = append(out, Disagreement{w, s.owners[0].entry, s.owners[1].entry})
	}
	return out, nil
}
