package prove

import "slices"

// grid divides the paths of one or two ordered lists of units into places: a set
// of services times a set of methods, at which the path conditions of every unit
// are settled and only headers are left to decide.
type grid struct {
	x        *engine
	services *dimension
	sides    []*side
	cells    int // left
	bands    map[int]*band
}

// side is one ordered list, filed by service.
type side struct {
	units  []unit
	exact  map[string]*column // by literal service
	wide   []wideRef          // those of no literal service
	byWide map[int]*column    // wide, by group of the services' product
}

// ref is a unit at its position in the list, and what it asks of the method.
type ref struct {
	at     int
	method *language
}

type wideRef struct {
	ref
	service *language
}

// column is what a set of services has in common, filed by method; refs are in
// order.
type column struct {
	exact []named
	by    map[string]int // of exact, for more than fewNames
	open  []ref          // any method, or an expression
	all   []ref
}

// named is what asks for one literal method.
type named struct {
	method string
	refs   []ref
}

// fewNames is how many names are found as quickly without a map.
const fewNames = 8

// of returns what asks for a literal method.
func (c *column) of(method string) []ref {
	if i := c.find(method); i >= 0 {
		return c.exact[i].refs
	}
	return nil
}

func (c *column) find(method string) int {
	if c.by == nil {
		return slices.IndexFunc(c.exact, func(n named) bool { return n.method == method })
	}
	if i, ok := c.by[method]; ok {
		return i
	}
	return -1
}

func (c *column) add(r ref) {
	c.all = append(c.all, r)
	if !r.method.literal() {
		c.open = append(c.open, r)
		return
	}
	i := c.find(r.method.text)
	if i >= 0 {
		c.exact[i].refs = append(c.exact[i].refs, r)
		return
	}
	c.exact = append(c.exact, named{r.method.text, []ref{r}})
	switch n := len(c.exact); {
	case c.by != nil:
		c.by[r.method.text] = n - 1
	case n > fewNames:
		c.by = make(map[string]int, 2*n)
		for i := range c.exact {
			c.by[c.exact[i].method] = i
		}
	}
}

// place is one cell of the grid. Lists holds for each side the units that take
// calls there as far as their paths go, in order and up to the first that asks
// nothing more.
type place struct {
	service, method int // atoms
	methods         *dimension
	lists           [][]*unit
	at              [][]int // positions in the sides' lists
}

func (x *engine) grid(lists ...[]unit) (*grid, error) {
	g := &grid{x: x, cells: x.budget.Cells, bands: map[int]*band{}}
	var by []*language
	for _, units := range lists {
		s := &side{units: units, exact: map[string]*column{}, byWide: map[int]*column{}}
		for i := range units {
			for _, r := range units[i].paths {
				by = append(by, r.service)
				s.file(i, r)
			}
		}
		g.sides = append(g.sides, s)
	}
	var err error
	g.services, err = x.names.service.dimension(by)
	return g, err
}

func (s *side) file(at int, r rectangle) {
	if !r.service.literal() {
		s.wide = append(s.wide, wideRef{ref{at, r.method}, r.service})
		return
	}
	c := s.exact[r.service.text]
	if c == nil {
		c = &column{}
		s.exact[r.service.text] = c
	}
	c.add(ref{at, r.method})
}

// columns returns what a side has for a service: what names it, nil when nothing
// does, and what takes it among others.
func (g *grid) columns(s *side, service int) (own, wide *column) {
	d := g.services
	var group int
	if service < len(d.points) {
		own, group = s.exact[d.points[service]], d.groupOf(d.points[service])
	} else {
		group = d.groups[service-len(d.points)]
	}
	wide, ok := s.byWide[group]
	if !ok {
		wide = &column{}
		for _, w := range s.wide {
			if l := w.service; !l.regex() || d.prod.groups[group].accepts.has(slices.Index(d.prod.parts, l)) {
				wide.add(w.ref)
			}
		}
		s.byWide[group] = wide
	}
	return own, wide
}

// band is the columns of all sides for one service, with the methods they tell
// apart.
type band struct {
	service int
	methods *dimension
	columns [][2]*column // own (never nil here) and wide, by side
}

func (g *grid) band(service int) (*band, error) {
	if b, ok := g.bands[service]; ok {
		return b, nil
	}
	b := &band{service: service}
	var by []*language
	for _, s := range g.sides {
		own, wide := g.columns(s, service)
		if own == nil {
			own = &column{}
		}
		b.columns = append(b.columns, [2]*column{own, wide})
		for _, c := range [2]*column{own, wide} {
			for i := range c.exact {
				by = append(by, c.exact[i].refs[0].method)
			}
			for _, r := range c.open {
				by = append(by, r.method)
			}
		}
	}
	var err error
	if b.methods, err = g.x.names.method.dimension(by); err != nil {
		return nil, err
	}
	g.bands[service] = b
	return b, nil
}

// place settles one method of a band. The method atom is in the language of every
// unit that it lists.
func (g *grid) place(b *band, method int) (*place, error) {
	if g.cells--; g.cells < 0 {
		return nil, &limitError{"sets of services and methods", g.x.budget.Cells}
	}
	if err := g.x.clock.over(); err != nil {
		return nil, err
	}
	p := &place{service: b.service, method: method, methods: b.methods}
	for i, s := range g.sides {
		list, at := s.collect(b.columns[i], b.methods, method, (*unit).always)
		p.lists, p.at = append(p.lists, list), append(p.at, at)
	}
	return p, nil
}

// collect merges what two columns have for a method, in order, up to the first
// unit that is the last to matter.
func (s *side) collect(cols [2]*column, methods *dimension, method int, last func(*unit) bool) (list []*unit, at []int) {
	var lanes [4][]ref
	for i, c := range cols {
		if method < len(methods.points) {
			lanes[2*i] = c.of(methods.points[method])
		}
		lanes[2*i+1] = c.open
	}
	for {
		best := -1
		for i := range lanes {
			for len(lanes[i]) > 0 && i&1 == 1 && !methods.takes(lanes[i][0].method, method) {
				lanes[i] = lanes[i][1:]
			}
			if len(lanes[i]) > 0 && (best < 0 || lanes[i][0].at < lanes[best][0].at) {
				best = i
			}
		}
		if best < 0 {
			return list, at
		}
		r := lanes[best][0]
		lanes[best] = lanes[best][1:]
		u := &s.units[r.at]
		list, at = append(list, u), append(at, r.at)
		if last(u) {
			return list, at
		}
	}
}

// path returns a path of the place.
func (g *grid) path(p *place) string {
	return "/" + g.services.words[p.service] + "/" + p.methods.words[p.method]
}
