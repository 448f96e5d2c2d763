package manifest

import "github.com/grpcroute/grpcroute/diag"

// Range returns where the value at a path stands. When the path leads to
// nothing, the range is that of the deepest part that exists (its key, for a
// mapping), so that a missing field is reported where it is missing; an item of
// a list has its dash for a key. A field that came through an alias or a merge
// key stands where it is written.
func (d *Document) Range(path ...any) diag.Range {
	t, p, found := d.locate(path)
	switch {
	case t == nil:
		return d.whole()
	case found:
		return d.src.span(t, t.resolve(p.value))
	}
	return d.src.nearest(t, p)
}

// KeyRange returns where the last key of a path stands, as for a field that
// should not be there at all.
func (d *Document) KeyRange(path ...any) diag.Range {
	t, p, found := d.locate(path)
	switch {
	case t == nil:
		return d.whole()
	case found && p.key != none:
		return d.src.span(t, p.key)
	}
	return d.src.nearest(t, p)
}

// Text returns the source text of the scalar at a path as the author wrote it,
// quotes and tag included, and whether there is one. It explains values that
// YAML 1.1 reads in another way than their author ("y", 0o17, 1e3).
func (d *Document) Text(path ...any) (string, bool) {
	t, p, found := d.locate(path)
	if t == nil || !found {
		return "", false
	}
	n := t.nodes[t.resolve(p.value)]
	if n.kind != scalarNode {
		return "", false
	}
	return string(d.src.file.Data[n.start:n.end]), true
}

// Comment returns the comment text attached to the node at a path (head, line
// and foot comments joined by newlines, without "#"), or "".
func (d *Document) Comment(path ...any) string {
	t, p, found := d.locate(path)
	if t == nil || !found {
		return ""
	}
	comment := t.comments[p.value]
	if p.key == none || t.comments[p.key] == "" {
		return comment
	}
	if comment == "" {
		return t.comments[p.key]
	}
	return t.comments[p.key] + "\n" + comment
}

// locate finds a path. The tree is nil for a document without positions.
func (d *Document) locate(path Path) (t *tree, p place, found bool) {
	if d.src == nil {
		return nil, place{}, false
	}
	if t = d.src.positions(); t == nil {
		return nil, place{}, false
	}
	p = t.find(d.base, path)
	return t, p, p.depth == len(d.base)+len(path)
}

// whole is the range of a document whose parts have none.
func (d *Document) whole() diag.Range {
	switch {
	case d.src != nil:
		return d.src.begin()
	case d.File != nil:
		return diag.Range{File: d.File.Name}
	}
	return diag.Range{}
}

// nearest returns the range that stands for a place where something is missing:
// the scalar in the way, the key of the collection, the dash of a list item, or
// the first key of the document.
func (s *source) nearest(t *tree, p place) diag.Range {
	n := t.resolve(p.value)
	value := t.nodes[n]
	switch {
	case value.kind == scalarNode && value.end > value.start:
		return s.span(t, n)
	case p.key != none:
		return s.span(t, p.key)
	case p.depth == 0 && value.child != none:
		return s.span(t, value.child)
	}
	start := int(t.nodes[p.value].start)
	if dash := s.dashBefore(start); dash >= 0 {
		return s.file.span(dash, dash+1)
	}
	return s.file.span(start, min(start+1, s.end))
}

// dashBefore returns the dash of the list item whose content starts at an
// offset, or -1 in a flow sequence. An anchor may stand between the two.
func (s *source) dashBefore(at int) int {
	text := s.file.Data
	for i := at - 1; i >= s.start; i-- {
		switch text[i] {
		case ' ', '\t', '\n', '\r':
			continue
		case '-':
			return i
		}
		for i > s.start && !isSpace(text[i-1]) {
			i--
		}
		if text[i] != '&' {
			break
		}
	}
	return -1
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// Extent returns the text of the object from its first key to its end.
func (d *Document) Extent() diag.Range {
	t, p, found := d.locate(nil)
	if t == nil || !found {
		return d.whole()
	}
	return d.src.span(t, t.resolve(p.value))
}
