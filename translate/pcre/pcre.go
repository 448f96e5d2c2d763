// Package pcre writes regular expressions, which are RE2 in our tables, for the
// proxies that read PCRE. The result takes the same texts: it is written from the
// parsed expression, in constructs that both dialects have, byte by byte. Texts are
// those that gRPC sends, which are ASCII.
package pcre

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// Edges say how an expression for one text stands in one for a longer subject.
type Edges struct {
	// Begin and End are the assertions that hold where the text begins and ends.
	Begin, End string
	// Without are bytes that the text never has, as what divides the subject. No class
	// takes them, so that nothing is taken of what is beside the text.
	Without string
}

// Alone are the edges of a text that is the whole subject.
var Alone = Edges{Begin: `\A`, End: `\z`}

// Why an expression cannot be written.
var (
	errNested = errors.New("its groups are nested deeper than PCRE takes")
	errLarge  = errors.New("with its repetitions it is larger than PCRE takes")
)

// The limits of PCRE (pcre2limits(3)): groups nest 250 deep, and an expression takes
// 64 KiB once it is compiled, repeated groups as often as they are repeated. Some
// room is left for what stands around it.
const (
	maxDepth = 200
	maxSize  = 50_000
)

// Expression is an expression of PCRE.
type Expression struct {
	Text    string
	Clipped bool // characters beyond ASCII are left out of it
	// Grouped: some group is repeated, of which a matcher keeps something for each
	// round: PCRE's just-in-time compiler has 32 KiB for that.
	Grouped bool
}

// Whole writes an expression that takes exactly the texts in which an RE2
// expression finds a match.
func Whole(text string, e Edges) (Expression, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return Expression{}, err
	}
	w := &writer{edges: e}
	first, last := false, false
	if inner, ok := anchored(text); ok {
		if tree, err = syntax.Parse(inner, syntax.Perl); err != nil {
			return Expression{}, err
		}
		first, last = true, true
	}
	if size(tree) > maxSize {
		return Expression{}, errLarge
	}
	if !first {
		w.class([]rune{0, unicode.MaxRune})
		w.b.WriteByte('*')
	}
	w.group(tree, 0)
	if !last {
		w.class([]rune{0, unicode.MaxRune})
		w.b.WriteByte('*')
	}
	return Expression{w.b.String(), w.clipped, w.grouped}, w.err
}

// anchored returns the expression inside "^(?:…)$". That it is an expression by
// itself shows that the group is one.
func anchored(text string) (string, bool) {
	inner, ok1 := strings.CutPrefix(text, "^(?:")
	inner, ok2 := strings.CutSuffix(inner, ")$")
	if !ok1 || !ok2 {
		return "", false
	}
	_, err := syntax.Parse(inner, syntax.Perl)
	return inner, err == nil
}

// size estimates the bytes that an expression takes once it is compiled.
func size(re *syntax.Regexp) int {
	const character, class, group = 2, 34, 8
	n := group
	switch re.Op {
	case syntax.OpLiteral:
		n = character * len(re.Rune)
		if re.Flags&syntax.FoldCase != 0 {
			n = class * len(re.Rune)
		}
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = class
	}
	for _, sub := range re.Sub {
		n += size(sub)
	}
	if re.Op == syntax.OpRepeat && n <= maxSize {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, 2*maxSize)
}

type writer struct {
	b       strings.Builder
	edges   Edges
	clipped bool
	grouped bool
	err     error
}

func (w *writer) group(re *syntax.Regexp, depth int) {
	if depth > maxDepth {
		w.err = errNested
		return
	}
	w.b.WriteString("(?:")
	w.write(re, depth)
	w.b.WriteByte(')')
}

