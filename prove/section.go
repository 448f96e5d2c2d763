package prove

import (
	"errors"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// section is a set of calls to one host, a box, in which each side has one owner.
type section struct {
	services, methods  bitset
	service, methodDim *dimension
	method             string // methods in words
	piece              piece
	frame              *frame
	headers            []string // piece in words
	owners             []*unit  // by side; nil: nobody
	key                string
	path               string // of one call in it
}

// divider divides the calls to one host by who takes them, on one side or two.
type divider struct {
	x *engine
	// key says which sections are alike, by the owners on each side; "" drops a
	// section.
	key func(owners []*unit) string
	// equal: two sides; places where both lists are the same are dropped.
	equal   bool
	misses  []int // by side: the number of the effect of no match
	unknown func(why string)
}

// divide returns the sections of a host, merged as far as they stay boxes.
func (d *divider) divide(lists ...[]unit) ([]*section, error) {
	g, err := d.x.grid(lists...)
	if err != nil {
		return nil, err
	}
	var all []*section
	byKey := map[string]*section{}
	for s := range g.services.size() {
		if d.equal && g.sameColumns(s) && d.misses[0] == d.misses[1] {
			continue
		}
		found, err := d.band(g, s)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			key := x.method + "\x00" + strings.Join(x.headers, "\x00") + "\x00" + x.key
			if old, ok := byKey[key]; ok {
				old.services.add(s)
				continue
			}
			x.services = newBitset(g.services.size())
			x.services.add(s)
			byKey[key] = x
			all = append(all, x)
		}
	}
	for _, x := range all {
		x.path = "/" + g.services.words[x.services.first()] + "/" + x.methodDim.words[x.methods.first()]
		x.service = g.services
	}
	return all, nil
}

// band divides the calls to one service.
func (d *divider) band(g *grid, service int) ([]*section, error) {
	b, err := g.band(service)
	if err != nil {
		return nil, err
	}
	var out []*section
	byKey := map[string]*section{}
	for m := range b.methods.size() {
		p, err := g.place(b, m)
		if err != nil {
			return nil, err
		}
		found, err := d.place(p)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			key := strings.Join(x.headers, "\x00") + "\x00" + x.key
			if old, ok := byKey[key]; ok {
				old.methods.add(m)
				continue
			}
			x.methods, x.methodDim = newBitset(b.methods.size()), b.methods
			x.methods.add(m)
			byKey[key] = x
			out = append(out, x)
		}
	}
	for _, x := range out {
		x.method = b.methods.describe(x.methods, wording{})
	}
	return out, nil
}

// place divides the calls of one place by headers.
func (d *divider) place(p *place) ([]*section, error) {
	if d.equal && sameLists(p.lists[0], p.lists[1]) && (d.misses[0] == d.misses[1] || endsAlways(p.lists[0])) {
		return nil, nil
	}
	f, err := d.x.frame(p.lists...)
	if err != nil {
		return nil, d.leave(err)
	}
	boxes := make([][]piece, len(p.lists))
	for i, list := range p.lists {
		boxes[i] = f.boxes(list)
	}
	var out []*section
	emit := func(q piece, at []int) {
		owners := make([]*unit, len(at))
		for i, n := range at {
			if n < len(p.lists[i]) {
				owners[i] = p.lists[i][n]
			}
		}
		if key := d.key(owners); key != "" {
			out = append(out, &section{piece: q, frame: f, owners: owners, key: key})
		}
	}
	if err := d.walk(f, boxes, emit); err != nil {
		if limit := (*limitError)(nil); !errors.As(err, &limit) {
			return nil, err
		}
		out = nil
		if err := d.search(f, p, boxes, emit); err != nil {
			return nil, d.leave(err)
		}
	}
	out = merge(out)
	for _, x := range out {
		x.headers = f.describe(x.piece, wording{})
	}
	return out, nil
}

