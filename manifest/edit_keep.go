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
	var kept strings.Builder
	for at := start; at < end; {
		stop := min(lineEnd(e.text, at), end)
		hash := e.comment(at, stop)
		if hash < 0 {
			at = stop + 1
			continue
		}
		comment := bytes.TrimRight(e.text[hash:stop], " \t\r")
		line := e.lineStart(hash)
		indent := strings.Repeat(" ", column)
		switch blank := e.text[line:hash]; {
		case len(bytes.TrimLeft(blank, " \t")) == 0 && line >= start:
			indent = string(blank) // a line of its own stays as it is
		case column == 0:
			indent = blankLead(blank)
		}
		if kept.Len() == 0 && column > 0 {
			indent = ""
		}
		kept.WriteString(indent + string(comment) + e.eol)
		at = stop + 1
	}
	if kept.Len() == 0 {
		return edit
	}
	edit.New = kept.String() + strings.Repeat(" ", column) + strings.TrimLeft(edit.New, " ")
	return edit
}

// blankLead returns the blanks that a text begins with, a dash counted as one.
func blankLead(text []byte) string {
	n := len(text) - len(bytes.TrimLeft(text, " -"))
	return strings.Repeat(" ", n)
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
