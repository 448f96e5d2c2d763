package prove

import (
	"testing"

	"github.com/grpcroute/grpcroute/routing"
)

// TestEqualLanguagesAreOne: expressions that take the same texts are one language, and
// others are not.
func TestEqualLanguagesAreOne(t *testing.T) {
	b := DefaultBudget
	for _, tt := range []struct {
		a, b     string
		nonEmpty bool
		same     bool
	}{
		{"^(?:a|b)$", "^[ab]$", true, true},
		{"^(?:foo.*)$", "^foo", true, true},
		{"^.*$", "^.+$", true, true},
		{"^.*$", "^.+$", false, false},
		{"^a?$", "^a$", true, true},
		{"^a?$", "^a$", false, false},
		{"b", "^[^b]*b.*$", true, true},
		{"b", "^.+$", true, false}, // its automaton accepts everywhere but at the start, too
		{"^(?:a{2,3})$", "^(?:aa|aaa)$", true, true},
		{`^\bfoo$`, "^foo$", true, true},
		{"(?i)^ab$", "^[aA][bB]$", true, true},
		{"(?i)^ab$", "^[aA]b$", true, false},
	} {
		ls := newLanguages(segmentChars, tt.nonEmpty, "x", &b)
		ls.canonical = true
		x, err1 := ls.of(routing.Pattern{Kind: routing.RegexText, Text: tt.a})
		y, err2 := ls.of(routing.Pattern{Kind: routing.RegexText, Text: tt.b})
		if err1 != nil || err2 != nil || (x == y) != tt.same {
			t.Errorf("%s and %s: one is %v, want %v (%v, %v)", tt.a, tt.b, x == y, tt.same, err1, err2)
		}
		twice, err := ls.not(x)
		if err == nil {
			twice, err = ls.not(twice)
		}
		if err != nil || twice != x {
			t.Errorf("%s: what is not not in it is another language (%v)", tt.a, err)
		}
	}
	ls := newLanguages(segmentChars, true, "x", &b)
	ls.canonical = true
	for text, want := range map[string]routing.PatternKind{"^foo$": routing.LiteralText, "^.*$": routing.AnyText, "^/$": routing.NoText, "^[ab]$": routing.RegexText} {
		if l, err := ls.of(routing.Pattern{Kind: routing.RegexText, Text: text}); err != nil || l.kind != want {
			t.Errorf("%s is of kind %d, want %d (%v)", text, l.kind, want, err)
		}
	}
}
