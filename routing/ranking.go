package routing

import (
	"slices"
	"sync"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// classes divides a host's entries, in its own order, into those that every
// profile ranks alike, so that each class is ranked once. It is made once for all
// profiles, of the memory of the one before.
type classes struct {
	entries []*Entry
	known   map[class]int32
	of      []int32 // the class of each entry
	first   []int32 // the first entry of each class
	// Room for one ranking after the other.
	ranking ranking
	units   []profile.Unit
	rows    map[ruleHost]int32
	row     []int32
	over    [][]profile.Unit
}

// classesPool holds classes that are not in use.
var classesPool = sync.Pool{New: func() any {
	return &classes{known: map[class]int32{}, rows: map[ruleHost]int32{}}
}}

// mostKept is the number of entries up to which the memory of classes is kept.
const mostKept = 1024

// release gives classes back. What holds on to them is no longer valid.
func (c *classes) release() {
	if len(c.entries) > mostKept {
		return
	}
	c.entries, c.ranking.entries = nil, nil
	clear(c.known)
	clear(c.rows)
	classesPool.Put(c)
}

// class is what the rank of an exact match with a service depends on: each form
// of a path counts the characters of the names, never which they are.
type class struct {
	host, own       string
	service, method int // characters
	hasMethod       bool
	headers, exact  int
}

func (c *classes) classify(entries []*Entry) {
	c.entries, c.of, c.first = entries, c.of[:0], c.first[:0]
	for i, e := range entries {
		k, ok := e.class()
		n, seen := c.known[k]
		if !ok || !seen {
			n = int32(len(c.first))
			c.first = append(c.first, int32(i))
		}
		if ok {
			c.known[k] = n
		}
		c.of = append(c.of, n)
	}
}

// class returns an entry's class, or reports that it is one of its own.
func (e *Entry) class() (class, bool) {
	m := e.method()
	if m == nil || m.Regex || m.Service == nil || *m.Service == "" {
		return class{}, false
	}
	k := class{host: e.Host.Name, own: e.Host.Own, service: len(*m.Service), headers: e.Unit.Headers, exact: e.Unit.ExactHeaders}
	if k.hasMethod = m.Method != nil; k.hasMethod {
		k.method = len(*m.Method)
	}
	return k, true
}

// ranking is entries with the keys of a profile: rows of a table, of which entries
// that rank alike share one.
type ranking struct {
	p       *profile.Precedence
	entries []*Entry
	row     []int32 // of each entry
	keys    []int   // width for each row
	width   int
}

// rank finds the keys of a profile. They hold until the next ranking of the same
// classes.
func rank(p *profile.Profile, c *classes) *ranking {
	r := &c.ranking
	r.p, r.entries, r.row, r.keys, r.width = &p.Precedence, c.entries, c.of, r.keys[:0], len(p.Precedence.Order())
	c.units = c.units[:0]
	for _, i := range c.first {
		c.units = append(c.units, rankedUnit(p, c.entries[i]))
	}
	if p.Precedence.PerRule {
		r.byRule(c)
		return r
	}
	r.keys = slices.Grow(r.keys, r.width*len(c.units))
	for n := range c.units {
		r.add(c.units[n : n+1])
	}
	return r
}

// byRule ranks each rule of a hostname as one, by the classes of its entries.
func (r *ranking) byRule(c *classes) {
	clear(c.rows)
	c.row, c.over = c.row[:0], c.over[:0]
	for i, e := range c.entries {
		key := ruleHost{e.Rule, e.Host.Name}
		n, ok := c.rows[key]
		own := c.units[c.of[i] : c.of[i]+1 : c.of[i]+1]
		if ok {
			c.over[n] = append(c.over[n], own[0])
		} else {
			n = int32(len(c.over))
			c.rows[key] = n
			c.over = append(c.over, own)
		}
		c.row = append(c.row, n)
	}
	r.row, r.keys = c.row, slices.Grow(r.keys, r.width*len(c.over))
	for _, us := range c.over {
		r.add(us)
	}
}

// add appends a row.
func (r *ranking) add(over []profile.Unit) {
	for _, criterion := range r.p.Order() {
		r.keys = append(r.keys, criterion.Of(over))
	}
}

func (r *ranking) key(i int) []int {
	n := int(r.row[i])
	return r.keys[n*r.width : (n+1)*r.width : (n+1)*r.width]
}

// compare is precedes for two entries by position.
func (r *ranking) compare(i, j int) int {
	return precedesBy(r.p, r.entries[i], r.entries[j], r.key(i), r.key(j))
}

type ruleHost struct {
	rule *topology.Rule
	host string
}
