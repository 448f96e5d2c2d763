package prove

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// Box is one element of an ordered list by which something routes that is no
// [routing.Table]: the calls that satisfy all its conditions, and what happens to
// them.
type Box struct {
	// Entry, when set, is an entry of a table that asks for what the box asks for;
	// Paths and Headers are then not looked at.
	Entry   *routing.Entry
	Paths   []PathCondition
	Headers []HeaderCondition
	Effect  *Effect
	// Unknown says why it is not known which of these calls the box takes, or what
	// happens to them; "" when both are.
	Unknown string
}

// HeaderCondition is a condition on one header. A header that is not there satisfies
// it only with Absent.
type HeaderCondition struct {
	Name   string // lower case
	Value  routing.Pattern
	Not    bool // a value that is there must not be taken by Value
	Absent bool
	Each   bool // as in [routing.HeaderPattern]
}

// List is what the calls to some host consult: the first box that takes a call
// decides. Calls that none takes get Miss.
type List struct {
	Boxes []Box
	Miss  *Effect

	units []unit
}

// Open is a set of calls of which it is not known whether both sides treat them
// alike.
type Open struct {
	Why    string
	Region *Region // nil for all calls
}

// Comparison compares lists of boxes. What lists have in common is worked out once.
type Comparison struct {
	x    *engine
	stop context.CancelFunc
}

// NewComparison prepares for comparing lists. Close ends it. Its time begins here.
func NewComparison(ctx context.Context, o Options) *Comparison {
	budget := o.Budget.filled()
	ctx, cancel := context.WithTimeout(ctx, budget.Time)
	x := newEngine(ctx, budget)
	x.equal = map[string]*shape{}
	for _, ls := range []*languages{x.names.service, x.names.method, x.values} {
		ls.canonical = true
	}
	return &Comparison{x, cancel}
}

// Close frees what the comparison holds.
func (c *Comparison) Close() { c.stop() }

// Compare finds the calls that two lists treat differently, as regions without
// Where and Hosts whose witnesses have a path and headers. The error is that time is
// up.
func (c *Comparison) Compare(old, new *List) (regions []*Region, open []Open, err error) {
	if err := c.x.clock.now(); err != nil {
		return nil, nil, err
	}
	a, b := c.units(old), c.units(new)
	misses := []int{c.x.number(old.Miss), c.x.number(new.Miss)}
	if sameUnits(a, b) && misses[0] == misses[1] {
		return nil, nil, nil
	}
	div := &divider{x: c.x, equal: true, misses: misses}
	div.unknown = func(why string) {
		if !slices.ContainsFunc(open, func(o Open) bool { return o.Why == why }) {
			open = append(open, Open{Why: why})
		}
	}
	div.key = func(owners []*unit) string { return differs(owners, misses) }
	sections, err := div.divide(a, b)
	if limit := (*limitError)(nil); errors.As(err, &limit) {
		div.unknown(err.Error())
		err = nil
	}
	for _, s := range sections {
		r := s.region(&view{})
		effects := []*Effect{old.Miss, new.Miss}
		for i, u := range s.owners {
			if u != nil && u.box.Effect != nil {
				effects[i] = u.box.Effect
			}
		}
		r.Old, r.New = effects[0], effects[1]
		if why, ok := strings.CutPrefix(s.key, unknownKey); ok {
			open = append(open, Open{why, r})
			continue
		}
		r.id = strings.Join([]string{s.serviceKey(), s.method, strings.Join(s.headers, "\x00"), r.Old.key, r.New.key}, "\x01")
		regions = append(regions, r)
	}
	return regions, open, err
}

// Same is equal for regions that differ in nothing but where their calls are made.
func (r *Region) Same() string { return r.id }

// unknownKey begins the keys of sections that stay open.
const unknownKey = "?"

