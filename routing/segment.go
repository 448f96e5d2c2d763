package routing

import (
	"regexp"
	"strings"
)

// segment is a condition on one of the two segments of a gRPC path.
type segment struct {
	kind            segmentKind
	text            string // the literal
	*segmentPattern        // of a pattern
}

// segmentPattern is an expression whose texts begin with prefix and end with
// suffix, which is cheaper to see than what lies between.
type segmentPattern struct {
	prefix, suffix string
	re             *regexp.Regexp
}

type segmentKind uint8

const (
	anySegment segmentKind = iota
	literalSegment
	patternSegment
	noSegment // takes no segment, which are not empty
)

func literal(text string) segment {
	if !validSegment(text) {
		return segment{kind: noSegment, text: text}
	}
	return segment{kind: literalSegment, text: text}
}

// takes reports whether the segment satisfies the condition.
func (g *segment) takes(s string) bool {
	switch g.kind {
	case anySegment:
		return true
	case literalSegment:
		return s == g.text
	case patternSegment:
		return strings.HasPrefix(s, g.prefix) && strings.HasSuffix(s, g.suffix) && g.re.MatchString(s)
	}
	return false
}

// splitPath returns the service and method of a gRPC path: exactly two segments
// that are not empty, of visible characters.
func splitPath(path string) (service, method string, ok bool) {
	if len(path) < 4 || path[0] != '/' {
		return "", "", false
	}
	service, method, ok = strings.Cut(path[1:], "/")
	return service, method, ok && validSegment(service) && validSegment(method)
}

// validSegment reports whether s can be a segment of an HTTP/2 :path that a gRPC
// client sends: not empty, without a slash, blanks and control characters.
func validSegment(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == '/' || c <= ' ' || c == 0x7f {
			return false
		}
	}
	return s != ""
}
