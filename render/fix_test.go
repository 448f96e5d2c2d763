package render_test

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/lint/fix"
	"github.com/grpcroute/grpcroute/render"
)

// outcome is a run of lint --fix with something of each sort.
func outcome() *fix.Outcome {
	set, result := findings()
	d := result.Diagnostics
	title := &diag.Fix{Title: `write name: "cart"`}
	d[0].Fix = &diag.Fix{Title: `write name: "cart"`, Offer: true, Edits: []diag.Edit{{
		Range: diag.Range{File: "cart.yaml", Start: diag.Position{Line: 7, Column: 13, Byte: 93}, End: diag.Position{Line: 7, Column: 17, Byte: 97}}, New: "cart",
	}}}
	d[1].Fix = &diag.Fix{Refused: "which port is meant cannot be told"}
	d[2].Fix = &diag.Fix{Title: "add ReferenceGrant \"shop/x\"", Add: "kind: ReferenceGrant\n"}
	applied := func(rule string, changes ...string) fix.Applied {
		return fix.Applied{Finding: diag.Diagnostic{Rule: rule, Range: at("cart.yaml", 2, 1, 5), Fix: title}, Changes: changes}
	}
	return &fix.Outcome{
		Set: set, Result: result, Found: 7, Offered: 1, Missing: 2,
		Files:   []fix.Changed{{Name: "cart.yaml", Old: []byte("a\n"), New: []byte("b\n")}, {Name: "grants.yaml", New: []byte("c\n")}},
		Applied: []fix.Applied{applied("silent"), applied("backend-not-found", "calls to shop.Cart/any on any host: \x1b[31mUNAVAILABLE before, shop/cart:80 after")},
		Refused: []fix.Refused{{Finding: d[1], Why: "which port is meant cannot be told"}},
	}
}

func TestFixText(t *testing.T) {
	for name, o := range map[string]render.Options{"fixed": {}, "fixed-verbose": {Verbose: true}, "fixed-colour": {Color: true}} {
		got := text(t, func(w io.Writer) error { return render.FixText(w, outcome(), name == "fixed-verbose", o) })
		golden.Compare(t, filepath.Join("testdata", "lint", name+".txt"), got)
	}
	if got := text(t, func(w io.Writer) error { return render.FixText(w, outcome(), false, render.Options{Quiet: true}) }); got != "" {
		t.Errorf("quiet, and printed %q", got)
	}
}

func TestFixJSON(t *testing.T) {
	got := text(t, func(w io.Writer) error { return render.FixJSON(w, outcome()) })
	golden.Compare(t, filepath.Join("testdata", "lint", "fixed.json"), got)
}
