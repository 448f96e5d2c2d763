package manifest

// This file reads the YAML that most manifests are written in: block mappings
// and sequences, keys that are words, scalars on one line. It is several times
// quicker than the parser, decides nothing by itself, and gives up at the first
// thing it does not know, for the parser to read the whole document. Tests and a
// fuzz target hold it equal to sigs.k8s.io/yaml.

import (
	"bytes"
	"unicode/utf8"
)

// maxQuickDepth is how deep the quick reader nests before it gives up.
const maxQuickDepth = 100

// quick is the state of the quick reader: the line it stands on. A line begins
// at its first character that is not blank; an item's content after its dash is
// a line of its own.
type quick struct {
	r     *reader
	text  []byte
	pos   int // the content of the line
	end   int // its end, without blanks and comment
	next  int // the line after it
	col   int // the column of pos, or -1 after the last line
	depth int
}

// quickValue reads a document, or reports false when the parser has to.
func (r *reader) quickValue(text []byte) (any, bool) {
	r.reset(text)
	if !plainText(text) {
		return nil, false
	}
	q := quick{r: r, text: text}
	if !q.line() || q.col < 0 || q.isDash() {
		return nil, false
	}
	v, ok := q.mapping()
	return v, ok && q.col < 0
}

// plainText reports whether a text holds nothing but line feeds and characters
// that are themselves everywhere: no tab, no other line break, no byte order
// mark, nothing that YAML does not allow.
func plainText(text []byte) bool {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\n' || c > '~' {
				return false
			}
			i++
			continue
		}
		c, size := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError || c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfeff || c > 0xfffd && c < 0x10000 {
			return false
		}
		i += size
	}
	return true
}

// line goes to the next line with content. It reports false for one that only
// the parser understands.
func (q *quick) line() bool {
	for q.next < len(q.text) {
		start := q.next
		end := lineEnd(q.text, start)
		q.next = min(end+1, len(q.text))
		q.pos = start
		for q.pos < end && q.text[q.pos] == ' ' {
			q.pos++
		}
		if q.pos == end || q.text[q.pos] == '#' {
			continue
		}
		q.col = q.pos - start
		q.end = end
		for q.text[q.end-1] == ' ' {
			q.end--
		}
		if q.col > 0 {
			return true
		}
		c := q.text[q.pos]
		return c != '%' && (c != '-' && c != '.' || !bytes.HasPrefix(q.text[q.pos:], separator) && !bytes.HasPrefix(q.text[q.pos:], endMarker))
	}
	q.col = -1
	return true
}

// isDash reports whether the line begins an item of a sequence.
func (q *quick) isDash() bool {
	return q.col >= 0 && q.text[q.pos] == '-' && (q.pos+1 == q.end || q.text[q.pos+1] == ' ')
}

// key returns the key that the line begins with, and where its value starts. The
// end is 0 when the line does not begin with a word and a colon.
func (q *quick) key() (key []byte, value int) {
	for i := q.pos; i < q.end; i++ {
		switch c := q.text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case i > q.pos && (c >= '0' && c <= '9' || c == '-' || c == '.' || c == '/'):
		case c == ':' && i > q.pos && (i+1 == q.end || q.text[i+1] == ' ') && i-q.pos < maxWordBytes:
			if isYAMLWord(q.text[q.pos:i]) {
				return nil, 0
			}
			return q.text[q.pos:i], i + 1
		default:
			return nil, 0
		}
	}
	return nil, 0
}

// mapping reads the block mapping that begins at the line.
func (q *quick) mapping() (any, bool) {
	col := q.col
	if q.depth++; q.depth > maxQuickDepth {
		return nil, false
	}
	m := q.r.mapping()
	for q.col == col {
		key, at := q.key()
		if at == 0 {
			return nil, false
		}
		name := q.r.keyOf(key)
		if _, ok := m[name]; ok { // the parser's to report
			return nil, false
		}
		v, ok := q.after(at, col, true)
		if !ok {
			return nil, false
		}
		m[name] = v
	}
	q.depth--
	return m, q.col < col
}

// sequence reads the block sequence that begins at the line.
func (q *quick) sequence() (any, bool) {
	col := q.col
	if q.depth++; q.depth > maxQuickDepth {
		return nil, false
	}
	var items []any
	for q.col == col && q.isDash() {
		dash := q.pos
		for q.pos++; q.pos < q.end && q.text[q.pos] == ' '; {
			q.pos++
		}
		q.col = col + q.pos - dash
		var v any
		var ok bool
		if _, at := q.key(); at > 0 {
			v, ok = q.mapping()
		} else {
			v, ok = q.after(q.pos, col, false)
		}
		if !ok {
			return nil, false
		}
		items = append(items, v)
	}
	q.depth--
	return items, q.col <= col
}

// after reads what follows a colon or dash at a column: a scalar on the line, or
// a block on the lines below.
func (q *quick) after(at, col int, inMapping bool) (any, bool) {
	for at < q.end && q.text[at] == ' ' {
		at++
	}
	if at < q.end && q.text[at] != '#' {
		v, ok := q.scalar(q.text[at:q.end])
		// A line that is indented further would go on with the scalar.
		return v, ok && q.line() && q.col <= col
	}
	if !q.line() {
		return nil, false
	}
	switch {
	case q.isDash() && (q.col > col || q.col == col && inMapping):
		return q.sequence()
	case q.col > col:
		return q.mapping()
	}
	return nil, true
}
