package prove

import (
	"context"
	"slices"
	"strconv"

	"github.com/grpcroute/grpcroute/routing"
)

// unit is one live entry of an ordered list, as a union of boxes.
type unit struct {
	entry *routing.Entry
	*shape
	effect int  // number of its effect
	box    *Box // that it was made of, nil for an entry of a table
}

// shape is what an entry asks, made once for all hosts that it stands under.
type shape struct {
	id      int // equal for equal conditions
	paths   []rectangle
	headers []*headerCond
	// unread is why the calls that the entry takes are not known: a limit, or a
	// pattern of a dialect that cannot be read here.
	unread string
	never  string // why it takes no call at all
	// contradictory: because header conditions exclude each other.
	contradictory bool
}

// always reports whether a unit takes every call of a place that it is listed at.
func (s *shape) always() bool { return len(s.headers) == 0 && s.unread == "" }

// headerCond is a header condition; equal ones are one.
type headerCond struct {
	id    int
	name  string
	value *language
	each  bool
	// absent: one that is not there satisfies it, too.
	absent bool
}

// engine makes units and what they are made of, each once. It serves one proof,
// over one table or several.
type engine struct {
	budget  Budget
	clock   clock
	names   *names
	values  *languages
	shapes  map[any]*shape // by [routing.Entry.Asks]
	byText  map[string]*shape
	headers map[string]*headerCond
	dims    map[string]*headerDim
	effects map[*routing.Action]int
	numbers map[string]int
	list    []*Effect // by number
	// blind: only who takes a call counts, not what happens to it; all effects are 0.
	blind bool
	// equal holds one shape for all that ask the same, where equal languages are one.
	equal map[string]*shape
	// opened counts boxes of which not all is known.
	opened int
}

func newEngine(ctx context.Context, b Budget) *engine {
	e := &engine{
		budget:  b.filled(),
		clock:   clock{ctx: ctx},
		shapes:  map[any]*shape{},
		byText:  map[string]*shape{},
		headers: map[string]*headerCond{},
		dims:    map[string]*headerDim{},
		effects: map[*routing.Action]int{},
		numbers: map[string]int{},
	}
	e.names = newNames(&e.budget)
	e.values = newLanguages(valueChars, false, "other", &e.budget)
	return e
}

// units returns the live entries of a host, in order.
func (x *engine) units(h *routing.Host) []unit {
	if h == nil {
		return nil
	}
	return x.unitsOf(h.Entries)
}

func (x *engine) unitsOf(entries []*routing.Entry) []unit {
	us := make([]unit, 0, len(entries))
	for _, e := range entries {
		if e.Dead != "" && !e.Opaque() {
			continue
		}
		us = append(us, unit{entry: e, shape: x.shape(e), effect: x.effect(e)})
	}
	return us
}

// shape compiles an entry's conditions.
func (x *engine) shape(e *routing.Entry) *shape {
	asks := e.Asks()
	if s, ok := x.shapes[asks]; ok {
		return s
	}
	c := e.Conditions()
	if x.blind { // nobody compares shapes, and most conditions occur once
		s := x.newShape(e, &c, len(x.shapes))
		x.shapes[asks] = s
		return s
	}
	key := conditionsKey(&c, e.Opaque())
	s, ok := x.byText[key]
	if !ok {
		s = x.newShape(e, &c, len(x.byText))
		x.byText[key] = s
	}
	s = x.unify(s)
	x.shapes[asks] = s
	return s
}

func (x *engine) newShape(e *routing.Entry, c *routing.Conditions, id int) *shape {
	s := &shape{id: id}
	if e.Opaque() {
		s.unread = e.Dead
	} else if err := x.fill(s, c); err != nil {
		s.unread = err.Error()
	}
	if s.unread != "" {
		s.paths, s.headers = []rectangle{{&language{}, &language{}}}, nil
	}
	return s
}

