package render_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/topology"
)

// BenchmarkStatusText lays out the status of a thousand routes.
func BenchmarkStatusText(b *testing.B) {
	var in strings.Builder
	in.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw}\n" +
		"spec: {gatewayClassName: gw, listeners: [{name: http, port: 80, protocol: HTTP}]}\n")
	for i := range 1000 {
		fmt.Fprintf(&in, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d}\n"+
			"spec: {parentRefs: [{name: gw}], hostnames: [h%[1]d.example.com], rules: [{backendRefs: [{name: s, port: 80}]}]}\n", i)
	}
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(in.String())})
	if err != nil || len(set.GRPCRoutes.All) != 1000 {
		b.Fatal(err, set.Problems)
	}
	r := simulate.Status(topology.Resolve(set, topology.Options{}), nil)
	for b.Loop() {
		if err := render.StatusText(io.Discard, r, render.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
