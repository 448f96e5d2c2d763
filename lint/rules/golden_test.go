package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/rogpeppe/go-internal/txtar"
)

const golden = "../../testdata/lint"

// TestGolden runs testdata/lint/RULE/*.txtar: manifests and a want section with
// the findings of RULE. A comment line that begins with "lint" holds options;
// --all prints the findings of every rule. UPDATE_GOLDEN=1 rewrites the wanted
// parts.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob(golden + "/*/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases in %s: %v", golden, err)
	}
	for _, name := range cases {
		rule := filepath.Base(filepath.Dir(name))
		t.Run(rule+"/"+strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			runGolden(t, rule, name)
		})
	}
}

func runGolden(t *testing.T, rule, name string) {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir, want := t.TempDir(), -1
	for i, f := range a.Files {
		if f.Name == "want" {
			want = i
			continue
		}
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want < 0 {
		a.Files = append(a.Files, txtar.File{Name: "want"})
		want = len(a.Files) - 1
	}
	line := ""
	for l := range strings.Lines(string(a.Comment)) {
		if l == "lint\n" || strings.HasPrefix(l, "lint -") {
			line = l
		}
	}
	o, all := options(t, line)
	got := print(lintFolder(t, dir, o), dir, func(d diag.Diagnostic) bool { return all || d.Rule == rule })
	if got == string(a.Files[want].Data) {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Errorf("findings (-want +got):\n%s", cmp.Diff(string(a.Files[want].Data), got))
		return
	}
	a.Files[want].Data = []byte(got)
	if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}
