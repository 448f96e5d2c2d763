package prove

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
)

// explanation finds which matches take the calls of one that no walk reached.
// Only those count that are sure to be there and to come first; with less than
// that the match is undecided.
type explanation struct {
	*reaching
	verdict *Verdict
	server  *routing.Server
	target  *unit
	// single are the units that take all calls of the target at every place so
	// far; nil before the first.
	single  []*unit
	by      []*unit // of all places together
	unsure  []*unit // needed besides
	places  int
	covered bool
}

// maxShrunk is how many covering units are shrunk to the fewest that do.
const maxShrunk = 48

func (x *explanation) explain() error {
	v := x.verdict
	x.covered = true
	for _, s := range x.asking(v) {
		if err := x.stand(s); err != nil {
			return err
		}
		if !x.covered {
			break
		}
	}
	by := x.by
	if len(x.single) > 0 {
		by = x.single[:1]
	}
	if !x.covered {
		by = x.unsure
	}
	for _, u := range by {
		if !slices.ContainsFunc(v.By, func(o *routing.Entry) bool { return o.Rule == u.entry.Rule && o.Match == u.entry.Match }) {
			v.By = append(v.By, u.entry)
		}
		if x.covered && u.entry.Route != v.Rule.Route {
			v.Certainty = max(v.Certainty, u.entry.Certainty)
		}
	}
	if x.covered {
		v.State = Unreachable
		return nil
	}
	v.Why = x.doubt()
	return nil
}

// doubt says what an undecided verdict depends on.
func (x *explanation) doubt() string {
	for _, u := range x.unsure {
		e := u.entry
		if why := cmp.Or(x.server.Undecided(e, x.verdict.Entry), x.server.ReadingDecides(e, x.verdict.Entry)); why != "" {
			return why
		}
		if e.Certainty == diag.Unknown {
			return fmt.Sprintf("whether %s %s takes its calls is not known: %s", e.Route.Kind, e.Route.Key(), e.Why)
		}
	}
	return "the patterns of a rule that comes first cannot be decided"
}

// stand explains the target on one host.
func (x *explanation) stand(s stand) error {
	g, err := x.grid(s.host)
	if err != nil {
		return err
	}
	x.server = x.views[s.host][0].result.Server
	side := g.sides[0]
	at := slices.IndexFunc(side.units, func(u unit) bool { return u.entry == s.entry })
	if at < 0 {
		return nil
	}
	x.target = &side.units[at]
	if err := x.shadow(g, &x.views[s.host][0]); err != nil {
		return err
	}
	if u := x.subsumer(side.units[:at]); u != nil {
		x.places++
		x.keepSingle([]*unit{u})
		return nil
	}
	for i := range g.services.size() {
		if !slices.ContainsFunc(x.target.paths, func(r rectangle) bool { return g.services.takes(r.service, i) }) {
			continue
		}
		b, err := g.band(i)
		if err != nil {
			return err
		}
		for m := range b.methods.size() {
			if !x.covered || !x.takes(g, i, b, m) {
				continue
			}
			if g.cells--; g.cells < 0 {
				return &limitError{"sets of services and methods", x.x.budget.Cells}
			}
			list, _ := side.collect(b.columns[0], b.methods, m, func(u *unit) bool { return u == x.target })
			if err := x.place(slices.DeleteFunc(list, func(u *unit) bool { return u == x.target })); err != nil {
				return err
			}
		}
	}
	return nil
}

// shadow notes a call that the target would take.
func (x *explanation) shadow(g *grid, at *view) error {
	for i := 0; i < g.services.size() && x.verdict.Shadowed == nil; i++ {
		if !slices.ContainsFunc(x.target.paths, func(r rectangle) bool { return g.services.takes(r.service, i) }) {
			continue
		}
		b, err := g.band(i)
		if err != nil {
			return err
		}
		m := 0
		for m < b.methods.size() && !x.takes(g, i, b, m) {
			m++
		}
		f, err := x.x.frame([]*unit{x.target})
		if err != nil || m == b.methods.size() {
			return err
		}
		if box := f.box(x.target); box != nil {
			w := at.request
			w.Path, w.Headers = g.path(&place{service: i, method: m, methods: b.methods}), f.headers(box)
			x.verdict.Shadowed = &w
		}
	}
	return nil
}

