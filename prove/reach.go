package prove

import (
	"context"
	"errors"

	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// matchKey names a match of a rule.
type matchKey struct {
	rule  *topology.Rule
	match int
}

// reaching is the proof of [Reach].
type reaching struct {
	x        *engine
	table    *routing.Table
	views    map[*routing.Host][]view
	verdicts map[matchKey]*Verdict
	order    []*Verdict
	stopped  error
	bare     bool                 // see [Options.NoWitness]
	stands   map[*Verdict][]stand // of the undecided ones; nil until asked for
	grids    map[*routing.Host]*grid
}

// Reach decides for every match of a table whether it can ever take a call. The
// verdicts are in the order of the table's servers, hosts and entries. A context
// that ends leaves the rest undecided.
func Reach(ctx context.Context, t *routing.Table, o Options) []*Verdict {
	budget := o.Budget.filled()
	ctx, cancel := context.WithTimeout(ctx, budget.Time)
	defer cancel()
	r := &reaching{x: newEngine(ctx, budget), table: t, views: o.viewsOf(t), verdicts: map[matchKey]*Verdict{}, bare: o.NoWitness}
	r.x.blind = true
	hosts := r.hosts()
	for i, h := range hosts {
		r.host(h)
		if o.Progress != nil {
			o.Progress(i+1, len(hosts))
		}
	}
	for _, v := range r.order {
		if v.State == Undecided && v.Why == "" && !v.Never {
			r.settle(v)
		}
	}
	return r.order
}

// hosts lists each host once and starts the verdicts of its entries. Less
// specific hosts come first: most entries are decided under their own name.
func (r *reaching) hosts() []*routing.Host {
	var out []*routing.Host
	seen := map[*routing.Host]bool{}
	for _, s := range r.table.Servers {
		for _, l := range s.Listeners {
			for i := range l.Hosts {
				h := l.Hosts[len(l.Hosts)-1-i]
				if seen[h] {
					continue
				}
				seen[h] = true
				out = append(out, h)
				for _, e := range h.Entries {
					r.verdict(e)
				}
			}
		}
	}
	return out
}

func (r *reaching) verdict(e *routing.Entry) *Verdict {
	key := matchKey{e.Rule, e.Match}
	v, ok := r.verdicts[key]
	if !ok {
		v = &Verdict{Rule: e.Rule, Match: e.Match, Entry: e}
		r.verdicts[key] = v
		r.order = append(r.order, v)
	}
	return v
}

// host runs the forward walk of one host for the matches that are still open.
func (r *reaching) host(h *routing.Host) {
	vs := r.views[h]
	if len(vs) == 0 || r.stopped != nil {
		return
	}
	if why := vs[0].result.Server.Blocked(); why != "" {
		for _, e := range h.Entries {
			if v := r.verdict(e); v.State == Undecided {
				v.Why = why
			}
		}
		return
	}
	units := r.x.units(h)
	open := false
	for i := range units {
		v := r.verdict(units[i].entry)
		switch {
		case units[i].never != "":
			v.Never, v.Why, v.Contradictory = true, units[i].never, units[i].contradictory
			if v.State == Undecided {
				v.State = Unreachable
			}
		case units[i].unread != "":
			v.Why, v.Limit = units[i].unread, !units[i].entry.Opaque()
		case v.State == Undecided:
			open = true
		}
	}
	if !open {
		return
	}
	if err := r.walk(units, &vs[0]); err != nil {
		r.fail(units, err)
	}
}

// fail notes on all open matches of a list why they stay open.
func (r *reaching) fail(units []unit, err error) {
	if limit := (*limitError)(nil); !errors.As(err, &limit) {
		r.stopped = err
	}
	for i := range units {
		if v := r.verdict(units[i].entry); v.State == Undecided && v.Why == "" {
			v.Why, v.Limit = err.Error(), true
		}
	}
}

func (r *reaching) walk(units []unit, at *view) error {
	g, err := r.x.grid(units)
	if err != nil {
		return err
	}
	n := len(g.services.points)
	generic := map[int]bool{} // groups of services of which some are not named
	for s := n; s < g.services.size(); s++ {
		generic[g.services.groups[s-n]] = true
		if err := r.service(g, s, false, at); err != nil {
			return err
		}
	}
	for s := range n {
		named := generic[g.services.groupOf(g.services.points[s])]
		if err := r.service(g, s, named, at); err != nil {
			return err
		}
	}
	return nil
}

// service walks the methods of one service. What is not named for a named service
// ends as for its group.
func (r *reaching) service(g *grid, s int, named bool, at *view) error {
	b, err := g.band(s)
	if err != nil {
		return err
	}
	defer delete(g.bands, s) // no walk comes back to it
	own := b.columns[0][0]
	for m := range b.methods.size() {
		if named && len(own.open) == 0 && (m >= len(b.methods.points) || own.of(b.methods.points[m]) == nil) {
			continue
		}
		p, err := g.place(b, m)
		if err != nil {
			return err
		}
		if err := r.place(g, p, at); err != nil {
			return err
		}
	}
	return nil
}

// place finds who takes calls at a place, as far as that is not known yet.
func (r *reaching) place(g *grid, p *place, at *view) error {
	list := p.lists[0]
	open := false
	for _, u := range list {
		open = open || u.unread == "" && r.verdict(u.entry).State == Undecided
	}
	if !open {
		return nil
	}
	f, err := r.x.frame(list)
	if err != nil {
		return r.leave(list, err)
	}
	boxes := r.boxes(f, list)
	_, err = r.x.walking(f).walk(make(piece, len(f.dims)), boxes, 0, func(q piece, i int) (bool, error) {
		if i < len(list) {
			r.reached(g, p, f, q, list[i], at)
		}
		return true, nil
	})
	if limit := (*limitError)(nil); err == nil || !errors.As(err, &limit) {
		return err
	}
	return r.search(g, p, f, boxes, at)
}

// boxes are a list's; what is not known to take anything takes nothing.
func (r *reaching) boxes(f *frame, list []*unit) []piece {
	boxes := f.boxes(list)
	for i, u := range list {
		if u.unread != "" {
			boxes[i] = nil
		}
	}
	return boxes
}

// search asks for each open unit of a place alone.
func (r *reaching) search(g *grid, p *place, f *frame, boxes []piece, at *view) error {
	list := p.lists[0]
	for i, u := range list {
		if boxes[i] == nil || r.verdict(u.entry).State != Undecided {
			continue
		}
		q, err := r.x.covering(f).uncovered(boxes[i], boxes[:i])
		switch {
		case err != nil:
			if err := r.leave([]*unit{u}, err); err != nil {
				return err
			}
		case q != nil:
			r.reached(g, p, f, q, u, at)
		}
	}
	return nil
}

// leave notes why units stay open here; another place may still decide for them.
func (r *reaching) leave(list []*unit, err error) error {
	if limit := (*limitError)(nil); !errors.As(err, &limit) {
		return err
	}
	for _, u := range list {
		if v := r.verdict(u.entry); v.State == Undecided && v.Why == "" {
			v.Why, v.Limit = err.Error(), true
		}
	}
	return nil
}

// reached notes a call that a unit takes. The table has the last word: a unit
// whose pattern could not be read here may come first.
func (r *reaching) reached(g *grid, p *place, f *frame, q piece, u *unit, at *view) {
	v := r.verdict(u.entry)
	if v.State != Undecided {
		return
	}
	w := at.request
	w.Path, w.Headers = g.path(p), f.headers(q)
	if res := r.table.LookupOnce(&w); res.Entry != u.entry {
		v.Why = "a rule that comes first has a pattern that cannot be decided"
		return
	}
	v.State, v.Entry, v.Why, v.Limit = Reachable, u.entry, "", false
	if !r.bare {
		kept := w
		v.Witness = &kept
	}
}
