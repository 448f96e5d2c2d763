package prove

import (
	"slices"

	"github.com/grpcroute/grpcroute/routing"
)

// Texts is a set of texts of one kind: segments of a gRPC path, or header values.
// Operands of one call have to be of one kind.
type Texts struct {
	in  *languages
	lan *language
}

// Kind is a kind of texts.
type Kind int

// The kinds.
const (
	Segments Kind = iota // a service or a method: 0x21 to 0x7e without "/?#%", not empty
	Values               // a header's value: 0x20 to 0x7e
	Paths                // whole paths: segments and slashes
)

// TextsOf returns the texts of a kind in which an RE2 expression is found; partial
// says anywhere, otherwise as a whole. The error is the expression's, or a limit
// of [DefaultBudget].
func TextsOf(kind Kind, expression string, partial bool) (*Texts, error) {
	b := DefaultBudget
	in := newLanguages(segmentChars, true, "any.Service", &b)
	switch kind {
	case Values:
		in = newLanguages(valueChars, false, "other", &b)
	case Paths:
		in = newLanguages(pathChars, true, "/any.Service/Any", &b)
	}
	if !partial {
		expression = "^(?:" + expression + ")$"
	}
	l, err := in.of(routing.Pattern{Kind: routing.RegexText, Text: expression})
	if err != nil {
		return nil, err
	}
	return &Texts{in, l}, nil
}

// Word returns one of the texts; ok is false when there is none.
func (t *Texts) Word() (text string, ok bool) { return t.find(nil, nil) }

// Except returns a text of t that is in none of the others.
func (t *Texts) Except(others ...*Texts) (text string, ok bool) { return t.find(nil, others) }

// And returns a text of t that is in all of the others.
func (t *Texts) And(others ...*Texts) (text string, ok bool) { return t.find(others, nil) }

// Pick returns a text of t that is in all of with and in none of without. Without
// an error, ok false proves that there is none.
func (t *Texts) Pick(with, without []*Texts) (text string, ok bool, err error) {
	if t.lan.kind == routing.NoText {
		return "", false, nil
	}
	parts := []*language{t.lan}
	for _, o := range slices.Concat(with, without) {
		if o.lan.kind == routing.NoText {
			if slices.Contains(with, o) {
				return "", false, nil
			}
			continue
		}
		l := *o.lan
		l.id = len(parts) // of this product alone
		parts = append(parts, &l)
	}
	first := *t.lan
	first.id = 0
	parts[0] = &first
	in := &languages{alphabet: t.in.alphabet, budget: t.in.budget, products: map[string]*product{}}
	p, err := in.product(parts)
	if err != nil {
		return "", false, err
	}
	for i := range p.groups {
		g := &p.groups[i]
		if wanted(g, len(with)) {
			if w, ok := p.find(g, nil, t.in.nonEmpty, t.in.nice); ok {
				return w, true, nil
			}
		}
	}
	return "", false, nil
}

// find is Pick where too many states count as none: what is shown is always true.
func (t *Texts) find(with, without []*Texts) (string, bool) {
	text, ok, _ := t.Pick(with, without)
	return text, ok
}

// wanted reports whether a group is in the first part and the next with, and in no
// other.
func wanted(g *group, with int) bool {
	for _, i := range g.accepts.members() {
		if i > with {
			return false
		}
	}
	for i := range with + 1 {
		if !g.accepts.has(i) {
			return false
		}
	}
	return true
}
