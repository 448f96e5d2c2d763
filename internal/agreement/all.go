package agreement

import "testing"

// Agrees makes every comparison with the proxy, each as a test of its own. top is the
// top folder of the repository.
func (p *Target) Agrees(t *testing.T, top string) {
	size := func(n, short int) int {
		if testing.Short() {
			return short
		}
		return n
	}
	for _, c := range []struct {
		name    string
		compare func(*testing.T)
	}{
		{"configurations are taken", func(t *testing.T) { p.ValidateAll(t, top, size(300, 10)) }},
		{"many routes are taken", func(t *testing.T) { p.TakesLarge(t, size(10_000, 1000)) }},
		{"random", func(t *testing.T) { p.CallRandom(t, size(300, 60), 60, false) }},
		{"random, secure", func(t *testing.T) { p.CallRandom(t, size(60, 20), 60, true) }},
		{"testdata", func(t *testing.T) { p.CallTestdata(t, top, size(4, 20)) }},
		{"patterns", func(t *testing.T) { p.CallPatterns(t, 1, size(400, 100), 20) }},
		{"TLS on both sides", p.TLS},
		{"client certificates", p.Clients},
		{"streams", p.Streams},
		{"deadlines", p.Deadlines},
		{"what cannot be expressed fails", p.FailClosed},
		{"long values", p.LongValues},
		{"odd paths", p.OddPaths},
		{"odd values", p.OddValues},
	} {
		t.Run(c.name, c.compare)
	}
}
