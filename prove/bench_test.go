package prove_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// mixed is a table of n matches on one host, as people write them: 62 % exact,
// 12 % exact with a header, 12 % service only, 5 % with a method pattern, 4 %
// method only, 0.5 % with a service pattern, 3.5 % with a header pattern, 1 % with
// a header only; n/12 services and three header names.
func mixed(n int, seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 9))
	var out []string
	for range n {
		service := fmt.Sprintf("pkg%d.Service%d", r.IntN(n/48+1), r.IntN(n/12+1))
		method := fmt.Sprintf("Method%d", r.IntN(40))
		header := fmt.Sprintf("headers: [{name: x-%d, value: v%d}]", r.IntN(3), r.IntN(5))
		exact := fmt.Sprintf("method: {service: %s, method: %s}", service, method)
		switch k := r.IntN(1000); {
		case k < 620:
			out = append(out, exact)
		case k < 740:
			out = append(out, exact+", "+header)
		case k < 860:
			out = append(out, fmt.Sprintf("method: {service: %s}", service))
		case k < 910:
			out = append(out, fmt.Sprintf("method: {type: RegularExpression, service: %s, method: 'Method%d.*'}", strings.ReplaceAll(service, ".", `\.`), r.IntN(9)))
		case k < 950:
			out = append(out, fmt.Sprintf("method: {method: %s}", method))
		case k < 955:
			out = append(out, fmt.Sprintf(`method: {type: RegularExpression, service: 'pkg%d\..*'}`, r.IntN(n/48+1)))
		case k < 990:
			out = append(out, exact+fmt.Sprintf(", headers: [{type: RegularExpression, name: x-%d, value: 'v[%d-9].*'}]", r.IntN(3), r.IntN(5)))
		default:
			out = append(out, header)
		}
	}
	return out
}

// table compiles matches, eight to a rule and eight rules to a route.
func table(b testing.TB, matches []string, backend func(rule int) string) *routing.Table {
	var text strings.Builder
	text.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}\n")
	for i := 0; i < len(matches); i += 8 {
		if i%64 == 0 {
			fmt.Fprintf(&text, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d, creationTimestamp: '2026-01-01T00:00:00Z'}\nspec:\n  parentRefs: [{name: gw}]\n  rules:\n", i/64)
		}
		fmt.Fprintf(&text, "  - backendRefs: [{name: %s, port: 80}]\n    matches: [{%s}]\n", backend(i/8), strings.Join(matches[i:min(i+8, len(matches))], "}, {"))
	}
	return compile(b, text.String(), profile.Spec)
}

func plain(rule int) string { return fmt.Sprintf("s%d", rule%50) }

func BenchmarkReach(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		t := table(b, mixed(n, 1), plain)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				prove.Reach(context.Background(), t, prove.Options{})
			}
		})
	}
}

func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		matches := mixed(n, 1)
		old := table(b, matches, plain)
		moved := func(rule int) string {
			if rule == 20 {
				return "other"
			}
			return plain(rule)
		}
		for name, t := range map[string]*routing.Table{"self": table(b, matches, plain), "one-rule": table(b, matches, moved)} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if d := prove.Diff(context.Background(), old, t, prove.Options{}); len(d.Unknown) > 0 || (len(d.Regions) == 0) != (name == "self") {
						b.Fatalf("%d regions, unknown %v", len(d.Regions), d.Unknown)
					}
				}
			})
		}
	}
}
