package agreement

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
)

// atoms and suffixes are what random patterns are made of; words, what they are
// asked.
var (
	atoms = []string{
		"a", "b", "ab", "A", "1", "-", "_", "[ab]", "[^a]", "[a-z1]", "[^b-]", `\w`, `\W`, `\d`, `\D`, `.`, "(?i:a)", "(?i:K)", "(?s:.)", `\b`, `\B`, "^", "$",
		`\A`, `\z`, "(?m:^)", "(?m:$)", `\pL`, `\PL`, `\p{Lu}`, `[[:alpha:]]`, `\x61`, `\.`, `\-`, "é", "[é-ü]", "[^é]", `\x{212a}`, "(?:)", `\Qa.b\E`, `\t`, "#", "'", `"`, `\$`, ";", "{", "}", "%", ",",
	}
	suffixes = []string{"", "", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,2}", "{1,}", "*?", "+?"}
	words    = []string{"a", "b", "ab", "ba", "A", "B", "K", "k", "1", "11", "a1", "aa", "bb", "aab", "abab", "-", "a-", "-a", "a-b", "_", "a_b", "a.b", "z", "Z1", "#", "'", `"`, "$", ";", "{", "}", "%", "a;b", "a,b", "a'b"}
)

// pattern returns a random expression.
func pattern(r *rand.Rand, depth int) string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		piece := atoms[r.IntN(len(atoms))]
		if depth > 0 && r.IntN(3) == 0 {
			piece = "(" + pattern(r, depth-1) + ")"
		}
		b.WriteString(piece + suffixes[r.IntN(len(suffixes))])
	}
	if depth > 0 && r.IntN(3) == 0 {
		return b.String() + "|" + pattern(r, depth-1)
	}
	return b.String()
}

// patterned returns the manifests of a Gateway with a host for each of n patterns:
// of a header, a service, a method or all of them.
func patterned(r *rand.Rand, n int) string {
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: c\n  listeners: [{name: l, port: 80, protocol: HTTP}]\n")
	quote := func() string {
		for {
			if text := pattern(r, 2); compiles(text) {
				out, _ := json.Marshal(text) // of a string, which never fails
				return string(out)
			}
		}
	}
	for i := range n {
		match := []string{
			fmt.Sprintf("headers: [{type: RegularExpression, name: h, value: %s}]", quote()),
			fmt.Sprintf("method: {type: RegularExpression, service: %s}", quote()),
			fmt.Sprintf("method: {type: RegularExpression, method: %s}", quote()),
			fmt.Sprintf("method: {type: RegularExpression, service: %s, method: %s}, headers: [{type: RegularExpression, name: h, value: %s}, {name: k, value: a}]", quote(), quote(), quote()),
		}[i%4]
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [h%d.ex.com]\n  rules: [{matches: [{%s}], backendRefs: [{name: s, port: 80}]}]\n", i, i, match)
	}
	return b.String()
}

func compiles(text string) bool {
	_, err := regexp.Compile("^(?:" + text + ")$")
	return err == nil && len(text) < 200
}

// CallPatterns makes calls to n random regular expressions, each of which takes or
// leaves them as Go's own does.
func (p *Target) CallPatterns(t *testing.T, seed uint64, n, each int) {
	p.Need(t)
	r := rand.New(rand.NewPCG(seed, 3))
	table := Compile(t, patterned(r, n), profile.Spec)
	a := p.compare(t, 1)
	g := a.Open([]*routing.Table{table})
	defer g.Close()
	word := func() string { return words[r.IntN(len(words))] }
	for i := range n {
		for range each {
			q := &routing.Request{
				Gateway: "d/gw", Port: 80, Authority: fmt.Sprintf("h%d.ex.com", i), Path: "/" + word() + "/" + word(),
				Headers: []routing.Header{{Name: "h", Value: word()}},
			}
			if r.IntN(4) > 0 {
				q.Headers = append(q.Headers, routing.Header{Name: "k", Value: "a"})
			}
			if !strings.ContainsAny(q.Path, "%#?;{}\"'") {
				g.Call(table, q)
			}
		}
	}
	t.Logf("%d calls, %d routed", a.Calls, a.Routed)
	if a.Calls < n*each/4 || a.Routed < a.Calls/50 || a.Routed > a.Calls*9/10 {
		t.Errorf("%d calls were made, %d of them were routed", a.Calls, a.Routed)
	}
}