// fill makes a shape; the error is a limit.
func (x *engine) fill(s *shape, c *routing.Conditions) (err error) {
	if s.paths, err = x.names.rectangles(c); err != nil {
		return err
	}
	if len(s.paths) == 0 {
		s.never = "no path of a gRPC call is in its language"
	}
	for _, h := range c.Headers {
		cond, err := x.header(h)
		if err != nil {
			return err
		}
		if !slices.Contains(s.headers, cond) {
			s.headers = append(s.headers, cond)
		}
	}
	if s.never == "" {
		s.never, s.contradictory = x.contradiction(s.headers)
	}
	return nil
}

// contradiction says why header conditions can never hold together, "" when they
// can.
func (x *engine) contradiction(hs []*headerCond) (why string, contradictory bool) {
	for _, h := range hs {
		if h.value.kind == routing.NoText && !h.absent {
			return "header " + strconv.Quote(h.name) + " can never have a value that it takes", false
		}
		d, err := x.headerDim(sameName(hs, h.name), 1)
		if err != nil || h.each {
			continue
		}
		set := d.all
		for _, o := range sameName(hs, h.name) {
			set = set.and(d.sets[o.id])
		}
		if set.empty() {
			return "its conditions on header " + strconv.Quote(h.name) + " contradict each other", true
		}
	}
	return "", false
}

func sameName(hs []*headerCond, name string) []*headerCond {
	var out []*headerCond
	for _, h := range hs {
		if h.name == name {
			out = append(out, h)
		}
	}
	return out
}

// header returns a header condition.
func (x *engine) header(h routing.HeaderPattern) (*headerCond, error) {
	key := h.Name + "\x00" + strconv.Itoa(int(h.Value.Kind)) + strconv.FormatBool(h.Each) + h.Value.Text
	if c, ok := x.headers[key]; ok {
		return c, nil
	}
	value, err := x.values.of(h.Value)
	if err != nil {
		return nil, err
	}
	c := &headerCond{id: len(x.headers), name: h.Name, value: value, each: h.Each}
	if x.equal != nil {
		c = x.oneHeader(c)
	}
	x.headers[key] = c
	return c, nil
}

// effect numbers what happens to an entry's calls.
func (x *engine) effect(e *routing.Entry) int {
	if x.blind {
		return 0
	}
	if n, ok := x.effects[e.Action]; ok {
		return n
	}
	n := x.number(actionEffect(e))
	x.effects[e.Action] = n
	return n
}

func (x *engine) number(e *Effect) int {
	n, ok := x.numbers[e.key]
	if !ok {
		n = len(x.list)
		x.numbers[e.key] = n
		x.list = append(x.list, e)
	}
	return n
}

func conditionsKey(c *routing.Conditions, opaque bool) string {
	var b []byte
	pattern := func(p *routing.Pattern) {
		b = append(b, byte(p.Kind))
		b = appendInt(b, int32(len(p.Text)))
		b = append(b, p.Text...)
	}
	pattern(&c.Service)
	pattern(&c.Method)
	pattern(&c.Path)
	for i := range c.Headers {
		h := &c.Headers[i]
		pattern(&routing.Pattern{Text: h.Name})
		pattern(&h.Value)
		b = strconv.AppendBool(b, h.Each)
	}
	return string(strconv.AppendBool(b, opaque))
}

// asksNoMore reports whether each header condition of a unit is one of another's,
// too: where the paths of both meet it takes all that the other takes.
func (u *unit) asksNoMore(o *unit) bool {
	return !slices.ContainsFunc(u.headers, func(h *headerCond) bool { return !slices.Contains(o.headers, h) })
}

// same reports whether two units are one match.
func (u *unit) same(o *unit) bool {
	return u.entry.Rule == o.entry.Rule && u.entry.Match == o.entry.Match
}

// holdsPaths reports whether the paths of another unit are plainly among a unit's.
func (u *unit) holdsPaths(o *unit) bool {
	return !slices.ContainsFunc(o.paths, func(r rectangle) bool {
		return !slices.ContainsFunc(u.paths, func(q rectangle) bool { return q.service.holds(r.service) && q.method.holds(r.method) })
	})
}

// holds reports whether another language is plainly within l.
func (l *language) holds(o *language) bool {
	return l.kind == routing.AnyText || l == o || o.literal() && l.takes(o.text)
}
