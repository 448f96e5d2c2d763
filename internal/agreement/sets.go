package agreement

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/plan"
	"github.com/rogpeppe/go-internal/txtar"
)

// ManifestSets reads each case of testdata and each folder of examples, of a
// repository whose top folder is given.
func ManifestSets(t testing.TB, top string) map[string]*manifest.Set {
	t.Helper()
	sets := map[string]*manifest.Set{}
	err := filepath.WalkDir(filepath.Join(top, "testdata"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txtar" {
			return err
		}
		archive, err := txtar.ParseFile(path)
		if err != nil {
			return err
		}
		var files []*manifest.File
		for _, f := range archive.Files {
			if manifest.IsManifestName(f.Name) {
				files = append(files, &manifest.File{Name: f.Name, Data: f.Data})
			}
		}
		if len(files) > 0 {
			sets[path] = manifest.Read(files, manifest.Options{})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"examples/shop", "examples/change"} {
		set, err := manifest.Load([]string{filepath.Join(top, dir)}, manifest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sets[dir] = set
	}
	if len(sets) < 200 {
		t.Fatalf("%d manifest sets: the search is wrong", len(sets))
	}
	return sets
}

// Tables compiles a set for each implementation that its Gateways choose.
func Tables(set *manifest.Set) []*routing.Table {
	var out []*routing.Table
	for _, p := range topology.Profiles(set) {
		out = append(out, routing.Compile(topology.Resolve(set, topology.Options{Profile: p, Auto: true, Assume: topology.AssumePresent})))
	}
	return out
}

// Random compiles a random table of a namespace, for the profiles in turn; secure
// makes its listeners those of HTTPS.
func Random(t testing.TB, seed int, namespace string, secure bool) *routing.Table {
	t.Helper()
	text := strings.ReplaceAll(random.New(uint64(seed)).Manifests(randomManifests), "namespace: d", "namespace: "+namespace)
	if secure {
		text = strings.ReplaceAll(text, "protocol: HTTP", "protocol: HTTPS, tls: {certificateRefs: [{name: own}]}")
	}
	return Compile(t, text, profile.All[seed%len(profile.All)])
}

// Compile compiles manifests for an implementation.
func Compile(t testing.TB, text string, p *profile.Profile) *routing.Table {
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
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: H, value: seen}], add: [{name: k, value: 'more% $more \"'}], remove: [x]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: who, value: rule}], remove: [gone]}}",
		"{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}, percent: 10}}",
		"{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}"},
	BackendFilters: []string{"", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: H, value: backend}]}}",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: k, value: backend}], remove: [H]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: who, value: backend}]}}"},
}

// Opened returns options with which every port of tables is opened, at addresses of
// its own, and with certificates for those who lack them.
func Opened(t testing.TB, ts []*routing.Table) plan.Options {
	t.Helper()
	o := plan.Options{Listen: map[string]string{}, CertificateDir: t.TempDir(), SystemCA: filepath.Join(t.TempDir(), "system.crt")}
	certificate, _ := PEM(t, "localhost")
	if err := os.WriteFile(o.SystemCA, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	lay := func(namespace, name string) {
		if name != "" && namespace != "" && filepath.IsLocal(filepath.Join(namespace, name)) {
			writePair(t, filepath.Join(o.CertificateDir, namespace, name))
		}
	}
	for _, table := range ts {
		for _, g := range table.Topology.Gateways {
			if c := g.ClientCertificate; c != nil {
				lay(c.Namespace, c.Name)
			}
			for _, l := range g.Listeners {
				name := fmt.Sprintf("%s:%d", g.Key(), l.Port)
				if l.Port == 0 {
					name = g.Key()
				}
				o.Listen[name] = ""
				for _, c := range l.Certificates {
					lay(c.Namespace, c.Name)
				}
			}
		}
		for _, m := range table.Topology.Set.ConfigMaps.All {
			lay(m.Doc.Ref.Namespace, m.Doc.Ref.Name)
		}
		for _, m := range table.Topology.Set.Secrets.All {
			lay(m.Doc.Ref.Namespace, m.Doc.Ref.Name)
		}
	}
	free := Addresses(t, len(o.Listen))
	for name := range o.Listen {
		o.Listen[name], free = free[0], free[1:]
	}
	return o
}
