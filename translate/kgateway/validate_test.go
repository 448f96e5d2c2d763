package kgateway_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/kgateway"
)

func compile(set *manifest.Set) *routing.Table {
	return routing.Compile(topology.Resolve(set, topology.Options{Profile: profile.KGateway, Assume: topology.AssumePresent}))
}

func read(t testing.TB, text string) *manifest.Set {
	t.Helper()
	set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(text)}}, manifest.Options{})
	for _, problem := range set.Problems {
		t.Fatalf("%s\n%s", problem.Message, text)
	}
	return set
}

// sets gives each case of testdata and each folder of examples, in order.
func sets(t testing.TB, each func(name string, set *manifest.Set)) {
	t.Helper()
	all := agreement.ManifestSets(t, "../..")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		each(name, all[name])
	}
}

// gateways writes the resources of each Gateway of a table.
func gateways(t testing.TB, table *routing.Table, each func(gateway string, r *kgateway.Resources)) {
	t.Helper()
	for _, g := range table.Topology.Gateways {
		r, _, err := kgateway.Translate(table, kgateway.Options{Gateway: g.Key()})
		if err != nil {
			t.Fatal(err)
		}
		each(g.Key(), r)
	}
}

// batches gather resources of many Gateways, because it takes Envoy longer to start
// than to look at them.
type batches struct {
	t     testing.TB
	list  []*batch
	total int
}

// batch is resources whose clusters are at peace with one another.
type batch struct {
	stand *standIn
	names []string
	parts []*kgateway.Resources
}

const batchSize = 150

// host places the listeners of the n-th Gateway of a batch: no two may have one
// address, although nothing is opened.
func host(n int) func(port uint32) string {
	return func(port uint32) string { return fmt.Sprintf("127.70.%d.%d:%d", n/250, 1+n%250, port) }
}

// add puts resources into the first batch that has room for them.
func (x *batches) add(name string, r *kgateway.Resources) {
	i := slices.IndexFunc(x.list, func(b *batch) bool { return len(b.names) < batchSize && b.stand.fits(r) })
	if i < 0 {
		i = len(x.list)
		x.list = append(x.list, &batch{stand: newStandIn(x.t)})
	}
	b := x.list[i]
	b.stand.add(r, fmt.Sprintf("%d/", len(b.names)), host(len(b.names)))
	b.names, b.parts = append(b.names, name), append(b.parts, r)
	x.total++
}

// validate asks Envoy, and of what it does not take, each by itself.
func (x *batches) validate() {
	x.t.Helper()
	for _, b := range x.list {
		together := b.stand.validate()
		if together == nil {
			continue
		}
		before := x.t.Failed()
		for i, r := range b.parts {
			one := newStandIn(x.t)
			one.add(r, "", host(0))
			if err := one.validate(); err != nil {
				x.t.Errorf("%s: %v", b.names[i], err)
			}
		}
		if !before && !x.t.Failed() {
			x.t.Errorf("each is taken by itself, and not all together: %v", together)
		}
	}
}

// TestEnvoyTakesTheResources validates what is written for every case of testdata.
// Where the table says that a pattern stops every update, Envoy must refuse it.
func TestEnvoyTakesTheResources(t *testing.T) {
	agreement.Envoy(t)
	b := &batches{t: t}
	n, refused := 0, 0
	sets(t, func(name string, set *manifest.Set) {
		n++
		table := compile(set)
		gateways(t, table, func(gateway string, r *kgateway.Resources) {
			for _, s := range table.Servers {
				if s.Service == "" && s.Gateways[0].Key() == gateway && s.Blocked() != "" && len(r.Listeners) > 0 {
					one := newStandIn(t)
					one.add(r, "", host(0))
					if one.validate() == nil {
						t.Errorf("%s: Envoy takes what is said to stop every update: %s", name, s.Blocked())
					}
					refused++
					return
				}
			}
			b.add(name+" "+gateway, r)
		})
	})
	b.validate()
	t.Logf("%d cases, %d Gateways in %d batches, %d refused", n, b.total, len(b.list), refused)
	if b.total < 200 || refused < 2 {
		t.Errorf("%d Gateways were validated, %d are refused", b.total, refused)
	}
}

// TestEnvoyTakesRandomResources does the same for 300 random tables.
func TestEnvoyTakesRandomResources(t *testing.T) {
	agreement.Envoy(t)
	b := &batches{t: t}
	for seed := range 300 {
		gateways(t, compile(read(t, randomText(seed))), func(_ string, r *kgateway.Resources) { b.add(fmt.Sprintf("seed %d", seed), r) })
	}
	b.validate()
}

// randomText is random manifests in a namespace of their own.
func randomText(seed int) string {
	return strings.ReplaceAll(random.New(uint64(seed)).Manifests(manifests), "namespace: d", fmt.Sprintf("namespace: d%d", seed))
}

var manifests = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 80", "name: s0, port: 81", "name: s0, port: 82",
		"kind: ConfigMap, name: bad, port: 80", "name: s4"},
	Filters: []string{"", "", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: H, value: seen}], add: [{name: k, value: more}], remove: [x]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: who, value: rule}], remove: [gone]}}",
		"{type: RequestMirror, requestMirror: {backendRef: {name: s1, port: 80}, percent: 10}}",
		"{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}"},
	BackendFilters: []string{"", "", "{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: H, value: backend}]}}"},
	Services: "---\napiVersion: v1\nkind: Service\nmetadata: {name: s0, namespace: d}\nspec: {ports: [{name: grpc, port: 80}, {name: web, port: 81}]}\n" +
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: s1, namespace: d}\nspec: {ports: [{name: web, port: 80, appProtocol: kubernetes.io/h2c}]}\n",
}
