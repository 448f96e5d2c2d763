package manifest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
)

// Edits writes changes of the object's value as edits of its text. They touch
// nothing else: comments, order, quotes and line ends of other lines stay. A
// comment on a line that is removed goes with it; so do comment lines directly
// above, unless what is removed is the first of its siblings, and lines below
// that are indented more. The error says why there is no safe edit, as for a
// field that an alias or a merge key brings in.
func (d *Document) Edits(changes []Change) ([]diag.Edit, error) {
	if d.src == nil {
		return nil, errors.New("the object has no text")
	}
	t := d.src.positions()
	if t == nil {
		return nil, errors.New("the text of the document has no positions")
	}
	e := &editor{src: d.src, text: d.src.file.Data, tree: t, base: d.base, eol: "\n"}
	if i := bytes.IndexByte(e.text, '\n'); i > 0 && e.text[i-1] == '\r' {
		e.eol = "\r\n"
	}
	e.leaving(changes)
	var out []diag.Edit
	for _, c := range changes {
		edit, err := e.change(c)
		if err != nil {
			return nil, err
		}
		out = append(out, edit)
	}
	return out, nil
}

// editor makes the edits of one document.
type editor struct {
	src    *source
	text   []byte
	tree   *tree
	base   Path
	eol    string
	shared []int32        // nodes that aliases stand for
	leaves map[int32]bool // keys that are removed, so that others may have their name
}

// leaving notes the keys that changes remove.
func (e *editor) leaving(changes []Change) {
	for _, c := range changes {
		if c.op != removeOp {
			continue
		}
		if s, err := e.find(append(e.base[:len(e.base):len(e.base)], c.path...)); err == nil && s.key != none {
			if e.leaves == nil {
				e.leaves = map[int32]bool{}
			}
			e.leaves[s.key] = true
		}
	}
}

// step is a value in its place: a mapping's or a sequence's child.
type step struct {
	parent, key, value int32 // key is none in a sequence and at the root
	prev, next         int32 // the sibling's value before it, and the key or item after it
	flow               bool  // it stands between braces or brackets
}

func (e *editor) change(c Change) (diag.Edit, error) {
	if c.op == besideOp {
		return e.addDocument(c)
	}
	path := append(e.base[:len(e.base):len(e.base)], c.path...)
	if len(path) == 0 {
		return e.cutDocument()
	}
	if c.op == appendOp {
		list, err := e.find(path)
		if err != nil {
			return diag.Edit{}, err
		}
		return e.appendItem(list, c)
	}
	s, err := e.find(path)
	var absent *absentError
	switch {
	case err == nil:
	case c.op == putOp && errors.As(err, &absent) && absent.depth == len(path)-1:
		return e.insertKey(absent.in, c)
	default:
		return diag.Edit{}, err
	}
	switch c.op {
	case putOp:
		return e.replace(s, c)
	case renameOp:
		return e.rename(s, c)
	}
	edit, err := e.cut(s)
	if err == nil && c.comments {
		edit = e.keep(edit)
	}
	return edit, err
}

// absentError tells that a path ends early.
type absentError struct {
	path  Path
	depth int  // elements found
	in    step // the last of them
}

func (e *absentError) Error() string { return fmt.Sprintf("there is no %s", e.path) }

// find follows a path and refuses what is written elsewhere or stands for
// several places.
func (e *editor) find(path Path) (step, error) {
	s := step{parent: none, key: none, value: 0, prev: none, next: none}
	for depth := 0; ; depth++ {
		n := &e.tree.nodes[s.value]
		if n.kind == aliasNode {
			return s, fmt.Errorf("%s is an alias: an edit would have to be made at its anchor, and show wherever it is used", path[:depth])
		}
		if e.isShared(s.value) {
			return s, fmt.Errorf("%s has an anchor that is used elsewhere: an edit would show there as well", where(path[:depth]))
		}
		if depth == len(path) {
			return s, nil
		}
		next, err := e.child(s, path, depth)
		if err != nil {
			return s, err
		}
		s = next
	}
}

func where(p Path) string {
	if len(p) == 0 {
		return "the document"
	}
	return p.String()
}