func (w *writer) write(re *syntax.Regexp, depth int) {
	switch re.Op {
	case syntax.OpEmptyMatch:
	case syntax.OpNoMatch:
		w.b.WriteString(Nothing)
	case syntax.OpLiteral:
		w.literal(re)
	case syntax.OpCharClass:
		w.class(re.Rune)
	case syntax.OpAnyChar:
		w.class([]rune{0, unicode.MaxRune})
	case syntax.OpAnyCharNotNL:
		w.class([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune})
	case syntax.OpBeginText:
		w.b.WriteString(w.edges.Begin)
	case syntax.OpEndText:
		w.b.WriteString(w.edges.End)
	case syntax.OpBeginLine, syntax.OpEndLine:
		w.line(re.Op)
	case syntax.OpWordBoundary:
		w.b.WriteString(`\b`)
	case syntax.OpNoWordBoundary:
		w.b.WriteString(`\B`)
	case syntax.OpCapture:
		w.group(re.Sub[0], depth+1)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		if w.repeated(re.Sub[0], depth+1) && re.Op != syntax.OpQuest && (re.Op != syntax.OpRepeat || re.Max != 1) {
			w.grouped = true
		}
		w.b.WriteString(times(re))
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			w.part(sub, depth)
		}
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			if i > 0 {
				w.b.WriteByte('|')
			}
			w.part(sub, depth)
		}
	default:
		w.err = fmt.Errorf("it has an operator %s that is not known", re.Op)
	}
}

// repeated writes what is repeated, and reports whether it is a group. Without one
// PCRE repeats a character in one step.
func (w *writer) repeated(re *syntax.Regexp, depth int) (group bool) {
	before := w.b.Len()
	switch re.Op {
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
	case syntax.OpLiteral:
		if len(re.Rune) > 1 {
			w.group(re, depth)
			return true
		}
	default:
		w.group(re, depth)
		return true
	}
	w.write(re, depth)
	if text := w.b.String(); text[before:] == Nothing { // which is an assertion
		w.b.Reset()
		w.b.WriteString(text[:before] + "(?:" + Nothing + ")")
	}
	return false
}

// part writes a member of a sequence or an alternative.
func (w *writer) part(re *syntax.Regexp, depth int) {
	if re.Op == syntax.OpAlternate || re.Op == syntax.OpConcat {
		w.group(re, depth+1)
		return
	}
	w.write(re, depth)
}

// line writes an assertion about lines: a text without line feeds is one line.
func (w *writer) line(op syntax.Op) {
	edge, beside := w.edges.Begin, `(?<=\x0a)`
	if op == syntax.OpEndLine {
		edge, beside = w.edges.End, `(?=\x0a)`
	}
	if strings.Contains(w.edges.Without, "\n") {
		w.b.WriteString(edge)
		return
	}
	w.b.WriteString("(?:" + edge + "|" + beside + ")")
}

// times writes how often something is repeated. Which of several ways it matches in
// is all the same.
func times(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpStar:
		return "*"
	case syntax.OpPlus:
		return "+"
	case syntax.OpQuest:
		return "?"
	}
	switch {
	case re.Max < 0:
		return fmt.Sprintf("{%d,}", re.Min)
	case re.Min == re.Max:
		return fmt.Sprintf("{%d}", re.Min)
	}
	return fmt.Sprintf("{%d,%d}", re.Min, re.Max)
}

// Nothing is an expression that takes nothing.
const Nothing = `(?!)`

// lastASCII is the last character that is one byte.
const lastASCII = 0x7f

func (w *writer) literal(re *syntax.Regexp) {
	for _, r := range re.Rune {
		if re.Flags&syntax.FoldCase != 0 {
			w.folded(r)
			continue
		}
		w.clipped = w.clipped || r > lastASCII
		if r > lastASCII || strings.ContainsRune(w.edges.Without, r) {
			w.b.WriteString(Nothing)
			continue
		}
		w.b.WriteString(Quote(string(r)))
	}
}

// folded writes a character of either case.
func (w *writer) folded(r rune) {
	pairs := []rune{r, r}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		pairs = append(pairs, f, f)
	}
	if slices.Min(pairs) > lastASCII {
		w.clipped = true
	}
	pairs = slices.DeleteFunc(pairs, func(r rune) bool { return r > lastASCII })
	slices.Sort(pairs)
	w.class(pairs)
}
