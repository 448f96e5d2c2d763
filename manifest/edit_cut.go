package manifest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
)

// cut removes a field with its key, or an item with its dash.
func (e *editor) cut(s step) (diag.Edit, error) {
	nodes := e.tree.nodes
	first, end := int(nodes[s.value].start), int(nodes[s.value].end)
	if s.key != none {
		first = int(nodes[s.key].start)
		end = max(end, int(nodes[s.key].end))
	}
	if e.holdsShared(first, end) {
		return diag.Edit{}, errors.New("an anchor in it is used elsewhere")
	}
	only := s.prev == none && s.next == none
	switch {
	case only && s.key == none:
		return diag.Edit{}, errors.New("it is the only item of its list")
	case s.flow && !e.braces(s.parent):
		return diag.Edit{}, errors.New("it is a pair without braces in a flow list")
	case s.flow:
		return e.cutFlow(s, first, end, only)
	}
	if s.key == none {
		if first = e.src.dashBefore(first); first < 0 {
			return diag.Edit{}, errors.New("its dash was not found")
		}
	} else if e.text[first] == '!' || e.text[first] == '?' {
		return diag.Edit{}, errors.New("its key is written in an unusual way")
	}
	if only {
		return e.empty(s.parent)
	}
	return e.cutLines(s, first, end)
}

// cutFlow removes a child of braces or brackets with one comma.
func (e *editor) cutFlow(s step, first, end int, only bool) (diag.Edit, error) {
	nodes := e.tree.nodes
	switch {
	case only:
	case s.next != none:
		end = int(nodes[s.next].start)
	default:
		first = int(nodes[s.prev].end)
	}
	if bytes.ContainsRune(e.text[first:end], '#') && bytes.ContainsAny(e.text[first:end], "\n\r") {
		return diag.Edit{}, errors.New("a comment stands in the flow collection")
	}
	if bytes.ContainsRune(e.text[first:end], '&') {
		return diag.Edit{}, errors.New("an anchor stands in the flow collection")
	}
	return e.edit(first, end, ""), nil
}

func (e *editor) holdsShared(first, end int) bool {
	e.isShared(none)
	for _, n := range e.shared {
		if at := int(e.tree.nodes[n].start); at >= first && at < end {
			return true
		}
	}
	return false
}

// empty writes braces for a block mapping that loses its only field.
func (e *editor) empty(n int32) (diag.Edit, error) {
	start, end := int(e.tree.nodes[n].start), int(e.tree.nodes[n].end)
	at := start
	for at > e.src.start && isSpace(e.text[at-1]) {
		at--
	}
	if at > e.src.start && e.text[at-1] == ':' && bytes.ContainsAny(e.text[at:start], "\n\r") {
		return e.edit(at, end, " {}"), nil
	}
	return e.edit(start, end, "{}"), nil
}

// cutLines removes a child of a block collection, which begins with a key or a
// dash at first.
func (e *editor) cutLines(s step, first, end int) (diag.Edit, error) {
	line := e.lineStart(first)
	indent := e.text[line:first]
	after := lineEnd(e.text, end)
	if rest := bytes.TrimLeft(e.text[end:after], " \t\r"); len(rest) > 0 && rest[0] != '#' {
		return diag.Edit{}, fmt.Errorf("something follows it on its line: %.20q", rest)
	}
	if len(bytes.TrimLeft(indent, " ")) > 0 { // the first field behind a dash
		if s.next == none || s.key == none {
			return diag.Edit{}, errors.New("it does not stand at the start of its line")
		}
		next := int(e.tree.nodes[s.next].start)
		if e.isProperty(next) {
			return diag.Edit{}, errors.New("the field after it has an anchor or a tag")
		}
		return e.edit(first, next, ""), nil
	}
	stop := min(after+1, len(e.text), e.src.end)
	stop = e.commentsBelow(stop, len(indent))
	if s.prev != none {
		line = e.commentsAbove(line, indent, int(e.tree.nodes[s.prev].end))
	}
	return e.edit(line, stop, ""), nil
}

// isProperty reports whether an anchor or a tag stands at or before an offset on
// its line.
func (e *editor) isProperty(at int) bool {
	return bytes.ContainsAny(e.text[e.lineStart(at):at+1], "&!")
}

func (e *editor) lineStart(at int) int {
	return max(bytes.LastIndexByte(e.text[:at], '\n')+1, e.src.start)
}

// commentsBelow skips comment lines that are indented more than a column.
func (e *editor) commentsBelow(at, column int) int {
	for at < e.src.end {
		end := lineEnd(e.text, at)
		text := bytes.TrimLeft(e.text[at:end], " ")
		if len(text) == 0 || text[0] != '#' || end-at-len(text) <= column {
			break
		}
		at = min(end+1, e.src.end)
	}
	return at
}

// commentsAbove goes up over the comment lines with the same indentation, but not
// to the line on which limit is.
func (e *editor) commentsAbove(line int, indent []byte, limit int) int {
	for line > e.src.start {
		above := e.lineStart(line - 1)
		text, ok := bytes.CutPrefix(e.text[above:line], indent)
		if !ok || len(text) == 0 || text[0] != '#' || above <= limit {
			break
		}
		line = above
	}
	return line
}

// cutDocument removes a whole object that is a document of its own.
func (e *editor) cutDocument() (diag.Edit, error) {
	if e.src.item {
		return diag.Edit{}, errors.New("it is an item of a large List")
	}
	start, end := e.src.start, e.src.end
	if e.src.json {
		return e.edit(start, end, ""), nil
	}
	if start > 0 {
		above := max(bytes.LastIndexByte(e.text[:start-1], '\n')+1, 0)
		if bytes.HasPrefix(e.text[above:start], []byte("---")) {
			return e.edit(above, end, ""), nil
		}
	}
	// The first document: what stands above it, as a licence, is the file's.
	root := int(e.tree.nodes[0].start)
	line := e.lineStart(root)
	return e.edit(e.commentsAbove(line, nil, -1), end, ""), nil
}
