package rules

import "strings"

// tokenKind is what a piece of an expression's source is.
type tokenKind int

const (
	otherToken    tokenKind = iota // an assertion, an escape that is no character class, an odd character
	wordToken                      // an identifier character, a class, an escape for a class
	dotToken                       // "." for any character
	barToken                       // "|"
	openToken                      // "(", with what makes it a special group
	closeToken                     // ")"
	quantityToken                  // "*", "+", "?", "{2,3}"
)

// token is a piece of the source of an expression that parses.
type token struct {
	kind  tokenKind
	text  string
	at    int // in the source
	depth int // groups around it
}

// tokens splits an expression. Trees of package syntax do not know any more what
// stood in the source: alternatives that begin alike are merged.
func tokens(pattern string) []token {
	var out []token
	depth := 0
	for at := 0; at < len(pattern); {
		kind, n := nextToken(pattern[at:])
		if kind == closeToken {
			depth--
		}
		out = append(out, token{kind, pattern[at : at+n], at, depth})
		if kind == openToken {
			depth++
		}
		at += n
	}
	return out
}

func nextToken(s string) (tokenKind, int) {
	switch c := s[0]; {
	case isWordByte(c):
		return wordToken, 1
	case c == '.':
		return dotToken, 1
	case c == '|':
		return barToken, 1
	case c == ')':
		return closeToken, 1
	case c == '*' || c == '+' || c == '?':
		return quantityToken, 1
	case c == '{':
		if n := strings.IndexByte(s, '}'); n > 1 && strings.Trim(s[1:n], "0123456789,") == "" {
			return quantityToken, n + 1
		}
	case c == '(':
		return groupToken(s)
	case c == '[':
		return wordToken, classLength(s)
	case c == '\\' && len(s) > 1:
		return escapeToken(s)
	}
	return otherToken, 1
}

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// groupToken reads "(", "(?:", "(?P<name>" or "(?i:"; "(?i)" is no group.
func groupToken(s string) (tokenKind, int) {
	if !strings.HasPrefix(s, "(?") {
		return openToken, 1
	}
	n := strings.IndexAny(s, ":>)")
	switch {
	case n < 0:
		return otherToken, 1
	case s[n] == ')':
		return otherToken, n + 1
	}
	return openToken, n + 1
}

// classLength is the length of "[...]"; "]" right after the start is a member.
func classLength(s string) int {
	i := 1
	if i < len(s) && s[i] == '^' {
		i++
	}
	for first := true; i < len(s); first = false {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "[:"):
			if n := strings.Index(s[i:], ":]"); n > 0 {
				i += n + 1
			}
		case s[i] == ']' && !first:
			return i + 1
		}
		i++
	}
	return len(s)
}

// escapeToken reads "\.", "\w", "\x{2e}", "\pL" and "\Q...\E".
func escapeToken(s string) (tokenKind, int) {
	switch s[1] {
	case 'Q':
		if n := strings.Index(s, `\E`); n > 0 {
			return otherToken, n + 2
		}
		return otherToken, len(s)
	case 'w', 'd', 'W', 'D', 'S':
		return wordToken, 2
	case 'p', 'P', 'x':
		if n := strings.IndexByte(s, '}'); len(s) > 2 && s[2] == '{' && n > 0 {
			return wordToken, n + 1
		}
		if s[1] == 'x' {
			return otherToken, min(4, len(s))
		}
		return wordToken, min(3, len(s))
	}
	return otherToken, 2
}
