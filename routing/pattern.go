package routing

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// patterns compiles regular expressions, each text once.
type patterns struct {
	full, partial map[string]compiled
}

type compiled struct {
	re  *regexp.Regexp
	err error
}

func newPatterns() *patterns {
	return &patterns{full: map[string]compiled{}, partial: map[string]compiled{}}
}

// compile returns the expression for full or partial matching. The text must be
// an expression by itself: "a)|(b" is none, although it is one inside a group.
func (p *patterns) compile(text string, partial bool) (*regexp.Regexp, error) {
	cache, wrapped := p.full, "^(?:"+text+")$"
	if partial {
		cache, wrapped = p.partial, text
	}
	c, ok := cache[text]
	if !ok {
		if _, c.err = syntax.Parse(text, syntax.Perl); c.err == nil {
			c.re, c.err = regexp.Compile(wrapped)
		}
		if c.err != nil {
			c.err = fmt.Errorf("pattern %q does not compile: %w", text, c.err)
		}
		cache[text] = c
	}
	return c.re, c.err
}

// split divides an expression for whole paths into one for the service and one
// for the method. A gRPC path has exactly two slashes. Where the
// expression, too, has two that every match consumes, the first of them at its
// start, each takes one of the path's, and neither part can see the other's
// text. ok is false where the expression does not have that shape; it is then
// matched as a whole. One that is searched for must bring its own anchors.
func (p *patterns) split(text string, partial bool) (service, method segment, ok bool) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return segment{}, segment{}, false
	}
	all := flatten(nil, tree)
	parts := unanchored(all)
	if partial && len(all) != len(parts)+2 {
		return segment{}, segment{}, false
	}
	if len(parts) == 0 || !isSlash(parts[0]) || slices.ContainsFunc(parts, seesEdges) {
		return segment{}, segment{}, false
	}
	parts = parts[1:]
	i := slices.IndexFunc(parts, isSlash)
	if i < 0 || slices.ContainsFunc(parts[i+1:], isSlash) {
		return segment{}, segment{}, false
	}
	service, err1 := p.segment(parts[:i])
	method, err2 := p.segment(parts[i+1:])
	return service, method, err1 == nil && err2 == nil
}

// segmentOf compiles an expression that a segment matches as a whole; "" takes
// any.
func (p *patterns) segmentOf(text string) (segment, error) {
	if text == "" {
		return segment{}, nil
	}
	if _, err := p.compile(text, false); err != nil {
		return segment{}, err
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return segment{}, err
	}
	return p.segment(unanchored(flatten(nil, tree)))
}

// unanchored drops the anchors that full matching makes redundant.
func unanchored(parts []*syntax.Regexp) []*syntax.Regexp {
	if n := len(parts); n > 0 && parts[0].Op == syntax.OpBeginText {
		parts = parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		parts = parts[:n-1]
	}
	return parts
}

// flatten appends the parts of a concatenation, without groups, and with each
// slash of a literal apart.
func flatten(parts []*syntax.Regexp, re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			parts = flatten(parts, sub)
		}
	case syntax.OpEmptyMatch:
	case syntax.OpLiteral:
		runes := re.Rune
		for len(runes) > 0 {
			n := slices.Index(runes, '/')
			if n == 0 {
				n = 1
			} else if n < 0 {
				n = len(runes)
			}
			part := *re
			part.Rune = runes[:n:n]
			parts, runes = append(parts, &part), runes[n:]
		}
	default:
		parts = append(parts, re)
	}
	return parts
}

func isSlash(re *syntax.Regexp) bool {
	return re.Op == syntax.OpLiteral && len(re.Rune) == 1 && re.Rune[0] == '/'
}

// seesEdges reports whether re looks at where the text begins or ends, which
// differs between a path and its segments. A word boundary does not: a slash and
// an edge are both no word.
func seesEdges(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
		return true
	}
	return slices.ContainsFunc(re.Sub, seesEdges)
}

// segment turns the parts of an expression for one segment into a condition.
func (p *patterns) segment(parts []*syntax.Regexp) (segment, error) {
	if len(parts) == 1 && takesAnySegment(parts[0]) {
		return segment{}, nil
	}
	lead := 0
	for lead < len(parts) && isPlain(parts[lead]) {
		lead++
	}
	if lead == len(parts) {
		return literal(plainText(parts)), nil
	}
	trail := len(parts)
	for isPlain(parts[trail-1]) {
		trail--
	}
	whole := &syntax.Regexp{Op: syntax.OpConcat, Sub: parts}
	re, err := p.compile(whole.String(), false)
	return segment{kind: patternSegment, segmentPattern: &segmentPattern{
		prefix: plainText(parts[:lead]),
		suffix: plainText(parts[trail:]),
		re:     re,
	}}, err
}

// takesAnySegment reports whether re is ".*", ".+", "[^/]*" or "[^/]+".
func takesAnySegment(re *syntax.Regexp) bool {
	if re.Op != syntax.OpStar && re.Op != syntax.OpPlus {
		return false
	}
	switch sub := re.Sub[0]; sub.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpCharClass:
		return slices.Equal(sub.Rune, []rune{0, '/' - 1, '/' + 1, 0x10ffff})
	}
	return false
}

func isPlain(re *syntax.Regexp) bool {
	// To an expression U+FFFD is also any byte that is no UTF-8.
	return re.Op == syntax.OpLiteral && re.Flags&syntax.FoldCase == 0 && !slices.Contains(re.Rune, utf8.RuneError)
}

func plainText(parts []*syntax.Regexp) string {
	var rs []rune
	for _, p := range parts {
		rs = append(rs, p.Rune...)
	}
	return string(rs)
}
