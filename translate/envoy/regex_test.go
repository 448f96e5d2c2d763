package envoy

import (
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/routing"
)

// TestSegmentsInsideThePath: a pattern for a segment takes the same segments as a
// part of an expression for the whole path, which Envoy matches.
func TestSegmentsInsideThePath(t *testing.T) {
	words := []string{"a", "b", "ab", "ba", "aa", "bar", "foo", "x", "-a", "a-", "A", "abab"}
	left := 0
	for _, pattern := range []string{
		"a", "a|b", "foo|bar", "a|^b", "^a|b$", "(^a)b", "a(b$)", "(?:^|x)a", "a(?:$|b)", "a*^b", "(^a)?b", "(?i)a", "(?m)^a$", `\ba\b`, `.*`,
		`a\b.*`, "[^a]+", "(?:a|b)+", "^^a$$", "x^a", "a$b", `\Aa\z`, "(a|^)b", "(?:a|b){2}", "[a-c]{1,3}", `-\Ba|a\B-`,
	} {
		inner, ok := segment(routing.Pattern{Kind: routing.RegexText, Text: "^(?:" + pattern + ")$"})
		if !ok {
			left++
			continue
		}
		want, got := regexp.MustCompile("^(?:"+pattern+")$"), regexp.MustCompile("^(?:/"+inner+"/M)$")
		for _, w := range words {
			if want.MatchString(w) != got.MatchString("/"+w+"/M") {
				t.Errorf("%q became %q, and differs on %q: want %v", pattern, inner, w, want.MatchString(w))
			}
		}
	}
	if left > 4 {
		t.Errorf("%d patterns were left out", left)
	}
}

// TestWholeTexts: what searches is turned into what the whole text matches.
func TestWholeTexts(t *testing.T) {
	for pattern, want := range map[string]string{
		"^(?:a|b)$": "a|b", "a": "(?s:.*)(?:a)(?s:.*)", "^(?:a)|(?:b)$": "(?s:.*)(?:^(?:a)|(?:b)$)(?s:.*)",
	} {
		if got := whole(routing.Pattern{Kind: routing.RegexText, Text: pattern}); got != want {
			t.Errorf("%q: got %q, want %q", pattern, got, want)
		}
	}
}

// TestPatternsBecomeASCII: what is left takes the same ASCII texts.
func TestPatternsBecomeASCII(t *testing.T) {
	for _, pattern := range []string{"é+", "a|é", "[^é]+", `\pL+`, `\PL`, "[a-é]+", `\x{e9}?a`, "[^/]+é?", `(?i)\x{212a}`, "[é]|b"} {
		out, _ := ascii(pattern)
		if strings.Contains(out, `\x{`) || strings.ContainsFunc(out, func(r rune) bool { return r > lastASCII }) {
			t.Errorf("%q became %q", pattern, out)
		}
		was, is := regexp.MustCompile("^(?:"+pattern+")$"), regexp.MustCompile("^(?:"+out+")$")
		for _, word := range []string{"", "a", "b", "z", "A", "1", "k", "K", "abc", "/"} {
			if was.MatchString(word) != is.MatchString(word) {
				t.Errorf("%q became %q, and differs on %q", pattern, out, word)
			}
		}
	}
	if out, changed := ascii("[^/]+"); out != "[^/]+" || changed {
		t.Errorf("a pattern without such characters became %q", out)
	}
}
