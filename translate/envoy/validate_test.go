package envoy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// manifestSets reads each case of testdata and each folder of examples.
func manifestSets(t testing.TB) map[string]*manifest.Set {
	t.Helper()
	return agreement.ManifestSets(t, "../..")
}

// tables compiles a set for each implementation that its Gateways choose.
func tables(set *manifest.Set) []*routing.Table {
	var out []*routing.Table
	for _, p := range topology.Profiles(set) {
		out = append(out, routing.Compile(topology.Resolve(set, topology.Options{Profile: p, Auto: true, Assume: topology.AssumePresent})))
	}
	return out
}

// opened returns options with which every port of tables is opened, at addresses of
// its own, and with certificates for those who lack them.
func opened(t testing.TB, ts []*routing.Table) envoy.Options {
	t.Helper()
	o := envoy.Options{Listen: map[string]string{}, CertificateDir: t.TempDir(), SystemCA: filepath.Join(t.TempDir(), "system.crt")}
	certificate, _ := pem(t, "localhost")
	if err := os.WriteFile(o.SystemCA, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	lay := func(c *topology.Certificate) {
		if c != nil && c.Name != "" && c.Namespace != "" && filepath.IsLocal(filepath.Join(c.Namespace, c.Name)) {
			writePair(t, filepath.Join(o.CertificateDir, c.Namespace, c.Name))
		}
	}
	for _, table := range ts {
		for _, g := range table.Topology.Gateways {
			lay(g.ClientCertificate)
			for _, l := range g.Listeners {
				name := fmt.Sprintf("%s:%d", g.Key(), l.Port)
				if l.Port == 0 {
					name = g.Key()
				}
				o.Listen[name] = ""
				for _, c := range l.Certificates {
					lay(c)
				}
			}
		}
	}
	free := agreement.Addresses(t, len(o.Listen))
	for name := range o.Listen {
		o.Listen[name], free = free[0], free[1:]
	}
	return o
}

// TestEnvoyTakesTheConfigurations validates what is written for every manifest set.
func TestEnvoyTakesTheConfigurations(t *testing.T) {
	agreement.Envoy(t)
	n, listeners := 0, 0
	for name, set := range manifestSets(t) {
		if n++; testing.Short() && n%20 != 0 {
			continue
		}
		ts := tables(set)
		b, _, err := envoy.Translate(ts, opened(t, ts))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		listeners += len(b.GetStaticResources().GetListeners())
		if err := validate(t, b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Logf("%d manifest sets, %d listeners", n, listeners)
	if listeners < 10 {
		t.Errorf("%d listeners in %d sets", listeners, n)
	}
}

// TestEnvoyTakesRandomConfigurations does the same for 300 random tables.
func TestEnvoyTakesRandomConfigurations(t *testing.T) {
	agreement.Envoy(t)
	n := 300
	if testing.Short() {
		n = 10
	}
	for seed := range n {
		ts := []*routing.Table{randomTable(t, seed, "d")}
		b, _, err := envoy.Translate(ts, opened(t, ts))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, b); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

func randomTable(t testing.TB, seed int, namespace string) *routing.Table {
	t.Helper()
	return compile(t, inNamespace(random.New(uint64(seed)).Manifests(randomManifests), namespace), profile.All[seed%len(profile.All)])
}

func compile(t testing.TB, text string, p *profile.Profile) *routing.Table {
	t.Helper()
	set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(text)}}, manifest.Options{})
	for _, problem := range set.Problems {
		t.Fatalf("%s\n%s", problem.Message, text)
	}
	return routing.Compile(topology.Resolve(set, topology.Options{Profile: p, Assume: topology.AssumePresent}))
}

var randomManifests = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 80", "name: s3, port: 81", "kind: ConfigMap, name: bad, port: 80"},
	Filters: []string{"", "", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: H, value: seen}], add: [{name: k, value: 'more%'}], remove: [x]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: who, value: rule}], remove: [gone]}}",
		"{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}, percent: 10}}",
		"{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}"},
	BackendFilters: []string{"", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: H, value: backend}]}}",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: k, value: backend}], remove: [H]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: who, value: backend}]}}"},
}
