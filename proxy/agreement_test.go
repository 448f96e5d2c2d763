package proxy_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// calls is how many the two tests of agreement make together.
func calls(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("GRPCROUTE_AGREEMENT_CALLS")); err == nil {
		return n
	}
	if testing.Short() {
		return 4000
	}
	return 120_000 // of which more than 100,000 can be made
}

// TestAgreementOnTestdata calls, over every manifest set in testdata and examples,
// into each region of calls that the exact engine finds: each call lands where
// explain says.
func TestAgreementOnTestdata(t *testing.T) {
	a := newComparison(t)
	regions := map[*routing.Table][]routing.Request{}
	for _, set := range agreement.ManifestSets(t, "..") {
		for _, table := range agreement.Tables(set) {
			for _, group := range prove.Partitions(context.Background(), table, nil, prove.Options{Budget: prove.DefaultBudget}).Groups {
				for _, r := range group.Regions {
					if sendable(&r.Witness) {
						regions[table] = append(regions[table], r.Witness)
					}
				}
			}
		}
	}
	total := 0
	for _, rs := range regions {
		total += len(rs)
	}
	each := max(1, calls(t)/2/total)
	for table, rs := range regions {
		g := a.open(table)
		for i := range rs {
			for range each {
				g.call(&rs[i])
			}
		}
		g.close()
	}
	a.weigh()
	t.Logf("%d calls into %d regions of %d tables", a.calls, total, len(regions))
	if a.calls < calls(t)/4 || a.routed < a.calls/6 {
		t.Errorf("%d calls were made, %d of them were routed", a.calls, a.routed)
	}
}

// TestAgreementOnRandom does the same over random manifests and calls, under every
// profile.
func TestAgreementOnRandom(t *testing.T) {
	a := newComparison(t)
	const each = 250
	for seed := range calls(t) / 2 / each {
		source := random.New(uint64(seed))
		set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(source.Manifests(randomManifests))}}, manifest.Options{})
		p := profile.All[seed%len(profile.All)]
		g := a.open(routing.Compile(topology.Resolve(set, topology.Options{Profile: p, Assume: topology.AssumePresent})))
		for range each {
			if q := source.Call(); g.takes(&q) {
				g.call(&q)
			}
		}
		g.close()
	}
	a.weigh()
	t.Logf("%d calls, %d routed", a.calls, a.routed)
	if a.calls < calls(t)/4 || a.routed < a.calls/6 {
		t.Errorf("%d calls were made, %d of them were routed", a.calls, a.routed)
	}
}

var randomManifests = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 80", "name: s3, port: 81", "kind: ConfigMap, name: bad, port: 80"},
	Filters: []string{"", "", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: H, value: seen}], add: [{name: k, value: more}], remove: [x]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: who, value: rule}], remove: [gone]}}",
		"{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}"},
	BackendFilters: []string{"", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: H, value: backend}]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: who, value: backend}]}}"},
}

// sendable reports whether grpc-go sends a request as it is.
func sendable(r *routing.Request) bool {
	for _, h := range r.Headers {
		if ofProtocol(h.Name) || strings.TrimSpace(h.Value) != h.Value {
			return false
		}
	}
	return r.Service == "" && r.Authority != ""
}
