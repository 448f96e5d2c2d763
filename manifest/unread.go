package manifest

import (
	"bytes"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
)

// Text that Kubernetes never reads: what follows the end of a document.

var endMarker = []byte("...")

// endMarkerOf returns where the first line of a text starts that begins with "...",
// or -1.
func endMarkerOf(text []byte) int {
	for at := 0; ; {
		i := bytes.Index(text[at:], endMarker)
		if i < 0 {
			return -1
		}
		if at += i; at == 0 || text[at-1] == '\n' || text[at-1] == '\r' || isWideBreak(text[:at]) {
			return at
		}
		at += len(endMarker)
	}
}

// isWideBreak reports whether a text ends with one of the line breaks beyond ASCII
// that YAML 1.1 knows.
func isWideBreak(text []byte) bool {
	r, _ := utf8.DecodeLastRune(text)
	return r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// unread warns about what stands between "..." and the next "---": Kubernetes
// reads one document between two separators.
func (d *documents) unread(src *source, text []byte) {
	at := endMarkerOf(text)
	if at < 0 {
		return
	}
	after := at + len(endMarker)
	s := scan{text}
	if after < len(text) && !s.blank(after) && s.lineBreak(after) == 0 {
		return
	}
	after = s.gap(after)
	if after == len(text) {
		return
	}
	d.ignored(src, after, "what follows \"...\" is never read by Kubernetes", "separate documents with a line \"---\"")
}

// unreadAfterBrace warns about what stands behind the brace that ends a document:
// the parsers of Kubernetes are content with what is before it.
func (d *documents) unreadAfterBrace(src *source, text []byte) {
	s := scan{text}
	if at := s.gap(0); at == len(text) || text[at] != '{' {
		return
	}
	t := src.positions()
	if t == nil {
		return
	}
	after := s.gap(int(t.nodes[0].end) - src.start)
	if after == len(text) || bytes.HasPrefix(text[after:], endMarker) {
		return
	}
	d.ignored(src, after, "what follows the object's last brace is never read by Kubernetes", "remove it, or the brace that ends the object too early")
}

// ignored warns about text that is not read, from an offset of the document.
func (d *documents) ignored(src *source, from int, message, hint string) {
	start := src.start + from
	p := src.problem(ruleUnread, src.file.span(start, lineTextEnd(src.file.Data, start)), message, hint)
	p.Severity = diag.Warning
	d.report(p)
}
