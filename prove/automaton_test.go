package prove

import (
	"regexp"
	"testing"
)

// Patterns meet every construct that automata have to decide: assertions inside,
// folding, counted repetition, alternatives.
var Patterns = []string{
	`a`, `a|b`, `a*`, `(ab)*c?`, `^a$`, `\ba\b`, `a\b`, `\Ba`, `a\B.`, `[^a]*`, `(?i)aB`, `a{2,3}`, `(?:a|b){2}`, `a.c`, `.*a.*`, `x^a`, `a$b`,
	`(^|b)a`, `a(b|$)`, `\w+`, `\W`, `[[:alpha:]]+\d?`, `(a|ab)(c|bcd)`, `a+?b`, `(?m)^a`, `a||b`, `()`, `\Aa\z`, `\.b`, `_a`, `[a-c]x?`, `^`, `$`, `\b`,
}

// TestAutomataAgreeWithRegexp compares membership with package regexp, for all
// texts of up to five of a few letters, both ways of matching.
func TestAutomataAgreeWithRegexp(t *testing.T) {
	texts := []string{""}
	for from, size := 0, 0; size < 5; size++ {
		for end := len(texts); from < end; from++ {
			for _, c := range "abcx.-B" {
				texts = append(texts, texts[from]+string(c))
			}
		}
	}
	for _, p := range Patterns {
		for _, text := range []string{p, "^(?:" + p + ")$", "(?:" + p + ")(?:b|" + p + ")"} {
			a, err := determinize(text, valueChars, 1000)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			re := regexp.MustCompile(text)
			for _, s := range texts {
				if got, want := a.takes(s), re.MatchString(s); got != want {
					t.Fatalf("%q in %q: %v, regexp says %v", s, text, got, want)
				}
			}
		}
	}
}