func (e *editor) isShared(n int32) bool {
	if e.shared == nil {
		e.shared = []int32{}
		for i := range e.tree.nodes {
			if e.tree.nodes[i].kind == aliasNode {
				e.shared = append(e.shared, e.tree.nodes[i].target)
			}
		}
	}
	for _, target := range e.shared {
		if target == n {
			return true
		}
	}
	return false
}

// child goes one element down.
func (e *editor) child(s step, path Path, depth int) (step, error) {
	nodes := e.tree.nodes
	n := &nodes[s.value]
	out := step{parent: s.value, key: none, value: none, prev: none, next: none, flow: s.flow || e.braces(s.value)}
	key, isKey := path[depth].(string)
	index, _ := path[depth].(int)
	if isKey && n.kind != mappingNode || !isKey && n.kind != sequenceNode {
		return out, fmt.Errorf("there is no %s", path[:depth+1])
	}
	prev := none
	for i, c := 0, n.child; c != none; i++ {
		v := c
		if isKey {
			v = nodes[c].next
		}
		if isKey && !nodes[c].merge && nodes[c].key == key || !isKey && i == index {
			if out.value != none {
				return out, fmt.Errorf("%s is given twice", path[:depth+1])
			}
			out.value, out.prev, out.next = v, prev, nodes[v].next
			if isKey {
				out.key = c
			}
		}
		prev, c = v, nodes[v].next
	}
	if isKey {
		if k, _ := e.tree.field(s.value, key, 0); k != out.key {
			return out, fmt.Errorf("%s comes through a merge key", path[:depth+1])
		}
	}
	if out.value == none {
		return out, &absentError{path: path[:depth+1], depth: depth, in: s}
	}
	return out, nil
}

// braces reports whether a collection is written between braces or brackets.
func (e *editor) braces(n int32) bool {
	switch node := &e.tree.nodes[n]; {
	case node.end <= node.start:
		return false
	case node.kind == mappingNode:
		return e.text[node.start] == '{'
	case node.kind == sequenceNode:
		return e.text[node.start] == '['
	}
	return false
}

func (e *editor) edit(start, end int, text string) diag.Edit {
	return diag.Edit{Range: e.src.file.span(start, end), New: text}
}

// replace writes another value in the place of one.
func (e *editor) replace(s step, c Change) (diag.Edit, error) {
	n := &e.tree.nodes[s.value]
	start, end := int(n.start), int(n.end)
	if start == end {
		return diag.Edit{}, fmt.Errorf("%s is empty", c.path)
	}
	if n.kind != scalarNode && !e.braces(s.value) {
		return diag.Edit{}, fmt.Errorf("%s is a block, which is not replaced as a whole", c.path)
	}
	old := e.text[start:end]
	if n.kind == scalarNode && (old[0] == '|' || old[0] == '>') && !e.src.json {
		return diag.Edit{}, fmt.Errorf("%s is a block scalar", c.path)
	}
	if bytes.Contains(old, []byte("#")) && bytes.ContainsAny(old, "\r\n") {
		return diag.Edit{}, fmt.Errorf("%s holds a comment", c.path)
	}
	return e.edit(start, end, e.flowText(c.value, old[0])), nil
}

func (e *editor) rename(s step, c Change) (diag.Edit, error) {
	if s.key == none {
		return diag.Edit{}, fmt.Errorf("%s is an item of a list and has no key", c.path)
	}
	for k := e.tree.nodes[s.parent].child; k != none; k = e.tree.nodes[e.tree.nodes[k].next].next {
		if e.tree.nodes[k].key == c.key && !e.leaves[k] {
			return diag.Edit{}, fmt.Errorf("the field %q is there already", c.key)
		}
	}
	n := &e.tree.nodes[s.key]
	if n.kind != scalarNode || n.start == n.end || e.text[n.start] == '!' {
		return diag.Edit{}, fmt.Errorf("the key of %s is not a plain one", c.path)
	}
	return e.edit(int(n.start), int(n.end), e.flowText(c.key, e.text[n.start])), nil
}
