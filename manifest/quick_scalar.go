package manifest

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// scalar reads a scalar that is on one line, with a comment after it perhaps.
func (q *quick) scalar(text []byte) (any, bool) {
	switch c := text[0]; {
	case c == '"' || c == '\'':
		return q.quoted(text)
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '/', c == '.', c >= utf8.RuneSelf,
		(c == '-' || c == '+') && len(text) > 1 && text[1] != ' ':
		return q.plain(text)
	case string(text) == "{}":
		return map[string]any{}, true
	case string(text) == "[]":
		return []any{}, true
	}
	return nil, false
}

func (q *quick) quoted(text []byte) (any, bool) {
	n := bytes.IndexByte(text[1:], text[0])
	if n < 0 {
		return nil, false
	}
	inner, rest := text[1:n+1], text[n+2:]
	if text[0] == '"' && bytes.IndexByte(inner, '\\') >= 0 {
		return nil, false
	}
	if len(rest) > 0 {
		comment := bytes.TrimLeft(rest, " ")
		if len(comment) == len(rest) || comment[0] != '#' {
			return nil, false
		}
	}
	return q.r.wordOf(inner), true
}

func (q *quick) plain(text []byte) (any, bool) {
	if i := bytes.Index(text, []byte(" #")); i >= 0 {
		text = bytes.TrimRight(text[:i], " ")
	}
	if text[len(text)-1] == ':' || bytes.Contains(text, []byte(": ")) {
		return nil, false
	}
	c := text[0]
	if c == '/' || c == '_' || c > '9' { // a letter
		switch {
		case !isYAMLWord(text):
			return q.r.wordOf(text), true
		case string(text) == "true":
			return true, true
		case string(text) == "false":
			return false, true
		}
	} else if i, ok := decimal(text); ok {
		return q.r.integer(i), true
	}
	// Numbers, dates and the many words for booleans are the parser's to tell
	// from strings.
	var item []any
	if err := unmarshal(append([]byte("- "), text...), &item); err != nil || len(item) != 1 {
		return nil, false
	}
	v, err := q.r.convert(item[0])
	return v, err == nil
}

// decimal reads an integer in the one form that is the same in every version of
// YAML.
func decimal(text []byte) (int64, bool) {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 || len(digits) > 18 || digits[0] == '0' && len(text) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	i, err := strconv.ParseInt(string(text), 10, 64)
	return i, err == nil
}

// isYAMLWord reports whether a word may be a boolean or null in YAML 1.1.
func isYAMLWord(text []byte) bool {
	var lower [len("false")]byte
	if len(text) > len(lower) {
		return false
	}
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(text)]) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	}
	return false
}

// wordOf is [reader.word] for text that is UTF-8.
func (r *reader) wordOf(text []byte) string {
	if w, ok := r.words[string(text)]; ok {
		return w
	}
	w := string(text)
	if len(w) <= maxWordBytes && len(r.words) < maxWords {
		r.words[w] = w
	}
	return w
}

// keyOf is wordOf for the key of a mapping, which is not empty: there are few, and
// they return in turn.
func (r *reader) keyOf(text []byte) string {
	n := len(text)
	last := &r.keys[(n*7+int(text[0])*3+int(text[n/2])*5+int(text[n-1]))%len(r.keys)]
	if *last != string(text) {
		*last = r.wordOf(text)
	}
	return *last
}
