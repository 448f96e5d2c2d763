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
)

func serviceText(namespace, name string, port int) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %s, namespace: %s}\nspec: {ports: [{port: %d}]}\n", name, namespace, port)
}

// shelfServices are Services beside routes, some given twice, in three files.
func shelfServices(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	writeFile(t, filepath.Join(dir, "a.yaml"), serviceText("shop", "a", 1)+"---\n"+route(1)+"---\n"+serviceText("shop", "twice", 2))
	writeFile(t, filepath.Join(dir, "b.yaml"), "apiVersion: v1\nkind: List\nitems:\n- "+
		strings.ReplaceAll(strings.TrimSpace(serviceText("shop", "b", 3)), "\n", "\n  ")+"\n- "+
		strings.ReplaceAll(strings.TrimSpace(serviceText("pay", "b", 4)), "\n", "\n  ")+"\n- "+
		strings.ReplaceAll(strings.TrimSpace(route(2)), "\n", "\n  ")+"\n")
	writeFile(t, filepath.Join(dir, "c.yaml"), serviceText("shop", "twice", 5)+"---\n"+shelfGateway)
	return dir
}

// TestShelfOfServices: a Service on the shelf is there when it is asked for.
func TestShelfOfServices(t *testing.T) {
	dir := shelfServices(t)
	held, err := manifest.Load([]string{dir}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set := shelved(t, dir)
	var names []string
	for _, d := range set.Documents {
		names = append(names, d.Ref.Kind+" "+d.Ref.Name)
	}
	if diff := cmp.Diff([]string{"Service twice", "Service twice", "Gateway g"}, names); diff != "" {
		t.Errorf("held:\n%s", diff)
	}
	var all []diag.Ref
	for _, o := range held.Services.All {
		all = append(all, o.Doc.Ref)
	}
	if diff := cmp.Diff(all, set.ServiceRefs()); diff != "" {
		t.Errorf("Services held (-) and listed (+):\n%s", diff)
	}
	if set.Count() != len(held.Documents) || !set.HasNamespace("pay") || set.HasNamespace("other") {
		t.Errorf("%d objects of %d", set.Count(), len(held.Documents))
	}
	group, _, err := set.With([]int{1})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, ref := range append(all, diag.Ref{Namespace: "shop", Name: "none"}) {
		for range 3 {
			wg.Go(func() {
				want, got := held.Services.Get(ref.Namespace, ref.Name), group.Services.Get(ref.Namespace, ref.Name)
				if want == nil || got == nil {
					if want != nil || got != nil {
						t.Errorf("%s: held %v, read %v", ref, want, got)
					}
					return
				}
				if diff := cmp.Diff(want.Value, got.Value); diff != "" || got.Doc.Range("spec", "ports") != want.Doc.Range("spec", "ports") {
					t.Errorf("%s: held (-) and read (+):\n%s", ref, diff)
				}
			})
		}
	}
	wg.Wait()
	if err := group.Err(); err != nil {
		t.Error(err)
	}
	if len(group.Replaced) != 1 || group.Services.Get("shop", "twice").Value.Spec.Ports[0].Port != 5 {
		t.Error("of Services of one name not the last counts")
	}
}

// TestHoldNamed: all Services of the shelf can be held after all.
func TestHoldNamed(t *testing.T) {
	dir := shelfServices(t)
	held, err := manifest.Load([]string{dir}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set := shelved(t, dir)
	if err := set.HoldNamed(); err != nil {
		t.Fatal(err)
	}
	group, _, err := set.With(indexes(len(set.Shelf)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(see(held), see(group)); diff != "" {
		t.Errorf("held (-) and held later (+):\n%s", diff)
	}
	if diff := cmp.Diff(held.Services.All[0].Value, group.Services.All[0].Value); diff != "" || len(held.Services.All) != len(group.Services.All) {
		t.Errorf("Services:\n%s", diff)
	}
}

// TestShelfOfServicesChanged: who asks for a Service whose file has changed is told.
func TestShelfOfServicesChanged(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "routes.yaml"), route(1))
	writeFile(t, filepath.Join(dir, "services.yaml"), serviceText("shop", "a", 1))
	set := shelved(t, dir)
	group, _, err := set.With([]int{0})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "services.yaml")); err != nil {
		t.Fatal(err)
	}
	if o := group.Services.Get("shop", "a"); o != nil {
		t.Error("a Service of a file that is gone")
	}
	if err := group.Err(); err == nil || !strings.Contains(err.Error(), "services.yaml: no such file") {
		t.Errorf("error %v", err)
	}
}