// leave reports a limit as something that stays open; other errors end the proof.
func (d *divider) leave(err error) error {
	if limit := (*limitError)(nil); !errors.As(err, &limit) || d.unknown == nil {
		return err
	}
	d.unknown(err.Error())
	return nil
}

// walk splits all headers by the first side, and each part by the second.
func (d *divider) walk(f *frame, boxes [][]piece, emit func(piece, []int)) error {
	w := d.x.walking(f)
	_, err := w.walk(make(piece, len(f.dims)), boxes[0], 0, func(q piece, i int) (bool, error) {
		if len(boxes) == 1 {
			emit(q, []int{i})
			return true, nil
		}
		return w.walk(q, boxes[1], 0, func(q piece, j int) (bool, error) {
			emit(q, []int{i, j})
			return true, nil
		})
	})
	return err
}

// search looks for one part of each pair of owners that matters, where there are
// too many parts to list them all.
func (d *divider) search(f *frame, p *place, boxes [][]piece, emit func(piece, []int)) error {
	if len(boxes) == 1 {
		return &limitError{"nodes of a walk", d.x.budget.WalkNodes}
	}
	owner := func(side, i int) *unit {
		if i == len(boxes[side]) {
			return nil
		}
		return p.lists[side][i]
	}
	w := d.x.covering(f)
	for i := range len(boxes[0]) + 1 {
		for j := range len(boxes[1]) + 1 {
			if d.key([]*unit{owner(0, i), owner(1, j)}) == "" {
				continue
			}
			q, ok := both(f, boxes, i, j)
			if !ok {
				continue
			}
			rest, err := w.uncovered(q, slices.Concat(boxes[0][:i], boxes[1][:j]))
			if err != nil {
				return err
			}
			if rest != nil {
				emit(rest, []int{i, j})
			}
		}
	}
	return nil
}

// both returns where two owners meet; an index past the end is nobody's.
func both(f *frame, boxes [][]piece, i, j int) (piece, bool) {
	q := make(piece, len(f.dims))
	for side, n := range []int{i, j} {
		if n == len(boxes[side]) {
			continue
		}
		box := boxes[side][n]
		if box == nil || q.disjoint(box) {
			return nil, false
		}
		q = q.meet(box)
	}
	return q, true
}

// sameLists reports whether two lists ask and do the same, in the same order.
func sameLists(a, b []*unit) bool {
	return slices.EqualFunc(a, b, func(a, b *unit) bool { return a.shape == b.shape && a.effect == b.effect })
}

func endsAlways(list []*unit) bool { return len(list) > 0 && list[len(list)-1].always() }

// sameUnits is sameLists for whole sides.
func sameUnits(a, b []unit) bool {
	return slices.EqualFunc(a, b, func(a, b unit) bool { return a.shape == b.shape && a.effect == b.effect })
}

// sameColumns reports whether both sides have the same for a service, in the same
// order.
func (g *grid) sameColumns(service int) bool {
	var sides [2]inOrder
	for i, s := range g.sides {
		own, wide := g.columns(s, service)
		if own != nil {
			sides[i][0] = own.all
		}
		sides[i][1] = wide.all
	}
	for {
		a, ok := sides[0].next()
		b, ok2 := sides[1].next()
		if !ok || !ok2 {
			return ok == ok2
		}
		u, v := &g.sides[0].units[a.at], &g.sides[1].units[b.at]
		if a.method != b.method || u.shape != v.shape || u.effect != v.effect {
			return false
		}
	}
}

// inOrder goes through two lists side by side.
type inOrder [2][]ref

func (o *inOrder) next() (ref, bool) {
	i := 0
	if len(o[0]) == 0 || len(o[1]) > 0 && o[1][0].at < o[0][0].at {
		i = 1
	}
	if len(o[i]) == 0 {
		return ref{}, false
	}
	r := o[i][0]
	o[i] = o[i][1:]
	return r, true
}

// request completes a request with a call of the section.
func (s *section) request(r routing.Request) routing.Request {
	r.Path, r.Headers = s.path, s.frame.headers(s.piece)
	return r
}
