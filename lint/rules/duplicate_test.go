package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// TestDuplicatesNeverWin compares what is called a duplicate with the compiled
// table, over random routes and all implementations: the first match stands before
// it under every host, and is alive.
func TestDuplicatesNeverWin(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range profile.All {
		found := 0
		for range 300 {
			text := randomRoute(r)
			set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
			if err != nil {
				t.Fatal(err)
			}
			top := topology.Resolve(set, topology.Options{Profile: p})
			table := routing.Compile(top)
			for pl := range hostsOf(table) {
				place := map[string]int{}
				for i, e := range pl.host.Entries {
					place[fmt.Sprint(e.Rule.Index, max(e.Match, 0))] = i
				}
				for _, e := range pl.host.Entries {
					rule, match, ok := duplicateOf(e.Route, e.Rule.Index, max(e.Match, 0))
					if !ok {
						continue
					}
					found++
					first := pl.host.Entries[place[fmt.Sprint(rule, match)]]
					own := place[fmt.Sprint(e.Rule.Index, max(e.Match, 0))]
					if place[fmt.Sprint(rule, match)] >= own || first.Dead != "" && e.Dead == "" {
						t.Fatalf("%s: rules[%d].matches[%d] is called a duplicate of rules[%d].matches[%d], dead %q, in\n%s",
							p.Name, e.Rule.Index, e.Match, rule, match, first.Dead, text)
					}
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: no duplicate was seen", p.Name)
		}
	}
}

// randomRoute writes a route whose matches come from a small pool.
func randomRoute(r *rand.Rand) string {
	pool := []string{
		"{}", "{method: {service: a.B}}", "{method: {service: a.B, type: Exact}}", "{method: {service: a.B, method: Get}}",
		"{method: {method: Get}}", "{method: {type: RegularExpression, service: a.B}}", `{method: {type: RegularExpression, service: "", method: Get}}`,
		"{method: {type: RegularExpression, method: Get}}", `{method: {type: RegularExpression, service: "(a"}}`,
		"{headers: [{name: env, value: x}]}", "{headers: [{name: Env, value: x}, {name: env, value: x}]}",
		"{headers: [{name: b, value: x}, {name: ENV, value: x}]}", "{headers: [{name: env, value: x}, {name: b, type: Exact, value: x}]}",
	}
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: route, namespace: shop}\n" +
		"spec:\n  parentRefs: [{name: edge}]\n  hostnames: [a.example.com, \"*.example.com\"]\n  rules:\n")
	for range 1 + r.IntN(5) {
		b.WriteString("  - backendRefs: [{name: s, port: 1}]\n")
		if n := r.IntN(4); n > 0 {
			b.WriteString("    matches:\n")
			for range n {
				b.WriteString("    - " + pool[r.IntN(len(pool))] + "\n")
			}
		}
	}
	return b.String()
}
