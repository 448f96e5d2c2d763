package render_test

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/render"
)

const source = "kind: GRPCRoute\r\nmetadata:\r\n  name: cart\r\nspec:\r\n  rules:\r\n  - backendRefs:\r\n    - name: crat # für den Korb\r\n"

func at(file string, line, from, to int) diag.Range {
	return diag.Range{File: file, Start: diag.Position{Line: line, Column: from}, End: diag.Position{Line: line, Column: to}}
}

// findings is a run with one finding of each shape.
func findings() (*manifest.Set, *lint.Result) {
	set := &manifest.Set{
		Files: []*manifest.File{
			{Name: "cart.yaml", Data: []byte(source)},
			{Name: "secret.yaml", Data: []byte("kind: Secret\ndata:\n  key: [c2VjcmV0\n")},
		},
		Ignored: map[string]int{"batch/v1, Kind=Job": 2, "apps/v1, Kind=DaemonSet": 1},
	}
	object := diag.Ref{APIVersion: "gateway.networking.k8s.io/v1", Kind: "GRPCRoute", Namespace: "shop", Name: "cart"}
	return set, &lint.Result{Objects: 3, Profiles: []*profile.Profile{profile.Spec, {Name: "other"}}, Diagnostics: diag.List{
		{
			Rule: "backend-not-found", Severity: diag.Error, Source: diag.Semantic, Certainty: diag.Assumed,
			Message: `no Service "crat" in namespace "shop"`, Hint: `write "cart"`, Range: at("cart.yaml", 7, 13, 17), Object: object,
			Field: "spec.rules[0].backendRefs[0].name", Profile: "spec",
			Related: []diag.Related{{Message: `Service "cart" is here`, Range: at("services.yaml", 3, 9, 13)}},
			Witness: &diag.Witness{Gateway: "infra/edge", Listener: "https", Port: 443, SNI: "shop.example.com", Authority: "shop.example.com", Path: "/shop.Cart/Add", Headers: map[string]string{"x-b": "it's 2", "x-a": "1"}},
		},
		{
			Rule: "schema-violation", Severity: diag.Error, Source: diag.Schema, Message: `backendRefs[0].port is missing`,
			Admission: "spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference " + strings.Repeat("and more ", 12),
			Range:     at("cart.yaml", 6, 5, 16), Object: object, Field: "spec.rules[0].backendRefs[0]", Profile: "spec,other",
		},
		{Rule: "hostname-case", Severity: diag.Warning, Message: "a \x1b[31mtrick", Range: at("cart.yaml", 3, 9, 13), Object: object, Profile: "other"},
		{Rule: "yaml-syntax", Severity: diag.Error, Source: diag.Strict, Message: "a list is not closed", Range: at("secret.yaml", 3, 8, 17)},
		{Rule: "no-gateway", Severity: diag.Info, Certainty: diag.Unknown, Message: "the input holds no Gateway", Range: diag.Range{File: "cart.yaml"}},
	}}
}

// clean is a run without findings.
func clean() (*manifest.Set, *lint.Result) {
	set, r := findings()
	r.Diagnostics, r.Profiles = nil, r.Profiles[:1]
	return set, r
}

func text(t *testing.T, write func(w io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLintText(t *testing.T) {
	for _, c := range []struct {
		name    string
		of      func() (*manifest.Set, *lint.Result)
		options render.Options
	}{
		{"findings", findings, render.Options{}},
		{"findings-narrow", findings, render.Options{Width: 40}},
		{"findings-colour", findings, render.Options{Color: true, Width: 80}},
		{"findings-verbose", findings, render.Options{Verbose: true}},
		{"findings-quiet", findings, render.Options{Quiet: true}},
		{"clean-terminal", clean, render.Options{Terminal: true}},
		{"clean-verbose", clean, render.Options{Verbose: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, r := c.of()
			got := text(t, func(w io.Writer) error { return render.LintText(w, set, r, c.options) })
			golden.Compare(t, filepath.Join("testdata", "lint", c.name+".txt"), got)
			if strings.Contains(got, "c2VjcmV0") {
				t.Error("data of a Secret is shown")
			}
			if !c.options.Color && strings.ContainsRune(got, '\x1b') {
				t.Error("escape sequence without colour")
			}
		})
	}
}

func TestCleanRunsAreSilent(t *testing.T) {
	set, r := clean()
	for name, o := range map[string]render.Options{"pipe": {}, "quiet terminal": {Terminal: true, Quiet: true}} {
		if got := text(t, func(w io.Writer) error { return render.LintText(w, set, r, o) }); got != "" {
			t.Errorf("%s: printed %q", name, got)
		}
	}
}

func TestLintJSON(t *testing.T) {
	set, r := findings()
	got := text(t, func(w io.Writer) error { return render.LintJSON(w, set, r) })
	golden.Compare(t, filepath.Join("testdata", "lint", "findings.json"), got)
	set, r = clean()
	got = text(t, func(w io.Writer) error { return render.LintJSON(w, set, r) })
	var back struct {
		Diagnostics []any
		Summary     map[string]int
	}
	if err := json.Unmarshal([]byte(got), &back); err != nil {
		t.Fatal(err)
	}
	if back.Diagnostics == nil || len(back.Diagnostics) != 0 || back.Summary["objects"] != 3 {
		t.Errorf("a clean run is %s, want an empty list of diagnostics and a summary", got)
	}
}
