package prove

import (
	"slices"

	"github.com/grpcroute/grpcroute/routing"
)

// frame is the header dimensions of one place, where only headers are left to
// decide. Names are sorted.
type frame struct {
	dims []*headerDim
	at   map[string]int // by name
}

// piece is a box over a frame; nil stands for a whole dimension.
type piece []bitset

// frame makes the dimensions for the units of some lists, of which one request
// can have to satisfy one unit each.
func (x *engine) frame(lists ...[]*unit) (*frame, error) {
	conds := map[string][]*headerCond{}
	most := map[string]int{}
	for _, list := range lists {
		inList := map[string]int{}
		for _, u := range list {
			for _, h := range u.headers {
				conds[h.name] = append(conds[h.name], h)
				inList[h.name] = max(inList[h.name], len(sameName(u.headers, h.name)))
			}
		}
		for name, n := range inList {
			most[name] += n
		}
	}
	f := &frame{at: map[string]int{}}
	names := make([]string, 0, len(conds))
	for name := range conds {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		d, err := x.headerDim(conds[name], most[name])
		if err != nil {
			return nil, err
		}
		f.dims, f.at[name] = append(f.dims, d), i
	}
	return f, nil
}

// box is what a unit asks, nil when its conditions contradict each other.
func (f *frame) box(u *unit) piece {
	p := make(piece, len(f.dims))
	for _, h := range u.headers {
		i := f.at[h.name]
		set := f.dims[i].sets[h.id]
		if p[i] != nil {
			set = set.and(p[i])
		}
		if set.empty() {
			return nil
		}
		p[i] = set
	}
	return p
}

func (f *frame) boxes(list []*unit) []piece {
	out := make([]piece, len(list))
	for i, u := range list {
		out[i] = f.box(u)
	}
	return out
}

func (p piece) disjoint(q piece) bool {
	for i := range p {
		if p[i] != nil && q[i] != nil && p[i].disjoint(q[i]) {
			return true
		}
	}
	return false
}

// meet returns the intersection of two boxes that are not disjoint.
func (p piece) meet(q piece) piece {
	out := slices.Clone(p)
	for i := range q {
		switch {
		case q[i] == nil:
		case out[i] == nil:
			out[i] = q[i]
		default:
			out[i] = out[i].and(q[i])
		}
	}
	return out
}

// with returns a copy with one dimension replaced.
func (p piece) with(i int, set bitset) piece {
	q := slices.Clone(p)
	q[i] = set
	return q
}

// walker splits pieces by a list of boxes.
type walker struct {
	x     *engine
	f     *frame
	nodes int // left
}

// walk splits a piece by the boxes from i on, in order: what is inside the first
// box is its own, what is outside goes on to the next. emit gets every part with
// the index of its owner, len(boxes) for nobody's, and ends the walk by returning
// false. Nil boxes take nothing.
func (w *walker) walk(p piece, boxes []piece, i int, emit func(piece, int) (bool, error)) (bool, error) {
	if w.nodes--; w.nodes < 0 {
		return false, &limitError{"nodes of a walk", w.x.budget.WalkNodes}
	}
	if err := w.x.clock.over(); err != nil {
		return false, err
	}
	for i < len(boxes) && (boxes[i] == nil || p.disjoint(boxes[i])) {
		i++
	}
	if i == len(boxes) {
		return emit(p, i)
	}
	on, err := w.outside(p, boxes[i], func(rest piece) (bool, error) { return w.walk(rest, boxes, i+1, emit) })
	if !on || err != nil {
		return on, err
	}
	return emit(p.meet(boxes[i]), i)
}

// outside cuts a box out of a piece and hands on what is left, as disjoint boxes.
func (w *walker) outside(p, box piece, then func(piece) (bool, error)) (bool, error) {
	for d, set := range box {
		if set == nil {
			continue
		}
		have := p[d]
		if have == nil {
			have = w.f.dims[d].all
		}
		if rest := have.minus(set); !rest.empty() {
			if on, err := then(p.with(d, rest)); !on || err != nil {
				return on, err
			}
		}
		p = p.with(d, have.and(set))
	}
	return true, nil
}

// uncovered looks for a part of a piece outside all boxes, backwards from the
// question: it ends at the first.
func (w *walker) uncovered(p piece, boxes []piece) (found piece, err error) {
	if w.nodes--; w.nodes < 0 {
		return nil, &limitError{"nodes of a search", w.x.budget.CoverNodes}
	}
	if err := w.x.clock.over(); err != nil {
		return nil, err
	}
	i := 0
	for i < len(boxes) && (boxes[i] == nil || p.disjoint(boxes[i])) {
		i++
	}
	if i == len(boxes) {
		return p, nil
	}
	_, err = w.outside(p, boxes[i], func(rest piece) (bool, error) {
		found, err = w.uncovered(rest, boxes[i+1:])
		return found == nil, err
	})
	return found, err
}

func (x *engine) walking(f *frame) *walker  { return &walker{x, f, x.budget.WalkNodes} }
func (x *engine) covering(f *frame) *walker { return &walker{x, f, x.budget.CoverNodes} }

// headers returns headers of a request in a piece, absent where that is possible.
func (f *frame) headers(p piece) []routing.Header {
	var hs []routing.Header
	for i, set := range p {
		if set != nil {
			hs = f.dims[i].headers(hs, set.first())
		}
	}
	return hs
}
