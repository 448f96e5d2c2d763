package topology_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// estate writes n routes of both kinds over some Gateways and namespaces; three
// in four Services are in the input, and one backend in four needs a grant of its
// own.
func estate(t testing.TB, n int) *manifest.Set {
	var b strings.Builder
	add := func(s string) { b.WriteString(s + "---\n") }
	for g := range 4 {
		listeners := ""
		for l := range 4 {
			listeners += fmt.Sprintf("  - {name: l%d, port: %d, protocol: HTTP, hostname: '*.d%d.example.com', allowedRoutes: {namespaces: {from: All}}}\n", l, 80+l, l)
		}
		add(gateway("infra", fmt.Sprint("gw", g), listeners))
	}
	for i := range n {
		namespace, target := fmt.Sprint("ns", i%50), fmt.Sprint("ns", i%50)
		if i%4 == 0 {
			target = "shared"
			add(object("gateway.networking.k8s.io/v1", "ReferenceGrant", target, fmt.Sprint("g", i), fmt.Sprintf("spec:\n  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: %s}]\n  to: [{group: '', kind: Service, name: s%d}]\n", namespace, i)))
		}
		if i%4 != 1 {
			add(service(target, fmt.Sprint("s", i), "  - {name: grpc, port: 50051}\n"))
		}
		kind, match := "GRPCRoute", "{method: {service: a.B, method: C}}"
		if i%5 == 0 {
			kind, match = "HTTPRoute", "{path: {type: Exact, value: /a.B/C}}"
		}
		add(object("gateway.networking.k8s.io/v1", kind, namespace, fmt.Sprint("r", i), fmt.Sprintf(
			"spec:\n  parentRefs: [{name: gw%d, namespace: infra}]\n  hostnames: [h%d.d%d.example.com]\n  rules:\n  - matches: [%s]\n    backendRefs: [{name: s%d, namespace: %s, port: 50051}, {name: s%d, namespace: %s, port: 50051, weight: 9}]\n",
			i%4, i/2, i%4, match, i, target, i, target)))
	}
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(b.String())})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func BenchmarkResolve(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		set := estate(b, n)
		for _, p := range []*profile.Profile{profile.Spec, profile.CloudflareTunnel} {
			b.Run(fmt.Sprintf("%s/%d", p.Name, n), func(b *testing.B) {
				for b.Loop() {
					topology.Resolve(set, topology.Options{Profile: p})
				}
			})
		}
	}
}
