package rules_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestZZAll(t *testing.T) {
	sets := manifestSets(t)
	for _, s := range sets {
		dir := write(t, s)
		for k := range 66 {
			if sameInGroups(t, dir, lintOptions(k)); t.Failed() {
				t.Fatal(s.name, k)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 2000 {
		mixed := make([]manifestSet, 2+r.IntN(6))
		name := ""
		for j := range mixed {
			mixed[j] = sets[r.IntN(len(sets))]
			name += " " + mixed[j].name
		}
		if sameInGroups(t, write(t, mixed...), lintOptions(r.IntN(1000))); t.Failed() {
			t.Fatal(fmt.Sprint(i), name)
		}
	}
}