// subsumer returns a unit that comes first and plainly takes all that the target
// takes.
func (x *explanation) subsumer(before []unit) *unit {
	for i := range before {
		u := &before[i]
		if u.unread == "" && u.asksNoMore(x.target) && u.holdsPaths(x.target) && x.sure(u) {
			return u
		}
	}
	return nil
}

func (x *explanation) takes(g *grid, service int, b *band, method int) bool {
	return slices.ContainsFunc(x.target.paths, func(r rectangle) bool {
		return g.services.takes(r.service, service) && b.methods.takes(r.method, method)
	})
}

// grid returns the grid of a host, the one asked for last without work.
func (x *explanation) grid(h *routing.Host) (*grid, error) {
	if g, ok := x.grids[h]; ok {
		return g, nil
	}
	g, err := x.x.grid(x.x.units(h))
	if err == nil {
		x.grids = map[*routing.Host]*grid{h: g}
	}
	return g, err
}

// sure reports whether a unit is certain to come before the target wherever the
// target is.
func (x *explanation) sure(u *unit) bool {
	e, t := u.entry, x.target.entry
	switch {
	case u.unread != "" || x.server.ReadingDecides(e, t) != "":
		return false
	case e.Route == t.Route:
		return true
	}
	return e.Certainty != diag.Unknown && x.server.Undecided(e, t) == ""
}

// place explains one place, where the units of a list come first.
func (x *explanation) place(list []*unit) error {
	var sure, unsure, alone []*unit
	for _, u := range list {
		switch {
		case !x.sure(u):
			unsure = append(unsure, u)
			continue
		case u.asksNoMore(x.target):
			alone = append(alone, u)
		}
		sure = append(sure, u)
	}
	x.places++
	if len(alone) > 0 {
		x.keepSingle(alone)
		return nil
	}
	f, err := x.x.frame(append(slices.Clone(sure), x.target))
	if err != nil {
		return err
	}
	box, boxes := f.box(x.target), f.boxes(sure)
	if box == nil {
		return nil
	}
	rest, err := x.x.covering(f).uncovered(box, boxes)
	if err != nil {
		return err
	}
	if rest != nil {
		x.covered, x.unsure = false, unsure
		return nil
	}
	x.keepSingle(nil)
	return x.shrink(f, box, sure, boxes)
}

// keepSingle keeps of the units that cover the target alone at a place those that
// do so at every place. When there is none any more, the units that did so far
// explain the places so far.
func (x *explanation) keepSingle(alone []*unit) {
	if x.places == 1 {
		x.single = alone
		return
	}
	before := x.single
	x.single = slices.DeleteFunc(slices.Clone(before), func(u *unit) bool { return !slices.ContainsFunc(alone, u.same) })
	if len(x.single) > 0 {
		return
	}
	if len(before) > 0 {
		x.add(before[0])
	}
	if len(alone) > 0 && !slices.ContainsFunc(alone, func(u *unit) bool { return slices.ContainsFunc(x.by, u.same) }) {
		x.add(alone[0])
	}
}

func (x *explanation) add(u *unit) {
	if !slices.ContainsFunc(x.by, u.same) {
		x.by = append(x.by, u)
	}
}

// shrink drops units without which the target stays covered, the last first, and
// adds the others to those that explain it.
func (x *explanation) shrink(f *frame, box piece, sure []*unit, boxes []piece) error {
	sure, boxes = slices.Clone(sure), slices.Clone(boxes)
	for i := len(sure) - 1; i >= 0 && len(sure) <= maxShrunk; i-- {
		without := slices.Delete(slices.Clone(boxes), i, i+1)
		rest, err := x.x.covering(f).uncovered(box, without)
		if err != nil {
			return err
		}
		if rest == nil {
			sure, boxes = slices.Delete(sure, i, i+1), without
		}
	}
	for _, u := range sure {
		x.add(u)
	}
	return nil
}
