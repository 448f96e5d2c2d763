package pcre_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/translate/pcre"
)

// TestSameTexts: what is written takes the same texts to Go, whose dialect has all
// of it but the expression for nothing. Tests of translators compare with PCRE.
func TestSameTexts(t *testing.T) {
	words := []string{"", "a", "b", "ab", "A", "K", "k", "foo", "bar", "a.b", "a-b", "x1_", "1", " ", "aXb", "axb", "\t", "a\nb", "ba", "aab"}
	for _, pattern := range []string{
		"^(?:a|b)$", "a", "^a", "b$", "(?i)K", "(?i:a)b", "[^a]+", `\w+`, `\W`, `^\d*$`, `\bab\b`, `a\Bb`, "(?m)^b", "(?m)a$", "(?s)a.b", "a.b", "(a|ab)(b|)", "a{2}", "a{1,2}b",
		"(?:ab)*", "(foo|bar)+?", "^(?:)$", `\Qa.b\E`, `[[:alpha:]]+1`, `\x61`, "a|é", "[^é]", `\PL`, "[a-é]b", `^(?:\s)$`, "(?U)a+",
	} {
		x, err := pcre.Whole(pattern, pcre.Alone)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		inGo := strings.NewReplacer(pcre.Nothing, `[^\x00-\x{10ffff}]`, `(?:\A|(?<=\x0a))`, `(?m:^)`, `(?:\z|(?=\x0a))`, `(?m:$)`).Replace(x.Text)
		want, got := regexp.MustCompile(pattern), regexp.MustCompile(`\A`+inGo+`\z`)
		for _, word := range words {
			if want.MatchString(word) != got.MatchString(word) {
				t.Errorf("%q became %q, and differs on %q: want %v", pattern, x.Text, word, want.MatchString(word))
			}
		}
	}
}

// TestLimits: what is larger than PCRE takes is an error.
func TestLimits(t *testing.T) {
	for pattern, ok := range map[string]bool{
		"[a-z]{1,1000}": true, "(?:ab){1000}": true, "(?:[ab][cd]){1000}": false, "((((((((((a))))))))))": true,
		strings.Repeat("(x", 300) + strings.Repeat(")", 300): false, strings.Repeat("ab", 20_000): false,
	} {
		if _, err := pcre.Whole(pattern, pcre.Alone); (err == nil) != ok {
			t.Errorf("%.30q: %v", pattern, err)
		}
	}
}

// TestFacts: what is left out and what is repeated is said.
func TestFacts(t *testing.T) {
	for pattern, want := range map[string][2]bool{
		"a+": {false, false}, "(?:ab)+": {false, true}, "(?:ab)?": {false, false}, "(?:a|bc){0,1}": {false, false}, "é": {true, false}, "[^é]*": {true, false},
		"[^/]*": {false, false}, "(a|bc)*é": {true, true}, "(?i)k": {false, false},
	} {
		x, err := pcre.Whole(pattern, pcre.Alone)
		if err != nil || x.Clipped != want[0] || x.Grouped != want[1] {
			t.Errorf("%q: %+v, %v", pattern, x, err)
		}
	}
}

// TestQuoteTakesItself: no character of a text has a meaning.
func TestQuoteTakesItself(t *testing.T) {
	for c := range 128 {
		text := "a" + string(rune(c)) + "b"
		if re := regexp.MustCompile(`\A` + pcre.Quote(text) + `\z`); !re.MatchString(text) || re.MatchString("aab") != (c == 'a') {
			t.Errorf("%q became %q", text, pcre.Quote(text))
		}
	}
}
