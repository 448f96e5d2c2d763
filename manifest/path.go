package manifest

import (
	"fmt"
	"strconv"
	"strings"
)

// Path leads from a document's root to a field: each element is a string (a
// mapping key) or an int (a sequence index).
type Path []any

// String writes a path as Kubernetes does: "spec.rules[0].matches[1].method";
// keys that are not plain words stand in brackets, as
// "metadata.annotations[example.com/a]", and keys that would be mistaken there
// for an index or a bracket are quoted. [ParsePath] reads it back.
func (p Path) String() string {
	var b strings.Builder
	for _, e := range p {
		switch e := e.(type) {
		case string:
			if isPlainKey(e) {
				if b.Len() > 0 {
					b.WriteByte('.')
				}
				b.WriteString(e)
			} else {
				b.WriteString("[" + bracketKey(e) + "]")
			}
		default:
			fmt.Fprintf(&b, "[%v]", e)
		}
	}
	return b.String()
}

// ParsePath reads what [Path.String] and Kubernetes field errors write. It has
// no wrong input: what is not a path becomes keys that no document holds.
func ParsePath(s string) Path {
	var p Path
	for s != "" {
		if s[0] == '[' {
			var e any
			e, s = parseBracket(s[1:])
			p = append(p, e)
			continue
		}
		s = strings.TrimPrefix(s, ".")
		end := strings.IndexAny(s, ".[")
		if end < 0 {
			end = len(s)
		}
		p = append(p, s[:end])
		s = s[end:]
	}
	return p
}

// parseBracket reads the inside of a bracket and returns what follows it.
func parseBracket(s string) (element any, rest string) {
	if quoted, err := strconv.QuotedPrefix(s); err == nil && s[0] == '"' && strings.HasPrefix(s[len(quoted):], "]") {
		if key, err := strconv.Unquote(quoted); err == nil {
			return key, s[len(quoted)+1:]
		}
	}
	inside, rest, _ := strings.Cut(s, "]")
	if isIndex(inside) {
		if i, err := strconv.Atoi(inside); err == nil {
			return i, rest
		}
	}
	return inside, rest
}

// bracketKey writes a key that is not a plain word for the inside of a bracket.
func bracketKey(key string) string {
	if key == "" || isIndex(key) || strings.ContainsAny(key, "[]\"\\") || strings.ContainsFunc(key, func(r rune) bool { return !strconv.IsPrint(r) || r == '\uFFFD' }) {
		return strconv.Quote(key)
	}
	return key
}

// isIndex reports whether a bracket with this inside would be read as an index.
func isIndex(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// isPlainKey reports whether a key can stand after a dot: the field names of
// Kubernetes types can, and so can most keys people choose.
func isPlainKey(key string) bool {
	for i := range len(key) {
		c := key[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-') {
			return false
		}
	}
	return key != ""
}
