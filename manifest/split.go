package manifest

import (
	"bytes"
	"encoding/json"
)

// chunk is the text of one document within its file.
type chunk struct {
	start, end int
	json       bool // a JSON value; otherwise YAML
	braces     bool // looks like JSON, so a mistake is explained as one in JSON
	item       bool // an item of a block sequence, from its line start; see listItems
}

// badSeparator is a document separator that Kubernetes refuses.
type badSeparator struct{ start, end int } // the text after "---"

var utf8BOM = []byte("\xef\xbb\xbf")

// maxUnclosed is how often a splitter looks for the end of a JSON value that
// has none, each time up to the end of the file.
const maxUnclosed = 8

// splitter cuts a file into documents as Kubernetes does (apimachinery
// util/yaml.YAMLOrJSONDecoder): a file that starts with a JSON value is a
// sequence of JSON values, and turns into YAML at the first thing that is not
// one. Unlike there a broken value does not end the reading.
type splitter struct {
	data     []byte
	pos      int
	yaml     bool           // no longer a sequence of JSON values
	unclosed int            // values without an end so far
	bad      []badSeparator // found up to pos
}

func newSplitter(data []byte) *splitter {
	s := &splitter{data: data}
	if bytes.HasPrefix(data, utf8BOM) {
		s.pos = len(utf8BOM)
	}
	return s
}

// next returns the next document that is not empty.
func (s *splitter) next() (chunk, bool) {
	if !s.yaml {
		pos := skipSpace(s.data, s.pos)
		if pos < len(s.data) && (s.data[pos] == '{' || s.data[pos] == '[') {
			if c, ok := s.jsonChunk(pos); ok {
				s.pos = c.end
				return c, true
			}
		}
		s.yaml = true
		// Indentation before the first key matters to YAML.
		if i := bytes.LastIndexByte(s.data[s.pos:pos], '\n'); i >= 0 {
			s.pos += i + 1
		}
	}
	for s.pos < len(s.data) {
		if c := s.yamlChunk(); skipSpace(s.data[:c.end], c.start) < c.end {
			c.braces = looksLikeJSON(s.data[c.start:c.end])
			return c, true
		}
	}
	return chunk{}, false
}

// jsonChunk cuts off the JSON value at pos. It reports false when the rest has
// to be read as YAML.
func (s *splitter) jsonChunk(pos int) (chunk, bool) {
	c := chunk{start: pos, json: true, braces: true}
	end, closed := jsonEnd(s.data, pos)
	if closed && json.Valid(s.data[pos:end]) {
		c.end = end
		return c, true
	}
	// A flow mapping of YAML, as {name: a}, or broken JSON. Only what starts like
	// JSON and is followed by another value is cut off here, so that the values
	// after a broken one are read.
	if !looksLikeJSON(s.data[pos:]) {
		return c, false
	}
	c.json, c.end = false, end
	if !closed {
		if s.unclosed++; s.unclosed > maxUnclosed {
			return c, false
		}
		c.end = nextValue(s.data, pos)
	}
	after := skipSpace(s.data, c.end)
	return c, after == len(s.data) || s.data[after] == '{' || bytes.HasPrefix(s.data[after:], separator)
}

// jsonEnd returns the end of the bracketed JSON value at pos, and whether it is
// closed at all.
func jsonEnd(data []byte, pos int) (end int, closed bool) {
	depth := 0
	for i := pos; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		case '"':
			if i = stringEnd(data, i) - 1; i >= len(data) {
				return len(data), false
			}
		}
	}
	return len(data), false
}

// stringEnd returns the offset after the JSON string that starts at pos, or one
// beyond the end when it is not closed.
func stringEnd(data []byte, pos int) int {
	for i := pos + 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data) + 1
}

// nextValue returns the offset of the next line that starts a JSON value or a
// document after a broken one.
func nextValue(data []byte, pos int) int {
	for {
		i := bytes.IndexByte(data[pos:], '\n')
		if i < 0 || pos+i+1 == len(data) {
			return len(data)
		}
		pos += i + 1
		if data[pos] == '{' || bytes.HasPrefix(data[pos:], separator) {
			return pos
		}
	}
}

var (
	separator     = []byte("---")
	lineSeparator = []byte("\n---")
)

// yamlChunk cuts at the next line that begins with "---", as apimachinery's
// YAMLReader. A separator may be followed by blanks and a comment only; a
// document that starts on its line is refused there, and read here all the same.
func (s *splitter) yamlChunk() chunk {
	start := s.pos
	if bytes.HasPrefix(s.data[s.pos:], separator) {
		after := s.pos + len(separator)
		line := lineEnd(s.data, after)
		text := bytes.TrimSpace(s.data[after:line])
		s.pos = min(line+1, len(s.data))
		if len(text) == 0 || text[0] == '#' {
			start = s.pos
		} else {
			first := after + bytes.Index(s.data[after:line], text)
			s.bad = append(s.bad, badSeparator{first, first + len(text)})
			start = first
			if first == after { // "---text" separates nothing in YAML either
				start = s.pos
			}
		}
	}
	from := max(s.pos-1, 0) // the separator may be the very next line
	if i := bytes.Index(s.data[from:], lineSeparator); i >= 0 {
		s.pos = from + i + 1
	} else {
		s.pos = len(s.data)
	}
	if bytes.HasPrefix(s.data[start:s.pos], utf8BOM) { // files that were concatenated
		start += len(utf8BOM)
	}
	return chunk{start: start, end: s.pos}
}

// looksLikeJSON reports whether a document is more likely JSON than a flow
// mapping of YAML.
func looksLikeJSON(doc []byte) bool {
	i := skipSpace(doc, 0)
	if i == len(doc) || doc[i] != '{' {
		return false
	}
	i = skipSpace(doc, i+1)
	return i < len(doc) && (doc[i] == '"' || doc[i] == '}')
}

// lineEnd returns the offset of the line feed that ends the line at pos, or the
// end of the data.
func lineEnd(data []byte, pos int) int {
	if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
		return pos + i
	}
	return len(data)
}

func skipSpace(data []byte, pos int) int {
	for pos < len(data) && isSpace(data[pos]) {
		pos++
	}
	return pos
}
