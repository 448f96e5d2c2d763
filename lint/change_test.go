package lint_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

// state lints files, by name.
func state(t *testing.T, files map[string]string, names []string, assume topology.Assume) (*manifest.Set, *lint.Result) {
	t.Helper()
	var in []*manifest.File
	for _, name := range names {
		in = append(in, &manifest.File{Name: name, Data: []byte(files[name])})
	}
	set := manifest.Read(in, manifest.Options{})
	r, err := lint.Run(set, rules.All, lint.Options{Assume: assume, Advice: true})
	if err != nil {
		t.Fatal(err)
	}
	return set, r
}

// countOf tells findings apart by what a person reads, and not as the filter does.
func countOf(found diag.List) map[string]int {
	out := map[string]int{}
	for _, d := range found {
		out[fmt.Sprintf("%s %s %s %s %s", d.Severity, d.Rule, d.Object, d.Range.File, d.Message)]++
	}
	return out
}

// TestChangeLosesNothing edits the examples at random, and requires that every
// finding that is there after the edit and was not there before is shown.
func TestChangeLosesNothing(t *testing.T) {
	base, names := map[string]string{}, []string(nil)
	for _, pattern := range []string{"../examples/shop/*.yaml", "../examples/change/after.yaml"} {
		paths, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			base[path], names = string(text), append(names, path)
		}
	}
	rounds := 150
	if testing.Short() {
		rounds = 40
	}
	fresh, hidden := 0, 0
	for seed := range rounds {
		r := rand.New(rand.NewPCG(7, uint64(seed)))
		assume := topology.Assume(r.IntN(3))
		was, before := state(t, base, names, assume)
		edited := maps.Clone(base)
		name := names[r.IntN(len(names))]
		what := edit(r, edited, name)
		now, after := state(t, edited, names, assume)
		old, current := countOf(before.Diagnostics), countOf(after.Diagnostics)
		lint.NewDifference(was, now, before.Diagnostics).Filter(after)
		shown := countOf(after.Diagnostics)
		hidden += after.Unaffected
		for finding, n := range current {
			if n > old[finding] {
				fresh++
				if shown[finding] < n-old[finding] {
					t.Errorf("seed %d, %s in %s: not shown: %s", seed, what, name, finding)
				}
			}
		}
	}
	if fresh < rounds/3 || hidden < rounds {
		t.Errorf("%d findings were new and %d hidden in %d rounds: the edits do too little", fresh, hidden, rounds)
	}
}

// edit changes one file and says how.
func edit(r *rand.Rand, files map[string]string, name string) string {
	lines := strings.SplitAfter(files[name], "\n")
	at := r.IntN(len(lines))
	what := ""
	switch r.IntN(5) {
	case 0:
		what = fmt.Sprintf("line %d dropped", at+1)
		lines = append(lines[:at:at], lines[at+1:]...)
	case 1:
		what = fmt.Sprintf("line %d misspelt", at+1)
		lines[at] = strings.Replace(lines[at], "e", "x", 1)
	case 2:
		what = fmt.Sprintf("digits of line %d", at+1)
		lines[at] = strings.NewReplacer("0", "1", "v1", "v2", "true", "false").Replace(lines[at])
	case 3:
		what = "document dropped"
		docs := strings.Split(files[name], "\n---")
		i := r.IntN(len(docs))
		files[name] = strings.Join(append(docs[:i:i], docs[i+1:]...), "\n---")
		return what
	default:
		what = "moved down, renamed"
		files[name] = "# a comment\n" + strings.Replace(files[name], "name: ", "name: x", 1+r.IntN(2))
		return what
	}
	files[name] = strings.Join(lines, "")
	return what
}

func TestChangeSpreadsAlongReferences(t *testing.T) {
	gateway := "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: infra}\nspec:\n  gatewayClassName: c\n  listeners: [{name: h, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]\n"
	class := "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: example.com/c}\n"
	route := func(name, parent string) string {
		return "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: " + name + ", namespace: shop}\nspec:\n  parentRefs: [{name: " + parent + ", namespace: infra}]\n  bogus: 1\n  rules: [{backendRefs: [{name: " + name + ", port: 1, namespace: other}]}]\n"
	}
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: other}\nspec: {ports: [{port: 1}]}\n"
	grant := "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: other}\nspec:\n  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: shop}]\n  to: [{group: '', kind: Service}]\n"
	files := map[string]string{"class": class, "gateway": gateway, "a": route("a", "edge"), "b": route("b", "nowhere"), "service": service, "grant": grant, "ns": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"}
	names := []string{"class", "gateway", "a", "b", "service", "grant", "ns"}
	for file, tt := range map[string]struct{ from, to, want string }{
		"class":   {"com/c", "com/d", "a"},
		"gateway": {"port: 80", "port: 81", "a"},
		"a":       {"port: 1", "port: 2", "a"},
		"service": {"port: 1", "port: 2", "a"},
		"grant":   {"kind: Service", "kind: Service, name: z", "a b"},
		"ns":      {"shop}", "shop, labels: {x: y}}", "a b"},
		"b":       {"bogus: 1", "bogus: 1 # as before", ""},
	} {
		t.Run(file, func(t *testing.T) {
			was, before := state(t, files, names, topology.AssumeNothing)
			edited := maps.Clone(files)
			edited[file] = strings.Replace(files[file], tt.from, tt.to, 1)
			if edited[file] == files[file] {
				t.Fatal("the edit changes nothing")
			}
			now, after := state(t, edited, names, topology.AssumeNothing)
			lint.NewDifference(was, now, before.Diagnostics).Filter(after)
			var got []string
			for _, d := range after.Diagnostics {
				if d.Rule == "unknown-field" {
					got = append(got, d.Object.Name)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("the findings of %v are shown, want those of %s", got, tt.want)
			}
		})
	}
}
