package verify

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// large is manifests with n matches, of which some are regular expressions and some ask
// for headers.
func large(n int) string {
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: c\n  listeners: [{name: l, port: 80, protocol: HTTP}]\n")
	for i := range n / 10 {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [h%d.ex.com]\n  rules:\n", i, i/10)
		for j := range 10 {
			match := fmt.Sprintf("{method: {service: p.S%d, method: M%d}}", i, j)
			switch j {
			case 7:
				match = fmt.Sprintf("{method: {type: RegularExpression, service: 'p\\.S%d.*', method: 'Get|List%d'}}", i, j)
			case 8:
				match = fmt.Sprintf("{method: {service: p.S%d}, headers: [{name: x-env, value: e%d}]}", i, i%7)
			case 9:
				match = fmt.Sprintf("{method: {service: p.S%d}}", i)
			}
			fmt.Fprintf(&b, "  - matches: [%s]\n    backendRefs: [{name: s%d, port: 80, weight: 3}, {name: t%d, port: 80}]\n", match, i, i)
		}
	}
	return b.String()
}

// BenchmarkVerify reads manifests and a configuration of 1,000 routes and compares
// them: once equal, once with a difference in each route configuration.
func BenchmarkVerify(b *testing.B) {
	manifests := large(1000)
	out, _, err := envoy.Translate([]*routing.Table{agreement.Compile(b, manifests, profile.Spec)}, envoy.Options{})
	if err != nil {
		b.Fatal(err)
	}
	text, err := envoy.JSON(out)
	if err != nil {
		b.Fatal(err)
	}
	weights := regexp.MustCompile(`"weight":\s*3\b`)
	for name, config := range map[string]string{"equal": string(text), "different": weights.ReplaceAllString(string(text), `"weight": 4`)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(config)))
			for b.Loop() {
				set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(manifests)}}, manifest.Options{})
				table := routing.Compile(topology.Resolve(set, topology.Options{Profile: profile.Spec, Assume: topology.AssumePresent}))
				c, err := Read([]*manifest.File{{Name: "envoy.json", Data: []byte(config)}})
				if err != nil {
					b.Fatal(err)
				}
				r := Compare(context.Background(), []*routing.Table{table}, c, Options{})
				if len(r.Unknown) > 0 || (len(r.Regions) == 0) != (name == "equal") {
					b.Fatal(reported(r))
				}
			}
		})
	}
}
