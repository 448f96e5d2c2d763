package crdbin

import (
	"errors"
	"strings"
)

// Reader reads an artifact. Opening one reads only the lengths of the entries.
type Reader struct {
	tables [4]struct {
		data string
		ends []int
	}
}

// Open reads the outline of an artifact.
func Open(data string) (*Reader, error) {
	rest, ok := strings.CutPrefix(data, Magic)
	if !ok {
		return nil, errors.New("read definitions: not an artifact of this format")
	}
	r := &Reader{}
	for i := range r.tables {
		t := &r.tables[i]
		c := Cursor{s: rest}
		t.ends = make([]int, c.Uint())
		sum := 0
		for k := range t.ends {
			sum += int(c.Uint())
			t.ends[k] = sum
		}
		if len(c.s) < sum {
			return nil, errors.New("read definitions: the artifact is cut off")
		}
		t.data, rest = c.s[:sum], c.s[sum:]
	}
	return r, nil
}

func (r *Reader) entry(table int, i uint64) string {
	t := &r.tables[table]
	start := 0
	if i > 0 {
		start = t.ends[i-1]
	}
	return t.data[start:t.ends[i]]
}

// String returns an entry of the string table.
func (r *Reader) String(i uint64) string { return r.entry(0, i) }

// Rule returns a cursor over a rule.
func (r *Reader) Rule(i uint64) *Cursor { return &Cursor{r: r, s: r.entry(1, i)} }

// Node returns a cursor over a schema node.
func (r *Reader) Node(i uint64) *Cursor { return &Cursor{r: r, s: r.entry(2, i)} }

// Releases returns a cursor over each release.
func (r *Reader) Releases() []*Cursor {
	out := make([]*Cursor, len(r.tables[3].ends))
	for i := range out {
		out[i] = &Cursor{r: r, s: r.entry(3, uint64(i))}
	}
	return out
}

// Rules and Nodes return the sizes of their tables.
func (r *Reader) Rules() int { return len(r.tables[1].ends) }

// Nodes returns the size of the node table.
func (r *Reader) Nodes() int { return len(r.tables[2].ends) }

// Cursor reads one entry from its start to its end.
type Cursor struct {
	r *Reader
	s string
}

// Uint reads a number.
func (c *Cursor) Uint() uint64 {
	var v uint64
	for shift := 0; len(c.s) > 0; shift += 7 {
		b := c.s[0]
		c.s = c.s[1:]
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			break
		}
	}
	return v
}

// Int reads a signed number.
func (c *Cursor) Int() int64 {
	u := c.Uint()
	return int64(u>>1) ^ -int64(u&1)
}

// Text reads a text.
func (c *Cursor) Text() string { return c.r.String(c.Uint()) }

// Texts reads a count and that many texts.
func (c *Cursor) Texts() []string {
	out := make([]string, c.Uint())
	for i := range out {
		out[i] = c.Text()
	}
	return out
}
