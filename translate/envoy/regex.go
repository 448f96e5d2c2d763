package envoy

import (
	"regexp/syntax"
	"strings"
	"unicode"
)

// A pattern for one segment of a path may ask where the text begins or ends, which
// within an expression for the whole path is somewhere else. That it may take a
// slash there makes no difference: a gRPC path has two, and both are asked for.

func hasAnchor(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
		return true
	}
	for _, sub := range re.Sub {
		if hasAnchor(sub) {
			return true
		}
	}
	return false
}

// inside rewrites an expression for a segment: first and last say whether it
// stands where the segment begins and ends. ok is false where that does not
// follow from the expression.
func inside(re *syntax.Regexp, first, last bool) (out *syntax.Regexp, ok bool) {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpBeginLine: // a segment is one line
		return always(first), true
	case syntax.OpEndText, syntax.OpEndLine:
		return always(last), true
	case syntax.OpConcat:
		return concat(re, first, last)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		if hasAnchor(re) { // the second round stands elsewhere than the first
			return nil, false
		}
	}
	copied := *re
	copied.Sub = nil
	for _, sub := range re.Sub {
		got, ok := inside(sub, first, last)
		if !ok {
			return nil, false
		}
		copied.Sub = append(copied.Sub, got)
	}
	return &copied, true
}

// concat rewrites a sequence. A part before which something is consumed is not at
// the beginning; one before which something may be is, for an anchor, undecided.
func concat(re *syntax.Regexp, first, last bool) (*syntax.Regexp, bool) {
	out := &syntax.Regexp{Op: syntax.OpConcat, Flags: re.Flags}
	for i, sub := range re.Sub {
		before, after := consumes(re.Sub[:i]), consumes(re.Sub[i+1:])
		if hasAnchor(sub) && (first && before == perhaps || last && after == perhaps) {
			return nil, false
		}
		got, ok := inside(sub, first && before == never, last && after == never)
		if !ok {
			return nil, false
		}
		out.Sub = append(out.Sub, got)
	}
	return out, true
}

// consumption says whether an expression consumes characters.
type consumption int

const (
	never consumption = iota
	perhaps
	surely
)

func consumes(list []*syntax.Regexp) consumption {
	out := never
	for _, re := range list {
		out = max(out, consumesOne(re))
	}
	return out
}

func consumesOne(re *syntax.Regexp) consumption {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpNoMatch:
		return never
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return surely
	case syntax.OpConcat:
		return consumes(re.Sub)
	case syntax.OpCapture, syntax.OpPlus:
		return consumesOne(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return consumesOne(re.Sub[0])
		}
	case syntax.OpAlternate:
		least := consumesOne(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			if consumesOne(sub) != least {
				return perhaps
			}
		}
		return least
	}
	return perhaps
}

func always(holds bool) *syntax.Regexp {
	if holds {
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	}
	return &syntax.Regexp{Op: syntax.OpNoMatch}
}

// lastASCII is the last character that is one byte.
const lastASCII = 0x7f

// nothing is an expression that takes nothing. That of package syntax names a
// character that Envoy's dialect, whose characters are bytes, does not have.
const nothing = `[^\x00-\xff]`

// ascii leaves characters beyond ASCII out of an expression: Envoy's newer versions
// read both expression and text byte by byte, so that "é+" repeats half of a
// character, and others do not.
func ascii(text string) (out string, changed bool) {
	plain := !strings.ContainsFunc(text, func(r rune) bool { return r > lastASCII })
	if plain && !strings.Contains(text, `\x{`) && !strings.Contains(text, `\p`) && !strings.Contains(text, `\P`) {
		return text, false
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return text, false // it has been read before
	}
	changed = clip(tree)
	return strings.ReplaceAll(tree.String(), `[^\x00-\x{10FFFF}]`, nothing), changed
}

// clip does so in place, and reports whether a character was left out.
func clip(re *syntax.Regexp) (changed bool) {
	for _, sub := range re.Sub {
		changed = clip(sub) || changed
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r > lastASCII {
				*re = *always(false)
				return true
			}
		}
	case syntax.OpCharClass:
		var kept []rune
		beyond := false
		for i := 0; i+1 < len(re.Rune); i += 2 {
			lo, hi := re.Rune[i], re.Rune[i+1]
			beyond = beyond || lo > lastASCII || hi > lastASCII && hi != unicode.MaxRune
			if lo <= lastASCII {
				kept = append(kept, lo, min(hi, lastASCII))
			}
		}
		first := len(re.Rune) > 0 && re.Rune[0] == 0
		switch {
		case first && !beyond: // all but some that are ASCII
			return changed
		case len(kept) == 0:
			*re = *always(false)
		default:
			re.Rune = kept
		}
		return true
	}
	return changed
}
