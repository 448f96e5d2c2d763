package prove_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/prove"
)

// patterns meet every construct that automata have to decide: assertions inside,
// folding, counted repetition, alternatives.
var patterns = []string{
	`a`, `a|b`, `a*`, `(ab)*c?`, `^a$`, `\ba\b`, `a\b`, `\Ba`, `a\B.`, `[^a]*`, `(?i)aB`, `a{2,3}`, `(?:a|b){2}`, `a.c`, `.*a.*`, `x^a`, `a$b`,
	`(^|b)a`, `a(b|$)`, `\w+`, `\W`, `[[:alpha:]]+\d?`, `(a|ab)(c|bcd)`, `a+?b`, `(?m)^a`, `a||b`, `()`, `\Aa\z`, `\.b`, `_a`, `[a-c]x?`, `^`, `$`, `\b`,
}

// TestTextsWitnesses checks every answer about random pairs of patterns: a text
// that is shown is in one and not in the other, and none of many random texts
// refutes an inclusion.
func TestTextsWitnesses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	part := func() string { return patterns[r.IntN(len(patterns))] }
	for range count(t, "GRPCROUTE_PROVE_TABLES", 3_000) {
		p, q := part(), part()
		if r.IntN(2) == 0 {
			p = "(?:" + p + ")(?:" + part() + ")"
		}
		a, err := prove.TextsOf(prove.Values, p, r.IntN(2) == 0)
		b, err2 := prove.TextsOf(prove.Values, q, false)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		rq := regexp.MustCompile("^(?:" + q + ")$")
		rp := regexp.MustCompile(p)
		w, differs := a.Except(b)
		if differs && (rq.MatchString(w) || !rp.MatchString(w)) {
			t.Fatalf("%q is said to be in %q and not in %q", w, p, q)
		}
		if differs {
			continue
		}
		full := regexp.MustCompile("^(?:" + p + ")$")
		for range 50 {
			s := randomText(r)
			if full.MatchString(s) && !rq.MatchString(s) {
				t.Fatalf("%q is in %q and not in %q, said to be none", s, p, q)
			}
		}
	}
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteByte("abcx.-BA_1"[r.IntN(10)])
	}
	return b.String()
}
