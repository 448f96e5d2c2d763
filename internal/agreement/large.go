package agreement

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// Large compiles n rules, each with one match and one backend, ten for a host.
func Large(t testing.TB, n int) *routing.Table {
	t.Helper()
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: c\n  listeners: [{name: l, port: 80, protocol: HTTP}]\n")
	for i := range n / 10 {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [h%d.ex.com]\n  rules:\n", i, i)
		for j := range 10 {
			fmt.Fprintf(&b, "  - matches: [{method: {service: p.S%d, method: M%d}}]\n    backendRefs: [{name: s%d, port: 80}]\n", i, j, j)
		}
	}
	return Compile(t, b.String(), profile.Spec)
}

// Benchmark writes 10,000 routes.
func (p *Target) Benchmark(b *testing.B) {
	ts := []*routing.Table{Large(b, 10_000)}
	for b.Loop() {
		text, _, _, err := p.Translate(ts, plan.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
	}
}

// TakesLarge writes n routes in at most two seconds, and the proxy takes them.
func (p *Target) TakesLarge(t *testing.T, n int) {
	p.Need(t)
	ts := []*routing.Table{Large(t, n)}
	o := Opened(t, ts)
	a := &Agreement{t: t, backends: []string{"127.0.0.1:9"}}
	a.place(ts, &o)
	begin := time.Now()
	text, _, files, err := p.Translate(ts, o)
	if took := time.Since(begin); err != nil || took > 2*time.Second {
		t.Fatalf("%v after %s", err, took)
	}
	if err := p.Validate(t, text, files); err != nil {
		t.Error(err)
	}
}
