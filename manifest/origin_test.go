package manifest_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
)

func TestTemplate(t *testing.T) {
	text := "---\n# Source: shop/templates/a.yaml\na: 1\n---\n# a comment\n# Source: shop/templates/b.yaml\n# another\nb: 1\nc: # Source: no\n---\nd: |\n  # Source: no\n---\n# Source: e\n"
	f := &manifest.File{Name: "f", Data: []byte(text)}
	for at, want := range map[string]string{
		"---": "shop/templates/a.yaml", "a: 1": "shop/templates/a.yaml", "b: 1": "shop/templates/b.yaml", "c: #": "shop/templates/b.yaml", "d: |": "", "# Source: e": "e",
	} {
		if got := f.Template(strings.Index(text, at)); got != want {
			t.Errorf("the template of %q is %q, want %q", at, got, want)
		}
	}
	for _, at := range []int{-1, len(text), len(text) + 9} {
		f.Template(at) // any offset is taken
	}
}

func TestKustomizeOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"path: base/a.yaml\n": "base/a.yaml",
		"path: a.yaml\nrepo: https://example.com/x\nref: v1\n":                     "https://example.com/x//a.yaml?ref=v1",
		"configuredIn: kustomization.yaml\nconfiguredBy:\n  kind: X\n  path: no\n": "kustomization.yaml",
		"": "",
	} {
		d := &manifest.Document{Value: map[string]any{"metadata": map[string]any{"annotations": map[string]any{manifest.OriginAnnotation: text}}}}
		if got := d.KustomizeOrigin(); got != want {
			t.Errorf("%q comes from %q, want %q", text, got, want)
		}
	}
	if got := (&manifest.Document{}).KustomizeOrigin(); got != "" {
		t.Errorf("an empty document comes from %q", got)
	}
}
