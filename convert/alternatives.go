package convert

import (
	"regexp/syntax"
	"slices"
)

// alternatives multiplies out the groups of an expression that hold a slash, so
// that each list of parts has its slashes apart.
func alternatives(re *syntax.Regexp) (lists [][]*syntax.Regexp, ok bool) {
	if !holdsSlash(re) {
		return [][]*syntax.Regexp{{re}}, true
	}
	switch re.Op {
	case syntax.OpCapture:
		return alternatives(re.Sub[0])
	case syntax.OpLiteral:
		return [][]*syntax.Regexp{slashesApart(re)}, true
	case syntax.OpQuest:
		lists, ok = alternatives(re.Sub[0])
		return append(lists, nil), ok
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, fits := alternatives(sub)
			if !fits || len(lists)+len(more) > maxAlternatives {
				return nil, false
			}
			lists = append(lists, more...)
		}
		return lists, true
	case syntax.OpConcat:
		lists = [][]*syntax.Regexp{nil}
		for _, sub := range re.Sub {
			more, fits := alternatives(sub)
			if !fits || len(lists)*len(more) > maxAlternatives {
				return nil, false
			}
			var product [][]*syntax.Regexp
			for _, a := range lists {
				for _, b := range more {
					product = append(product, slices.Concat(a, b))
				}
			}
			lists = product
		}
		return lists, true
	}
	return nil, false
}

func holdsSlash(re *syntax.Regexp) bool {
	return re.Op == syntax.OpLiteral && slices.Contains(re.Rune, '/') || slices.ContainsFunc(re.Sub, holdsSlash)
}

func slashesApart(re *syntax.Regexp) []*syntax.Regexp {
	var parts []*syntax.Regexp
	for runes := re.Rune; len(runes) > 0; {
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
	return parts
}

// splitParts makes a method match of one alternative. Some is false where no gRPC
// path is in it, ok where it is not known which are.
func splitParts(parts []*syntax.Regexp) (n names, some, ok bool) {
	parts = slices.DeleteFunc(slices.Clone(parts), func(re *syntax.Regexp) bool {
		return slices.Contains([]syntax.Op{syntax.OpBeginText, syntax.OpEndText, syntax.OpEmptyMatch}, re.Op)
	})
	var segments [][]*syntax.Regexp // between slashes
	segment := []*syntax.Regexp{}
	for _, p := range parts {
		if p.Op == syntax.OpLiteral && len(p.Rune) == 1 && p.Rune[0] == '/' {
			segments, segment = append(segments, segment), nil
			continue
		}
		segment = append(segment, p)
	}
	segments = append(segments, segment)
	switch {
	case len(segments) == 3 && len(segments[0]) == 0:
		if len(segments[1]) == 0 || len(segments[2]) == 0 {
			return n, false, true
		}
		n, ok = newNames(textOf(segments[1]), textOf(segments[2]))
		return n, ok, ok
	case len(segments) == 1 && len(segment) == 1 && takesAny(textOf(segment)): // ".*"
		return n, true, true
	case len(segments) == 2 && len(segments[0]) == 0:
		return wildService(segment)
	case len(segments) == 2 && len(segments[0]) == 1 && takesAny(textOf(segments[0])) && mayTakeSlash(segments[0][0]): // ".*/Get"
		n, ok = newNames(".*", textOf(segment))
		return n, ok, ok
	}
	return n, false, len(segments) > 3
}

// wildService reads what follows the only slash of an expression: the second slash
// of a path is then taken by ".*", which must be at the end.
func wildService(segment []*syntax.Regexp) (n names, some, ok bool) {
	if len(segment) == 0 {
		return n, false, true
	}
	last := segment[len(segment)-1]
	lead := segment[:len(segment)-1]
	if last.Op == syntax.OpConcat {
		lead, last = slices.Concat(lead, last.Sub[:len(last.Sub)-1]), last.Sub[len(last.Sub)-1]
	}
	wild := (last.Op == syntax.OpStar || last.Op == syntax.OpPlus) &&
		(last.Sub[0].Op == syntax.OpAnyCharNotNL || last.Sub[0].Op == syntax.OpAnyChar)
	if wild && len(lead) == 0 {
		return n, true, true
	}
	if !wild || slices.ContainsFunc(lead, mayTakeSlash) {
		return n, false, !wild && !slices.ContainsFunc(segment, mayTakeSlash)
	}
	n, ok = newNames(textOf(lead)+".*", ".*")
	return n, ok, ok
}

// mayTakeSlash reports whether an expression without literal slashes can take one.
func mayTakeSlash(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if re.Rune[i] <= '/' && '/' <= re.Rune[i+1] {
				return true
			}
		}
	}
	return slices.ContainsFunc(re.Sub, mayTakeSlash)
}

func textOf(parts []*syntax.Regexp) string {
	if len(parts) == 1 {
		return parts[0].String()
	}
	return (&syntax.Regexp{Op: syntax.OpConcat, Sub: parts}).String()
}
