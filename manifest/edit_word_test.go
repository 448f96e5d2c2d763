package manifest

import (
	"math/rand/v2"
	"testing"
)

// TestWordsAreRead compares plainName with the parser, over all short words of a few
// letters and random longer ones.
func TestWordsAreRead(t *testing.T) {
	const letters = "yYnNoOeEsStrRuUfFaAlLxX~.0189_b"
	check := func(s string) {
		if !plainName(s) {
			return
		}
		var r reader
		for _, text := range []string{"[" + s + "]", "- " + s + "\n", "{" + s + ": " + s + "}"} {
			v, err := r.yamlValue([]byte(text))
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			switch v := v.(type) {
			case []any:
				if len(v) != 1 || v[0] != any(s) {
					t.Fatalf("%q reads as %v", text, v)
				}
			case map[string]any:
				if v[s] != any(s) {
					t.Fatalf("%q reads as %v", text, v)
				}
			}
		}
	}
	for a := range len(letters) {
		check(letters[a : a+1])
		for b := range len(letters) {
			check(string([]byte{letters[a], letters[b]}))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		s := make([]byte, 3+random.IntN(4))
		for i := range s {
			s[i] = letters[random.IntN(len(letters))]
		}
		check(string(s))
	}
	for _, s := range []string{"infinity", "e10", "x0b1", "Null_", "True.", "shop.Users", "gateway.networking.k8s.io"} {
		check(s)
	}
}
