package manifest

import (
	"bytes"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// KeepComments returns the change with the comments of what it removes left in
// place, each on a line of its own.
func (c Change) KeepComments() Change {
	c.comments = true
	return c
}

// keep puts the comments of the text that an edit removes into its new text.
func (e *editor) keep(edit diag.Edit) diag.Edit {
	start, end := edit.Range.Start.Byte, edit.Range.End.Byte
	column := start - e.lineStart(start)
	indent := strings.Repeat(" ", column)
	if column == 0 {
		first := bytes.TrimLeft(e.text[start:end], "\r\n")
		indent = string(first[:len(first)-len(bytes.TrimLeft(first, " "))])
	}
	var kept strings.Builder
	for at := start; at < end; at = min(lineEnd(e.text, at), end) + 1 {
		stop := min(lineEnd(e.text, at), end)
		if hash := e.comment(at, stop); hash >= 0 {
			if kept.Len() > 0 || column == 0 {
				kept.WriteString(indent)
			}
			kept.Write(bytes.TrimRight(e.text[hash:stop], " \t\r"))
			kept.WriteString(e.eol)
		}
	}
	if kept.Len() == 0 {
		return edit
	}
	edit.New = kept.String() + strings.Repeat(" ", column) + strings.TrimLeft(edit.New, " ")
	return edit
}

// comment returns where the comment of a part of a line begins, -1 for none.
func (e *editor) comment(from, to int) int {
	for at := from; at < to; at++ {
		if e.text[at] == '#' && (at == 0 || isSpace(e.text[at-1])) && !e.inScalar(at) {
			return at
		}
	}
	return -1
}

// inScalar reports whether an offset is part of a key or a value.
func (e *editor) inScalar(at int) bool {
	return slices.ContainsFunc(e.tree.nodes, func(n node) bool {
		return n.kind == scalarNode && int(n.start) <= at && at < int(n.end)
	})
}
