package routing

import (
	"slices"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// classes divides a host's entries, in its own order, into those that every
// profile ranks alike, so that each class is ranked once. It is made once for all
// profiles.
type classes struct {
	entries []*Entry
	of      []int32 // the class of each entry
	first   []int32 // the first entry of each class
	// Room for one ranking after the other.
	units []profile.Unit
	keys  []int
}

// class is what the rank of an exact match with a service depends on: each form
// of a path counts the characters of the names, never which they are.
type class struct {
	host, own       string
	service, method int // characters
	hasMethod       bool
	headers, exact  int
}

func classify(entries []*Entry) *classes {
	c := &classes{entries: entries, of: make([]int32, len(entries))}
	known := map[class]int32{}
	for i, e := range entries {
		k, ok := e.class()
		n, seen := known[k]
		if !ok || !seen {
			n = int32(len(c.first))
			c.first = append(c.first, int32(i))
		}
		if ok {
			known[k] = n
		}
		c.of[i] = n
	}
	return c
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
	r := &ranking{p: &p.Precedence, entries: c.entries, row: c.of, width: len(p.Precedence.Order())}
	c.units = c.units[:0]
	for _, i := range c.first {
		c.units = append(c.units, rankedUnit(p, c.entries[i]))
	}
	r.keys = c.keys[:0]
	if p.Precedence.PerRule {
		r.byRule(c)
	} else {
		r.keys = slices.Grow(r.keys, r.width*len(c.units))
		for n := range c.units {
			r.add(c.units[n : n+1])
		}
	}
	c.keys = r.keys
	return r
}

// byRule ranks each rule of a hostname as one, by the classes of its entries.
func (r *ranking) byRule(c *classes) {
	rows := make(map[ruleHost]int32, len(c.entries))
	r.row = make([]int32, len(c.entries))
	over := make([][]profile.Unit, 0, len(c.entries))
	for i, e := range c.entries {
		key := ruleHost{e.Rule, e.Host.Name}
		n, ok := rows[key]
		own := c.units[c.of[i] : c.of[i]+1 : c.of[i]+1]
		if ok {
			over[n] = append(over[n], own[0])
		} else {
			n = int32(len(over))
			rows[key] = n
			over = append(over, own)
		}
		r.row[i] = n
	}
	r.keys = slices.Grow(r.keys, r.width*len(over))
	for _, us := range over {
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
