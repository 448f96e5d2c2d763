package pingora_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/pingora"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// bare leaves out of a set what the message has no place for and a table looks at
// all the same: objects that say whether backends answer, policies, which the
// profile ignores and a proof names, session persistence, and what HTTPRoutes say
// beyond where their requests go.
func bare(set *manifest.Set) *manifest.Set {
	out := *set
	out.Services, out.EndpointSlices, out.BackendTLSPolicies = manifest.Set{}.Services, manifest.Set{}.EndpointSlices, manifest.Set{}.BackendTLSPolicies
	for _, r := range out.GRPCRoutes.All {
		for i := range r.Value.Spec.Rules {
			rule := &r.Value.Spec.Rules[i]
			rule.SessionPersistence = nil
			for j := range rule.BackendRefs {
				if ref := &rule.BackendRefs[j]; ref.Kind == nil || *ref.Kind == "Service" {
					ref.Group = nil // which is not looked at, and a proof names it
				}
			}
		}
	}
	for _, r := range out.HTTPRoutes.All {
		for i := range r.Value.Spec.Rules {
			rule := &r.Value.Spec.Rules[i]
			rule.SessionPersistence, rule.Filters, rule.Retry = nil, nil, nil
			if rule.Timeouts != nil {
				rule.Timeouts.BackendRequest = nil
				if d := rule.Timeouts.Request; d != nil {
					in, _ := time.ParseDuration(string(*d)) // 0 is written as none
					*d = gatewayv1.Duration(fmt.Sprintf("%dms", in.Milliseconds()))
				}
			}
			for j := range rule.BackendRefs {
				rule.BackendRefs[j].Filters = nil
			}
		}
	}
	return &out
}

func read(t testing.TB, text string) *manifest.Set {
	t.Helper()
	set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(text)}}, manifest.Options{})
	for _, problem := range set.Problems {
		t.Fatalf("%s\n%s", problem.Message, text)
	}
	return set
}

func compile(set *manifest.Set, p *profile.Profile) *routing.Table {
	return routing.Compile(topology.Resolve(set, topology.Options{Profile: p, Assume: topology.AssumePresent}))
}

// through writes a table as a message, in binary, and reads it again.
func through(t testing.TB, want *routing.Table, o pingora.Options) *routing.Table {
	t.Helper()
	m, _ := pingora.Translate(want, o)
	data, err := pingora.Binary(m)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = pingora.Parse(data); err != nil {
		t.Fatal(err)
	}
	var gateways []string
	for _, g := range want.Topology.Gateways {
		gateways = append(gateways, g.Key())
	}
	got, err := pingora.Table(m, gateways...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// equal proves that two tables route every call alike. The message does not tell the
// order between a GRPCRoute and an HTTPRoute; where the proxy has none, which explain
// says, either may win.
func equal(t testing.TB, want, got *routing.Table) (differs bool) {
	t.Helper()
	diff := prove.Diff(context.Background(), want, got, prove.Options{Budget: prove.DefaultBudget})
	mixed := len(want.Topology.Set.HTTPRoutes.All) > 0
	for _, d := range diff.Regions {
		if mixed && tied(want.Explain(&d.Witness)) {
			continue
		}
		differs = true
		t.Errorf("%+v: manifests %s, message %s", d.Witness, key(d.Old), key(d.New))
	}
	for _, why := range diff.Unknown {
		if strings.Contains(why, "does not compile: error parsing regexp") {
			continue // a pattern that is no RE2 is unknown on both sides
		}
		differs = true
		t.Errorf("unknown: %s", why)
	}
	return differs
}

func tied(d *routing.Decision) bool {
	return d.Certainty == diag.Unknown && slices.ContainsFunc(d.Unknowns, func(why string) bool { return strings.Contains(why, "does not say which comes first") })
}

func key(e *prove.Effect) string {
	if e == nil {
		return "nothing"
	}
	return e.Key()
}

var manifests = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 9000", "kind: ConfigMap, name: s3, port: 80",
		"name: s4, namespace: other, port: 80", "kind: ServiceImport, group: multicluster.x-k8s.io, name: s5, port: 80"},
	Filters: []string{"", "", "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}",
		"{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}"},
	BackendFilters: []string{"", "", "{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}}}"},
}

// web adds an HTTPRoute whose requests meet the calls of the GRPCRoutes.
func web(seed int) string {
	path := []string{"{type: Exact, value: /p.A/Get}", "{type: PathPrefix, value: /p.A}", "{type: PathPrefix, value: /}", "{type: RegularExpression, value: '/p.*'}"}[seed%4]
	host := []string{"", "hostnames: [a.ex.com], ", "hostnames: ['*.ex.com'], "}[seed%3]
	matches := []string{"", ", matches: [{path: " + path + "}]", ", matches: [{path: " + path + ", headers: [{name: h, value: '1'}]}, {method: GET}]"}[seed/4%3]
	return fmt.Sprintf("---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: w, namespace: d}\n"+
		"spec: {parentRefs: [{name: gw}], %srules: [{backendRefs: [{name: web, port: 80}], timeouts: {request: 5000ms}%s}]}\n", host, matches)
}

// TestTranslationIsEqual proves, for random manifests, that the message routes
// every call as the manifests do.
func TestTranslationIsEqual(t *testing.T) {
	sets, routes := 400, 0
	if testing.Short() {
		sets = 50
	}
	for seed := range sets {
		text := random.New(uint64(seed)).Manifests(manifests)
		if seed%3 == 0 {
			text += web(seed / 3)
		}
		want := compile(read(t, text), profile.Pingora)
		if equal(t, want, through(t, want, pingora.Options{Version: 1})) {
			t.Fatalf("seed %d:\n%s", seed, text)
		}
		m, _ := pingora.Translate(want, pingora.Options{})
		routes += len(m.GRPCRoutes)
	}
	if routes < sets {
		t.Errorf("%d routes in %d sets: the manifests are too poor", routes, sets)
	}
}

// TestIntendedIsEqual proves the same of what is meant: of it the weight 0 is one.
func TestIntendedIsEqual(t *testing.T) {
	meant := *profile.Pingora
	meant.Backends.ZeroWeightIsOne = false
	sets := 300
	if testing.Short() {
		sets = 40
	}
	for seed := range sets {
		text := random.New(uint64(seed) + 10_000).Manifests(manifests)
		set := read(t, text)
		got := through(t, compile(set, profile.Pingora), pingora.Options{Version: 1, Intended: true})
		if equal(t, compile(set, &meant), got) {
			t.Fatalf("seed %d:\n%s", seed, text)
		}
	}
}

// TestTranslationIsEqualOnTestdata proves it for the cases of testdata.
func TestTranslationIsEqualOnTestdata(t *testing.T) {
	routed, compared := 0, 0
	for name, set := range agreement.ManifestSets(t, "../..") {
		want := compile(bare(set), profile.Pingora)
		got := through(t, want, pingora.Options{Version: 1})
		compared++
		routed += len(got.Topology.Routes)
		if equal(t, want, got) {
			t.Errorf("%s", name)
		}
	}
	if compared < 200 || routed < 200 {
		t.Errorf("%d cases, %d routes: the search is wrong", compared, routed)
	}
}
