package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// shelved reads paths as a large input, whatever their size.
func shelved(t *testing.T, paths ...string) *manifest.Set {
	t.Helper()
	set, err := manifest.Load(paths, manifest.Options{
		ShelveFrom: 1, ShelveBehind: -1, Stdin: strings.NewReader(""), Check: func(*manifest.Document, bool) {},
		Shelve: func(d *manifest.Document, object metav1.Object) (int, bool) { return len(object.GetName()), true },
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(set.GRPCRoutes.All) + len(set.HTTPRoutes.All); n > 0 {
		t.Errorf("%d routes are held", n)
	}
	return set
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// seen is what a set says of its routes.
type seen struct {
	Refs, Replaced []diag.Ref
	Names          []string
	Rules          []diag.Range
	GRPC           []*gatewayv1.GRPCRoute
	HTTP           []*gatewayv1.HTTPRoute
	Values         []map[string]any
}

func see(set *manifest.Set) seen {
	var s seen
	for _, d := range set.Documents {
		s.Refs = append(s.Refs, d.Ref)
		s.Values = append(s.Values, d.Object())
	}
	for _, d := range set.Replaced {
		s.Replaced = append(s.Replaced, d.Ref)
	}
	for _, o := range set.GRPCRoutes.All {
		s.GRPC, s.Rules = append(s.GRPC, o.Value), append(s.Rules, o.Doc.Range("spec", "rules", 0))
		s.Names = append(s.Names, set.GRPCRoutes.Get(o.Doc.Ref.Namespace, o.Doc.Ref.Name).Doc.Ref.Name)
	}
	for _, o := range set.HTTPRoutes.All {
		s.HTTP = append(s.HTTP, o.Value)
	}
	return s
}

const shelfGateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: infra}\nspec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}\n"

// shelfFiles are routes in all the ways in which files hold them.
func shelfFiles() map[string]string {
	indented := func(s string) string { return "- " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n" }
	object := func(kind string, i int) string {
		return fmt.Sprintf(`{"apiVersion": "gateway.networking.k8s.io/v1", "kind": %q, "metadata": {"name": "json-%d"}, "spec": {"hostnames": ["%s.example.com"], "rules": [{}]}}`, kind, i, strings.Repeat("x", 100))
	}
	var large, bare, objects strings.Builder
	large.WriteString("apiVersion: v1\nkind: List\nitems:\n" + indented(shelfGateway))
	bare.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRouteList\nitems:\n")
	objects.WriteString(`{"apiVersion": "v1", "kind": "List", "items": [`)
	for i := range 1500 {
		large.WriteString(indented(route(i)))
		fmt.Fprintf(&bare, "- metadata: {name: bare-%d}\n  spec:\n    rules:\n    - {}\n    # %s\n", i, strings.Repeat("x", 100))
		objects.WriteString(object("HTTPRoute", i) + ",\n")
	}
	objects.WriteString(object("GRPCRoute", 1) + "]}")
	return map[string]string{
		"documents.yaml": shelfGateway + "---\n" + route(1) + "---\n# comment\n" + route(2) + "---\n" + route(1) + "---\nnot: ours\n",
		"alone.yaml":     "\ufeff" + route(3) + "---\n" + strings.ReplaceAll(route(4), "GRPCRoute", "HTTPRoute"),
		"small-list.yaml": "apiVersion: v1\nkind: List\nitems:\n" + indented(shelfGateway) + indented(route(5)) +
			indented(strings.ReplaceAll(route(6), "GRPCRoute", "HTTPRoute")),
		"large-list.yaml": large.String(),
		"bare-list.yaml":  bare.String(),
		"objects.json":    object("GRPCRoute", 2) + object("HTTPRoute", 3),
		"large.json":      objects.String(),
		"broken.yaml":     route(7) + "---\n" + strings.ReplaceAll(route(8), "rules:", "rules: 1 #") + "---\na: [\n---\n" + route(9),
	}
}

// TestShelf reads what is on the shelf again: it must be what would have been held.
func TestShelf(t *testing.T) {
	for name, text := range shelfFiles() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			writeFile(t, path, text)
			held, err := manifest.Load([]string{path}, manifest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			set := shelved(t, path)
			if len(set.Shelf) == 0 || len(set.Shelf)+len(set.Documents) != len(held.Documents) {
				t.Fatalf("%d documents on the shelf and %d held, of %d", len(set.Shelf), len(set.Documents), len(held.Documents))
			}
			for i := range set.Shelf {
				if s := &set.Shelf[i]; s.Tag != len(s.Ref.Name) {
					t.Fatalf("%s has tag %d", s.Ref, s.Tag)
				}
			}
			again, read, err := set.With(indexes(len(set.Shelf)))
			if err != nil {
				t.Fatal(err)
			}
			if len(read) != len(set.Shelf) {
				t.Errorf("%d documents read again, %d on the shelf", len(read), len(set.Shelf))
			}
			want, got := see(held), see(again)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("held (-) and read again (+):\n%s", diff)
			}
			if diff := cmp.Diff(held.Problems, set.Problems); diff != "" {
				t.Errorf("problems (-held +shelved):\n%s", diff)
			}
		})
	}
}

