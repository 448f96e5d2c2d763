package envoy

import "regexp/syntax"

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