// differs says how the owners of a call differ, "" when they do not.
func differs(owners []*unit, misses []int) string {
	var effects [2]int
	for i, u := range owners {
		effects[i] = misses[i]
		switch {
		case u == nil:
		case u.unread != "":
			return unknownKey + u.unread
		case u.box.Unknown != "":
			return unknownKey + u.box.Unknown
		default:
			effects[i] = u.effect
		}
	}
	if effects[0] == effects[1] {
		return ""
	}
	return fmt.Sprintf("%d %d", effects[0], effects[1])
}

// units makes the units of a list, once. Boxes that take no call are left out.
func (c *Comparison) units(l *List) []unit {
	if l.units != nil {
		return l.units
	}
	l.units = make([]unit, 0, len(l.Boxes))
	for i := range l.Boxes {
		b := &l.Boxes[i]
		u := unit{entry: b.Entry, box: b}
		if b.Entry != nil {
			u.shape = c.x.shape(b.Entry)
		} else {
			u.shape = c.x.boxShape(b)
		}
		if u.never != "" {
			continue
		}
		if b.Unknown == "" {
			u.effect = c.x.number(b.Effect)
		} else {
			u.effect = -1 - c.x.opened // like no other
			c.x.opened++
		}
		l.units = append(l.units, u)
	}
	return l.units
}

// boxShape compiles the conditions of a box.
func (x *engine) boxShape(b *Box) *shape {
	key := fmt.Sprintf("box %v %v", b.Paths, b.Headers)
	s, ok := x.byText[key]
	if !ok {
		s = &shape{id: len(x.byText)}
		if err := x.fillBox(s, b); err != nil {
			s.unread, s.paths, s.headers = err.Error(), []rectangle{{&language{}, &language{}}}, nil
		}
		s = x.unify(s)
		x.byText[key] = s
	}
	return s
}

func (x *engine) fillBox(s *shape, b *Box) (err error) {
	if s.paths, err = x.names.pathsOf(b.Paths); err != nil {
		return err
	}
	if len(s.paths) == 0 {
		s.never = "no path of a gRPC call is in its language"
	}
	for i := range b.Headers {
		cond, err := x.boxHeader(&b.Headers[i])
		if err != nil {
			return err
		}
		if cond != nil && !slices.Contains(s.headers, cond) {
			s.headers = append(s.headers, cond)
		}
	}
	if s.never == "" {
		s.never, s.contradictory = x.contradiction(s.headers)
	}
	return nil
}

// boxHeader returns a header condition, nil for one that always holds.
func (x *engine) boxHeader(h *HeaderCondition) (*headerCond, error) {
	value, err := x.values.of(h.Value)
	if err == nil && h.Not {
		value, err = x.values.not(value)
	}
	if err != nil {
		return nil, err
	}
	if h.Absent && value.kind == routing.AnyText {
		return nil, nil
	}
	return x.oneHeader(&headerCond{name: h.Name, value: value, each: h.Each, absent: h.Absent}), nil
}

// oneHeader returns the condition that is there already for an equal one.
func (x *engine) oneHeader(c *headerCond) *headerCond {
	key := fmt.Sprintf("%s\x00%d %t %t", c.name, c.value.id, c.each, c.absent)
	if old, ok := x.headers[key]; ok {
		return old
	}
	c.id = len(x.headers)
	x.headers[key] = c
	return c
}

// unify returns the shape that is there already for an equal one, where equal
// languages are one.
func (x *engine) unify(s *shape) *shape {
	if x.equal == nil || s.unread != "" || s.never != "" {
		return s
	}
	var b []byte
	for _, r := range s.paths {
		b = appendInt(appendInt(b, int32(r.service.id)), int32(r.method.id))
	}
	b = append(b, ':')
	for _, h := range slices.SortedFunc(slices.Values(s.headers), func(a, b *headerCond) int { return cmp.Compare(a.id, b.id) }) {
		b = appendInt(b, int32(h.id))
	}
	if old, ok := x.equal[string(b)]; ok {
		return old
	}
	x.equal[string(b)] = s
	return s
}
