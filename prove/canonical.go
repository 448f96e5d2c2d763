package prove

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/grpcroute/grpcroute/routing"
)

// A comparison with something that writes the same conditions in another way gains
// from knowing equal languages as equal. A minimal automaton whose classes and
// states are numbered in a fixed order is the same for every expression of its
// language.

// settle adds a language, or returns the equal one that is there already: a literal
// where it has one text, any text where it has all.
func (ls *languages) settle(key string, l *language) *language {
	if !ls.canonical || l.kind != routing.RegexText || l.auto == nil {
		ls.add(key, l)
		return l
	}
	if ls.nonEmpty {
		l.auto = l.auto.withoutEmpty()
	}
	l.auto.normalize()
	same, ok := ls.simple(l.auto)
	if !ok {
		id := "minimal " + l.auto.key()
		if same, ok = ls.known[id]; !ok {
			ls.add(id, l)
			same = l
		}
	}
	ls.known[key] = same
	return same
}

// unlike makes words for an expression those of no other: what was written by others
// may read alike, and regions are told apart by their words.
func (ls *languages) unlike(source string) string {
	if ls.sources == nil {
		ls.sources = map[string]bool{}
	}
	text := source
	for i := 2; ls.sources[text]; i++ {
		text = fmt.Sprintf("%s (%d)", source, i)
	}
	ls.sources[text] = true
	return text
}

// simple returns the language of an automaton that needs none.
func (ls *languages) simple(a *automaton) (*language, bool) {
	if a.empty() {
		return ls.plain(routing.Pattern{Kind: routing.NoText}), true
	}
	if text, ok := a.only(); ok {
		return ls.plain(routing.Pattern{Kind: routing.LiteralText, Text: text}), true
	}
	if a.takesAll(ls.nonEmpty) {
		return ls.plain(routing.Pattern{}), true
	}
	return nil, false
}

// plain is [languages.of] for patterns that no limit is for.
func (ls *languages) plain(p routing.Pattern) *language {
	l, _ := ls.of(p) // only expressions have limits
	return l
}

// only returns the one text of an automaton.
func (a *automaton) only() (string, bool) {
	var text []byte
	for q, steps := int32(0), 0; steps <= len(a.accept); steps++ {
		next, by := dead, -1
		for k, t := range a.next[int(q)*len(a.rep) : int(q+1)*len(a.rep)] {
			switch {
			case t == dead:
			case next != dead:
				return "", false
			default:
				next, by = t, k
			}
		}
		switch {
		case a.accept[q]:
			return string(text), next == dead
		case next == dead || a.count(by) != 1:
			return "", false
		}
		text = append(text, a.rep[by])
		q = next
	}
	return "", false
}

// count is how many characters a class has.
func (c *classes) count(class int) int {
	n := 0
	for _, k := range c.of {
		if int(k) == class {
			n++
		}
	}
	return n
}

// takesAll reports whether every text is taken, but for the empty one perhaps. The
// automaton is minimal.
func (a *automaton) takesAll(nonEmpty bool) bool {
	if slices.Contains(a.accept[1:], false) || slices.Contains(a.next, dead) {
		return false
	}
	// The start is left for good by the first character, or accepts by itself.
	return a.accept[0] || nonEmpty && !slices.Contains(a.next, 0)
}

// withoutEmpty takes the empty text out.
func (a *automaton) withoutEmpty() *automaton {
	if !a.accept[0] {
		return a
	}
	k := len(a.rep)
	out := &automaton{classes: a.classes}
	out.accept = append([]bool{false}, a.accept...)
	shift := func(list []int32) {
		for _, t := range list {
			if t != dead {
				t++
			}
			out.next = append(out.next, t)
		}
	}
	shift(a.next[:k])
	shift(a.next)
	out.minimize()
	return out
}

