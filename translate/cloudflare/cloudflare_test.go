package cloudflare_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// TestTranslationIsEqual proves, for random manifests, that the configuration
// routes every call as the manifests do.
func TestTranslationIsEqual(t *testing.T) {
	tables, rules := 400, 0
	if testing.Short() {
		tables = 50
	}
	for seed := range tables {
		r := random{rand.New(rand.NewPCG(uint64(seed), 11))}
		text := r.manifests()
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

type random struct{ *rand.Rand }

func (r random) of(pool ...string) string { return pool[r.IntN(len(pool))] }

func (r random) manifests() string {
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: c\n  listeners:\n")
	for i := range 1 + r.IntN(2) {
		fmt.Fprintf(&b, "  - {name: l%d, port: %d, protocol: HTTP%s}\n", i, 80+i, r.of("", ", hostname: '*.ex.com'", ", hostname: a.ex.com"))
	}
	b.WriteString("---\napiVersion: v1\nkind: Service\nmetadata: {name: s0, namespace: d}\nspec: {ports: [{port: 80}, {port: 81, appProtocol: https}]}\n")
	for i := range 1 + r.IntN(3) {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d, creationTimestamp: '2026-01-0%dT00:00:00Z'}\n", i, 1+r.IntN(3))
		fmt.Fprintf(&b, "spec:\n  parentRefs: [{name: gw}]\n%s  rules:\n", r.of("", "", "  hostnames: [a.ex.com]\n", "  hostnames: ['*.ex.com', b.ex.com]\n", "  hostnames: ['*.a.ex.com', b.ex.com]\n"))
		for range 1 + r.IntN(3) {
			b.WriteString(r.rule())
		}
	}
	return b.String()
}

func (r random) rule() string {
	var matches, backends []string
	for range r.IntN(4) {
		matches = append(matches, r.match())
	}
	for range r.IntN(4) {
		backends = append(backends, "{"+r.of("name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 9000", "kind: ConfigMap, name: s3, port: 80", "name: s0, port: 81",
			"name: s4, namespace: other, port: 80", "kind: ServiceImport, group: multicluster.x-k8s.io, name: s5, port: 80")+
			fmt.Sprintf(", weight: %d", r.IntN(4))+
			r.of("", "", ", filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-a, value: '1'}]}}]",
				", filters: [{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}}}]")+"}")
	}
	filters := r.of("", "", "", "    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], add: [{name: c, value: d}], remove: [e]}}]\n",
		"    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: a, value: b}]}}]\n",
		"    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}}}, {type: RequestHeaderModifier, requestHeaderModifier: {remove: [e]}}]\n")
	return fmt.Sprintf("  - matches: [%s]\n    backendRefs: [%s]\n%s", strings.Join(matches, ", "), strings.Join(backends, ", "), filters)
}

func (r random) match() string {
	var parts []string
	if method := r.of("", "", "service: p.A, method: Get", "service: p.A, method: Put", "service: p.A", "service: p.AB", "method: Get",
		"type: RegularExpression, service: 'p\\.A.*'", "type: RegularExpression, method: 'G.*|Put'", "type: RegularExpression, service: 'p|q', method: '[A-Z].*'"); method != "" {
		parts = append(parts, "method: {"+method+"}")
	}
	if header := r.of("", "", "{name: H, value: '1'}", "{name: h, value: '1'}, {name: H, value: '2'}", "{type: RegularExpression, name: k, value: 'a|b'}"); header != "" {
		parts = append(parts, "headers: ["+header+"]")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