// TestShelfInParts reads single routes again, from many goroutines.
func TestShelfInParts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range shelfFiles() {
		writeFile(t, filepath.Join(dir, name), text)
	}
	set := shelved(t, dir)
	var wg sync.WaitGroup
	for i := 0; i < len(set.Shelf); i += 97 {
		wg.Go(func() {
			which := []int{i}
			for j := i + 1; j < len(set.Shelf) && set.Shelf[j].SameText(&set.Shelf[i]); j++ {
				which = append(which, j)
			}
			for j := i - 1; j >= 0 && set.Shelf[j].SameText(&set.Shelf[i]); j-- {
				which = append([]int{j}, which...)
			}
			part, read, err := set.With(which)
			if err != nil {
				t.Error(err)
				return
			}
			for n, doc := range read {
				if doc.Ref != set.Shelf[which[n]].Ref || doc.File.Text() == nil || doc.Range("metadata").Start.Line == 0 {
					t.Errorf("%s read again is %s", set.Shelf[which[n]].Ref, doc.Ref)
				}
			}
			if len(part.Gateways.All) != 1 || len(part.GRPCRoutes.All)+len(part.HTTPRoutes.All) != len(which) {
				t.Errorf("%d Gateways and %d routes", len(part.Gateways.All), len(part.GRPCRoutes.All)+len(part.HTTPRoutes.All))
			}
		})
	}
	wg.Wait()
	n := 0
	for range set.Refs() {
		n++
	}
	if n != len(set.Shelf)+len(set.Documents) {
		t.Errorf("%d objects", n)
	}
}

// TestShelfChanged: a file that is not what it was is said, not misread.
func TestShelfChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "routes.yaml")
	writeFile(t, path, route(1)+"---\n"+route(2))
	set := shelved(t, path)
	if set.Files[0].Data != nil || len(set.Files[0].Text()) == 0 {
		t.Fatal("the text is held, or cannot be read again")
	}
	writeFile(t, path, route(1)+"---\n"+strings.ReplaceAll(route(2), "rules", "RULES"))
	_, _, err := set.With([]int{1})
	if err == nil || !strings.Contains(err.Error(), path+" again: it has changed in the meantime: run the command once more") {
		t.Errorf("error %v", err)
	}
	if set.Files[0].Text() != nil {
		t.Error("the other text is given for the first")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := set.With([]int{0}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("error %v", err)
	}
}

// TestSmallInputIsHeld: below the size everything is held.
func TestSmallInputIsHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "routes.yaml")
	writeFile(t, path, route(1))
	set, err := manifest.Load([]string{path}, manifest.Options{Shelve: func(*manifest.Document, metav1.Object) (int, bool) { return 0, true }})
	if err != nil || len(set.Shelf) != 0 || len(set.GRPCRoutes.All) != 1 {
		t.Errorf("%d on the shelf, error %v", len(set.Shelf), err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
