package prove_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/prove"
)

// TestTextsWitnesses checks every answer about random pairs of patterns: a text
// that is shown is in one and not in the other, and none of many random texts
// refutes an inclusion.
func TestTextsWitnesses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	part := func() string { return prove.Patterns[r.IntN(len(prove.Patterns))] }
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
