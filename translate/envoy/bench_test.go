package envoy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// large returns a table of n rules, each with one match and one backend.
func large(t testing.TB, n int) *routing.Table {
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: c\n  listeners: [{name: l, port: 80, protocol: HTTP}]\n")
	for i := range n / 10 {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [h%d.ex.com]\n  rules:\n", i, i)
		for j := range 10 {
			fmt.Fprintf(&b, "  - matches: [{method: {service: p.S%d, method: M%d}}]\n    backendRefs: [{name: s%d, port: 80}]\n", i, j, j)
		}
	}
	return compile(t, b.String(), profile.Spec)
}

// BenchmarkTranslate writes 10,000 routes, as YAML.
func BenchmarkTranslate(b *testing.B) {
	ts := []*routing.Table{large(b, 10_000)}
	for b.Loop() {
		out, _, err := envoy.Translate(ts, envoy.Options{})
		if err != nil {
			b.Fatal(err)
		}
		text, err := envoy.JSON(out)
		if err != nil {
			b.Fatal(err)
		}
		if text, err = render.Configuration(text, "yaml"); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
	}
}
