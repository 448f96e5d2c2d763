package manifest_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/manifest"
)

// TestCheckDropsValues reads documents with and without Options.Check: what
// Document.Object says, and everything typed, is the same, although the values
// that are lent are overwritten.
func TestCheckDropsValues(t *testing.T) {
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "---\n%s", route(i))
	}
	text.WriteString("---\n" + configMap + "  annotations: {a: \"1\", b: \"\"}\n")
	text.WriteString("---\nkind: GRPCRoute\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: anchors, labels: &l {a: b}, annotations: *l}\n")
	text.WriteString("---\nkind: Gateway\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: broken}\nspec: {listeners: 1}\n")
	text.WriteString("---\nkind: List\napiVersion: v1\nitems:\n- {kind: Namespace, apiVersion: v1, metadata: {name: a}}\n- {kind: Namespace, apiVersion: v1, metadata: {name: b}}\n")
	object := `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}`
	files := func() []*manifest.File {
		return []*manifest.File{{Name: "a.yaml", Data: []byte(text.String())}, {Name: "b.json", Data: []byte(object)}}
	}
	kept := manifest.Read(files(), manifest.Options{})
	lent := 0
	dropped := manifest.Read(files(), manifest.Options{Check: func(d *manifest.Document, mine bool) {
		if mine {
			lent++
			clear(d.Value)
			d.Value["metadata"] = "gone"
		}
	}})
	if want := len(kept.Documents) - 3; lent != want || len(dropped.Documents) != len(kept.Documents) {
		t.Errorf("%d values of %d documents were lent, want %d: all but the broken one and the items of the List", lent, len(dropped.Documents), want)
	}
	for i, d := range dropped.Documents {
		k := kept.Documents[i]
		if diff := cmp.Diff(k.Value, d.Object()); diff != "" {
			t.Errorf("%s, kept (-) and dropped (+):\n%s", d.Ref, diff)
		}
		if k.NamesNamespace() != d.NamesNamespace() {
			t.Errorf("%s: whether it names a namespace differs", d.Ref)
		}
		for _, name := range []string{"a", "b", "c"} {
			want, ok := k.Annotation(name)
			if got, found := d.Annotation(name); got != want || found != ok {
				t.Errorf("%s: annotation %s is %q, %t, want %q, %t", d.Ref, name, got, found, want, ok)
			}
		}
		if k.Range("metadata", "name") != d.Range("metadata", "name") || k.NamedPath(manifest.Path{"spec", "rules", 0}) != d.NamedPath(manifest.Path{"spec", "rules", 0}) {
			t.Errorf("%s: places differ", d.Ref)
		}
	}
	for i, r := range dropped.GRPCRoutes.All {
		if diff := cmp.Diff(kept.GRPCRoutes.All[i].Value, r.Value); diff != "" {
			t.Errorf("%s, typed:\n%s", r.Doc.Ref, diff)
		}
	}
	if !maps.Equal(kept.Ignored, dropped.Ignored) || len(kept.Problems) != len(dropped.Problems) {
		t.Error("what is ignored or wrong differs")
	}
}
