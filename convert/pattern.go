package convert

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
)

// maxAlternatives bounds the method matches that one expression becomes.
const maxAlternatives = 16

// splitPattern divides an expression for whole paths at the two slashes of a gRPC
// path. It works on the text, so that the parts stay as they were written, and on
// the syntax tree where the slashes stand in groups. What comes of it is compared
// with the expression by the exact engine like everything else.
func splitPattern(text string) ([]names, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("path pattern %q is not RE2, and cannot be compared", text)
	}
	if list := splitText(text); list != nil {
		return list, nil
	}
	var list []names
	all, ok := alternatives(tree)
	for _, parts := range all {
		n, some, fits := splitParts(parts)
		if ok = ok && fits; some && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("path pattern %q does not divide into one for the service and one for the method", text)
	case len(list) == 0:
		return nil, fmt.Errorf("no gRPC call has a path in %q: one is \"/SERVICE/METHOD\"", text)
	}
	return list, nil
}

// splitText divides an expression whose slashes stand outside of groups and
// classes; nil for another one.
func splitText(text string) []names {
	if strings.Contains(text, `\Q`) || strings.HasPrefix(text, "(?") && !strings.HasPrefix(text, "(?:") {
		return nil
	}
	text = unanchor(text)
	var list []names
	for _, alternative := range cutTop(text, '|') {
		parts := cutTop(unanchor(alternative), '/')
		if len(parts) != 3 || parts[0] != "" || parts[1] == "" || parts[2] == "" || slices.ContainsFunc(parts[1:], hidesSlash) {
			return nil
		}
		n, ok := newNames(parts[1], parts[2])
		if !ok {
			return nil
		}
		list = append(list, n)
	}
	return list
}

// hidesSlash reports whether a part of an expression names a slash inside a group
// or class, or sees the edges of the text.
func hidesSlash(part string) bool {
	return strings.Contains(strings.ReplaceAll(part, "[^/]", ""), "/") || strings.ContainsAny(strings.ReplaceAll(part, "[^", "["), "^") ||
		strings.Contains(part, `\A`) || strings.Contains(part, `\z`) || strings.Contains(strings.ReplaceAll(part, `\$`, ""), "$")
}

// unanchor drops the anchors that full matching makes redundant.
func unanchor(text string) string {
	text = strings.TrimPrefix(text, "^")
	if strings.HasSuffix(text, "$") && !escapedEnd(text) {
		text = text[:len(text)-1]
	}
	return text
}

// escapedEnd reports whether a backslash makes the last character literal.
func escapedEnd(text string) bool {
	rest := text[:len(text)-1]
	return (len(rest)-len(strings.TrimRight(rest, `\`)))%2 == 1
}

// cutTop cuts an expression at a character where it stands outside of groups and
// classes.
func cutTop(text string, at byte) []string {
	var out []string
	depth, class, start := 0, -1, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			i++
		case class >= 0:
			if c == ']' && i > class+1 && text[class+1:i] != "^" {
				class = -1
			}
		case c == '[':
			class = i
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == at && depth == 0:
			out, start = append(out, text[start:i]), i+1
		}
	}
	return append(out, text[start:])
}

// newNames makes a method match of two expressions, of literals where both are.
func newNames(service, method string) (names, bool) {
	n := names{regex: true, service: service, method: method}
	s, sok := literal(service)
	m, mok := literal(method)
	if takesAny(service) {
		n.service, s, sok = "", "", true
	}
	if takesAny(method) {
		n.method, m, mok = "", "", true
	}
	if sok && mok && (s == "" || serviceName.MatchString(s)) && (m == "" || methodName.MatchString(m)) {
		return names{service: s, method: m}, true
	}
	for _, part := range []string{n.service, n.method} {
		if _, err := syntax.Parse(part, syntax.Perl); err != nil {
			return n, false
		}
	}
	return n, true
}

// takesAny reports whether an expression takes every segment.
func takesAny(text string) bool {
	if inner, ok := strings.CutPrefix(text, "("); ok && strings.HasSuffix(inner, ")") {
		inner = strings.TrimPrefix(inner[:len(inner)-1], "?:")
		text = strings.TrimPrefix(inner, "?-s:") // as a syntax tree is written
	}
	return slices.Contains([]string{".*", ".+", "[^/]*", "[^/]+"}, text)
}

// literal returns the only text that an expression takes.
func literal(text string) (string, bool) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil || tree.Op != syntax.OpLiteral || tree.Flags&syntax.FoldCase != 0 {
		return "", false
	}
	return string(tree.Rune), true
}
