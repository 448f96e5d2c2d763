package convert_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// TestRandomProfiles converts beside a GRPCRoute under every profile, and follows
// random calls through the tables before and after.
func TestRandomProfiles(t *testing.T) {
	all := profile.All
	for _, p := range profile.All {
		if p.AsBuilt != nil {
			all = append(all[:len(all):len(all)], p.AsBuilt)
		}
	}
	for n, p := range all {
		converted, stayed := 0, 0
		for seed := range uint64(40) {
			m := maker{rand.New(rand.NewPCG(seed, uint64(n)+100))}
			text, _ := m.manifests(true)
			if m.IntN(2) == 0 {
				text += fmt.Sprintf("---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: g, namespace: d, creationTimestamp: '2026-01-0%dT00:00:00Z'}\n"+
					"spec:\n  parentRefs: [{name: gw}]\n  hostnames: [%s]\n  rules:\n  - matches: [{method: {service: %s}}]\n    backendRefs: [{name: g, port: 1}]\n",
					1+m.IntN(3), m.of("a.ex.com", "b.ex.com", "'*.ex.com'"), m.of(services...))
			}
			set := read(text)
			o := options(t)
			o.Profiles = []*profile.Profile{p}
			for _, r := range set.HTTPRoutes.All {
				o.Only = append(o.Only, "d/"+r.Doc.Ref.Name)
			}
			out, err := convert.Run(context.Background(), set, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range out.Routes {
				if r.New == nil {
					stayed++
				} else {
					converted++
				}
			}
			before := routing.Compile(topology.Resolve(set, topology.Options{Profile: p}))
			after := routing.Compile(topology.Resolve(out.After, topology.Options{Profile: p}))
			for range 40 {
				c := m.call()
				if a, b := looked(before, c), looked(after, c); a != b {
					t.Fatalf("%s, seed %d, %v: goes to %s before, %s after\n%s\n---\n%s", p.Name, seed, c, a, b, text, convert.Documents(out))
				}
			}
		}
		t.Logf("%s: %d converted, %d stayed", p.Name, converted, stayed)
		if converted == 0 && !p.Matching.NotServed {
			t.Errorf("%s: nothing was converted", p.Name)
		}
	}
}
