package prove

import (
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// language is a set of texts of one alphabet.
type language struct {
	id   int
	kind routing.PatternKind
	text string     // of a literal, or the source of an expression
	auto *automaton // of an expression
	// source names an expression in words, each by its own: "\"shop\\..*\"".
	source string
}

// takes reports whether a text of the alphabet is in the language.
func (l *language) takes(text string) bool {
	switch l.kind {
	case routing.AnyText:
		return true
	case routing.LiteralText:
		return l.text == text
	case routing.RegexText:
		return l.auto.takes(text)
	}
	return false
}

func (l *language) literal() bool { return l.kind == routing.LiteralText }
func (l *language) regex() bool   { return l.kind == routing.RegexText }

// languages makes each language of one alphabet once.
type languages struct {
	alphabet charset
	nonEmpty bool   // the empty text is no text of the dimension
	nice     string // the text that witnesses use where anything will do
	budget   *Budget
	known    map[string]*language
	failed   map[string]error
	products map[string]*product
	all      []*language // by id
	// canonical: equal languages are one, however they are written.
	canonical bool
	sources   map[string]bool
}

func newLanguages(alphabet charset, nonEmpty bool, nice string, b *Budget) *languages {
	return &languages{
		alphabet: alphabet, nonEmpty: nonEmpty, nice: nice, budget: b,
		known: map[string]*language{}, failed: map[string]error{}, products: map[string]*product{},
	}
}

// of returns the language of a pattern. A literal that no request can hold takes
// nothing. The error is a limit.
func (ls *languages) of(p routing.Pattern) (*language, error) {
	key := strconv.Itoa(int(p.Kind)) + p.Text
	if l, ok := ls.known[key]; ok {
		return l, ls.failed[key]
	}
	l := &language{kind: p.Kind, text: p.Text, source: written(p)}
	var err error
	switch {
	case p.Kind == routing.LiteralText && (!ls.alphabet.holds(p.Text) || p.Text == "" && ls.nonEmpty):
		l.kind = routing.NoText
	case p.Kind == routing.RegexText:
		l.auto, err = determinize(p.Text, ls.alphabet, ls.budget.PatternStates)
		if err == nil && l.auto.empty() {
			l.kind = routing.NoText
		}
	}
	if err == nil {
		return ls.settle(key, l), nil
	}
	ls.add(key, l)
	ls.failed[key] = err
	return l, err
}

// ofAutomaton returns the language of an automaton, under a key of its own; source
// names it in words.
func (ls *languages) ofAutomaton(key, source string, a *automaton) *language {
	key = "automaton " + key
	if l, ok := ls.known[key]; ok {
		return l
	}
	l := &language{kind: routing.RegexText, text: key, source: source, auto: a}
	if a.empty() {
		l.kind = routing.NoText
	}
	return ls.settle(key, l)
}

func (ls *languages) add(key string, l *language) {
	if ls.canonical && l.regex() {
		l.source = ls.unlike(l.source)
	}
	l.id = len(ls.all)
	ls.all = append(ls.all, l)
	ls.known[key] = l
}

// written is an expression as a manifest has it. Routing puts anchors around one
// that is matched as a whole.
func written(p routing.Pattern) string {
	text := p.Text
	if p.Source != "" {
		return strconv.Quote(p.Source)
	}
	const before, after = "^(?:", ")$"
	if inner, ok := strings.CutPrefix(text, before); ok {
		if inner, ok = strings.CutSuffix(inner, after); ok {
			return strconv.Quote(inner)
		}
	}
	return strconv.Quote(text) + " anywhere"
}