// normalize merges the classes that lead to the same states everywhere and numbers
// classes by their first character and states by when they are first reached.
func (a *automaton) normalize() {
	k := len(a.rep)
	merged := map[string]uint8{}
	var reps []byte
	var from []int // the old class of each new one
	of := a.of
	for ch := range a.of {
		old := a.of[ch]
		if old == noClass {
			continue
		}
		var column []byte
		for q := range a.accept {
			column = appendInt(column, a.next[q*k+int(old)])
		}
		n, ok := merged[string(column)]
		if !ok {
			n = uint8(len(reps))
			merged[string(column)] = n
			reps, from = append(reps, 0), append(from, int(old))
		}
		of[ch] = n
	}
	for i := range reps {
		var set charset
		for ch, n := range of {
			if int(n) == i {
				set.add(byte(ch))
			}
		}
		reps[i] = set.pretty()
	}
	next := make([]int32, 0, len(a.accept)*len(reps))
	for q := range a.accept {
		for _, old := range from {
			next = append(next, a.next[q*k+old])
		}
	}
	a.of, a.rep, a.next = of, reps, next
	block := make([]int32, len(a.accept))
	for q := range block {
		block[q] = int32(q) + 1
	}
	if !a.empty() {
		a.rebuild(block)
	}
}

// key writes a normalized automaton.
func (a *automaton) key() string {
	b := slices.Clone(a.of[:])
	for _, t := range a.next {
		b = appendInt(b, t)
	}
	for _, ok := range a.accept {
		b = append(b, map[bool]byte{true: 1}[ok])
	}
	return string(b)
}

// complement takes the texts of an alphabet that a does not.
func (a *automaton) complement() *automaton {
	sink := int32(len(a.accept))
	out := &automaton{classes: a.classes}
	for _, t := range a.next {
		if t == dead {
			t = sink
		}
		out.next = append(out.next, t)
	}
	for range a.rep {
		out.next = append(out.next, sink)
	}
	for _, ok := range a.accept {
		out.accept = append(out.accept, !ok)
	}
	out.accept = append(out.accept, true)
	out.minimize()
	return out
}

// intersect takes the texts of an alphabet that both take.
func intersect(alphabet charset, a, b *automaton, limit int) (*automaton, error) {
	out := &automaton{classes: classesOf(alphabet, slices.Concat(a.sets(), b.sets()))}
	type both struct{ a, b int32 }
	numbers := map[both]int32{{}: 0}
	todo := []both{{}}
	for i := 0; i < len(todo); i++ {
		if i > limit {
			return nil, &limitError{"states of an automaton", limit}
		}
		at := todo[i]
		out.accept = append(out.accept, a.accept[at.a] && b.accept[at.b])
		for _, c := range out.rep {
			to := both{a.step(at.a, c), b.step(at.b, c)}
			if to.a == dead || to.b == dead {
				out.next = append(out.next, dead)
				continue
			}
			n, ok := numbers[to]
			if !ok {
				n = int32(len(todo))
				numbers[to] = n
				todo = append(todo, to)
			}
			out.next = append(out.next, n)
		}
	}
	out.minimize()
	return out, nil
}

// not returns the texts that are not in a language.
func (ls *languages) not(l *language) (*language, error) {
	switch l.kind {
	case routing.AnyText:
		return ls.plain(routing.Pattern{Kind: routing.NoText}), nil
	case routing.NoText:
		return ls.plain(routing.Pattern{}), nil
	}
	key := "not " + string(appendInt(nil, int32(l.id)))
	if o, ok := ls.known[key]; ok {
		return o, nil
	}
	a := l.auto
	source := l.source
	if a == nil {
		var err error
		if a, err = determinize("^(?:"+regexp.QuoteMeta(l.text)+")$", ls.alphabet, ls.budget.PatternStates); err != nil {
			return nil, err
		}
		source = "the text " + source
	}
	return ls.settle(key, &language{kind: routing.RegexText, text: key, source: "all but " + source, auto: a.complement()}), nil
}
