package cloudflare_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
)

func compile(t testing.TB, text string) *routing.Table {
	t.Helper()
	set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(text)}}, manifest.Options{})
	for _, problem := range set.Problems {
		t.Fatalf("%s\n%s", problem.Message, text)
	}
	return routing.Compile(topology.Resolve(set, topology.Options{Profile: profile.CloudflareTunnel, Assume: topology.AssumePresent}))
}

// read parses a configuration in which nothing is wrong.
func read(t testing.TB, text string) *cloudflare.Config {
	t.Helper()
	c, found := cloudflare.Read(&manifest.File{Name: "proxy.json", Data: []byte(text)})
	for _, d := range found {
		t.Fatalf("%s: %s\n%s", d.Range, d.Message, text)
	}
	return c
}

// manifests hold what the proxy serves and what it answers with a status.
var manifests = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 9000", "kind: ConfigMap, name: s3, port: 80", "name: s0, port: 81",
		"name: s4, namespace: other, port: 80", "kind: ServiceImport, group: multicluster.x-k8s.io, name: s5, port: 80"},
	Filters: []string{"", "", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], add: [{name: c, value: d}], remove: [e]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: a, value: b}]}}",
		"{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}}}, {type: RequestHeaderModifier, requestHeaderModifier: {remove: [e]}}"},
	BackendFilters: []string{"", "", "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-a, value: '1'}]}}",
		"{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}}}"},
	Services: "---\napiVersion: v1\nkind: Service\nmetadata: {name: s0, namespace: d}\nspec: {ports: [{port: 80}, {port: 81, appProtocol: https}]}\n",
}

// TestTranslationIsEqual proves, for random manifests, that the configuration
// routes every call as the manifests do.
func TestTranslationIsEqual(t *testing.T) {
	tables, rules := 400, 0
	if testing.Short() {
		tables = 50
	}
	for seed := range tables {
		text := random.New(uint64(seed)).Manifests(manifests)
		want := compile(t, text)
		config, _ := cloudflare.Translate(want, cloudflare.Options{Version: 1})
		data, err := json.MarshalIndent(config, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		back := read(t, string(data))
		if diff := cmp.Diff(config, back); diff != "" {
			t.Fatalf("seed %d: it reads back otherwise:\n%s", seed, diff)
		}
		got := cloudflare.Load(back, "proxy.json", "d/gw").Table
		diff := prove.Diff(context.Background(), want, got, prove.Options{Budget: prove.DefaultBudget})
		for _, d := range diff.Regions {
			t.Errorf("seed %d: %+v: manifests %s, configuration %s\n%s\n%s", seed, d.Witness, key(d.Old), key(d.New), text, data)
		}
		for _, why := range diff.Unknown {
			t.Errorf("seed %d: unknown: %s\n%s", seed, why, text)
		}
		if t.Failed() {
			return
		}
		rules += len(config.Rules)
	}
	if rules < tables {
		t.Errorf("%d rules in %d tables: the manifests are too poor", rules, tables)
	}
}

func key(e *prove.Effect) string {
	if e == nil {
		return "nothing"
	}
	return e.Key()
}
