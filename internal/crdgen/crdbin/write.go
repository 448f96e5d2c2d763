package crdbin

import "encoding/binary"

// Entry is one entry of a table while it is written.
type Entry struct{ b []byte }

// Uint appends a number.
func (e *Entry) Uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }

// Int appends a signed number.
func (e *Entry) Int(v int64) { e.b = binary.AppendVarint(e.b, v) }

// Append appends what another entry holds.
func (e *Entry) Append(o *Entry) { e.b = append(e.b, o.b...) }

// Table collects entries and gives equal ones the same index.
type Table struct {
	entries []string
	index   map[string]uint64
}

// Add returns the index of an entry, adding it when it is new.
func (t *Table) Add(entry string) uint64 {
	if i, ok := t.index[entry]; ok {
		return i
	}
	if t.index == nil {
		t.index = map[string]uint64{}
	}
	i := uint64(len(t.entries))
	t.index[entry] = i
	t.entries = append(t.entries, entry)
	return i
}

// Len returns how many entries there are.
func (t *Table) Len() int { return len(t.entries) }

// Writer collects the four tables of an artifact.
type Writer struct {
	Strings, Rules, Nodes, Releases Table
}

// Text appends a text to an entry.
func (w *Writer) Text(e *Entry, s string) { e.Uint(w.Strings.Add(s)) }

// Texts appends a count and that many texts.
func (w *Writer) Texts(e *Entry, list []string) {
	e.Uint(uint64(len(list)))
	for _, s := range list {
		w.Text(e, s)
	}
}

// Rule, Node and Release add an entry to their table.
func (w *Writer) Rule(e *Entry) uint64 { return w.Rules.Add(string(e.b)) }

// Node adds a schema node.
func (w *Writer) Node(e *Entry) uint64 { return w.Nodes.Add(string(e.b)) }

// Release adds a release.
func (w *Writer) Release(e *Entry) uint64 { return w.Releases.Add(string(e.b)) }

// Bytes returns the artifact.
func (w *Writer) Bytes() []byte {
	out := []byte(Magic)
	for _, t := range []*Table{&w.Strings, &w.Rules, &w.Nodes, &w.Releases} {
		out = binary.AppendUvarint(out, uint64(len(t.entries)))
		for _, e := range t.entries {
			out = binary.AppendUvarint(out, uint64(len(e)))
		}
		for _, e := range t.entries {
			out = append(out, e...)
		}
	}
	return out
}
