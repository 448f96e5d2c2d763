package manifest

import (
	"bytes"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// Directive is a comment of a YAML file that is addressed to a tool.
type Directive struct {
	Text  string     // what follows the marker, without blanks around it
	Range diag.Range // from the marker to the end of the comment
	// From and To are the lines that it speaks of, both included, see
	// [File.Directives]; To is before From when there is nothing below it.
	From, To int
}

// Directives returns the comments of a file whose text begins with a marker, in
// order. A comment behind a value speaks of its line. One alone on a line speaks
// of the next line with content and of everything that belongs to it: the value
// of a key, or a whole list item. One above the first content of a document, or
// on the line of its "---", speaks of the document. What looks like a comment
// inside a text, as in a block scalar, is none. JSON has no comments.
func (f *File) Directives(marker string) []Directive {
	if !bytes.Contains(f.Data, []byte(marker)) {
		return nil
	}
	var out []Directive
	s := newSplitter(f.Data)
	for start := 0; ; {
		c, ok := s.next()
		if !ok {
			return out
		}
		if !c.json && bytes.Contains(f.Data[start:c.end], []byte(marker)) {
			out = append(out, f.directives(marker, start, c)...)
		}
		start = c.end
	}
}

// directives finds those of one document, which begins, with its "---", at start.
func (f *File) directives(marker string, start int, c chunk) []Directive {
	var texts []node
	if c.end-c.start <= MaxDocumentBytes {
		if t := yamlTree(f.Data[c.start:c.end], c.start); t != nil {
			texts = t.nodes
		}
	}
	first, last := f.Position(contentAfter(f.Data, c.start, c.end)).Line, f.Position(max(c.end-1, 0)).Line
	var out []Directive
	for at := start; at < c.end; {
		i := bytes.Index(f.Data[at:c.end], []byte(marker))
		if i < 0 {
			break
		}
		found := at + i
		at = found + len(marker)
		hash := bytes.LastIndexByte(f.Data[start:found], '#')
		if hash < 0 || !isComment(f.Data, start+hash, found) || at < c.end && !isSpace(f.Data[at]) || inText(texts, start+hash) {
			continue
		}
		hash += start
		end := lineTextEnd(f.Data, found)
		d := Directive{Text: strings.TrimSpace(string(f.Data[min(at, end):end])), Range: f.span(hash, end)}
		line := d.Range.Start.Line
		switch {
		case line < first:
			d.From, d.To = first, last
		case !isBlank(f.Data[lineStart(f.Data, hash):hash]):
			d.From, d.To = line, line
		default:
			d.From, d.To = f.below(end, c.end)
		}
		out = append(out, d)
	}
	return out
}

// isComment reports whether a "#" begins a comment whose text begins at an
// offset.
func isComment(data []byte, hash, text int) bool {
	return (hash == 0 || isSpace(data[hash-1])) && isBlank(data[hash+1:text])
}

func isBlank(text []byte) bool { return len(bytes.Trim(text, " \t")) == 0 }

// inText reports whether an offset is inside the text of a scalar.
func inText(nodes []node, at int) bool {
	for i := range nodes {
		if n := &nodes[i]; n.kind == scalarNode && int(n.start) <= at && at < int(n.end) {
			return true
		}
	}
	return false
}

func lineStart(data []byte, at int) int { return bytes.LastIndexByte(data[:at], '\n') + 1 }

// contentAfter returns the offset of the next line that is neither blank nor a
// comment, or end.
func contentAfter(data []byte, at, end int) int {
	for at < end {
		text := skipBlanks(data[:end], at)
		if text < end && data[text] != '#' && !isSpace(data[text]) {
			return text
		}
		at = min(lineEnd(data[:end], at)+1, end)
	}
	return end
}

func skipBlanks(data []byte, at int) int {
	for at < len(data) && (data[at] == ' ' || data[at] == '\t') {
		at++
	}
	return at
}

// below returns the lines of the next field or list item after an offset. In
// block style what belongs to it is indented further, but for the items of a
// list, which may stand below their key.
func (f *File) below(at, end int) (from, to int) {
	top := contentAfter(f.Data, min(lineEnd(f.Data[:end], at)+1, end), end)
	if top == end {
		return 1, 0
	}
	column := top - lineStart(f.Data, top)
	item := isItem(f.Data[:end], top)
	last := top
	for next := top; ; last = next {
		next = contentAfter(f.Data, min(lineEnd(f.Data[:end], next)+1, end), end)
		indent := next - lineStart(f.Data, next)
		if next == end || indent < column || indent == column && (item || !isItem(f.Data[:end], next)) {
			return f.Position(top).Line, f.Position(last).Line
		}
	}
}

// isItem reports whether a list item begins at an offset.
func isItem(data []byte, at int) bool {
	return data[at] == '-' && (at+1 == len(data) || isSpace(data[at+1]))
}
