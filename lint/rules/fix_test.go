package rules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/fix"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
)

// withoutEdit says of each rule with a Fix whose findings never have an edit why
// that is so. Each of the findings says it, too.
var withoutEdit = map[string]string{
	"proto-backend-lacks-method":          "which backend has a method, or will have it, is for people",
	"session-persistence-v17-shape":       "the shape changes together with the CRDs of a cluster",
	"backend-port-443-cleartext":          "a BackendTLSPolicy needs a hostname and a CA that only people know",
	"precedence-depends-on-age":           "which of two routes should win is for their authors",
	"precedence-depends-on-regex-reading": "which of two matches should win is for their author",
}

// uncovered are rules that are silent as long as another mistake is there, and why.
var uncovered = map[string]string{
	"backend-not-found":    "a backend is looked up when a grant permits it",
	"backend-tls-conflict": "a policy conflicts with another one when it attaches",
}

// fixable is one input of TestFixes.
type fixable struct {
	name string
	set  *manifest.Set
	o    lint.Options
}

// badExamples are those of a rule's page.
func badExamples(t *testing.T, r *lint.Rule) []fixable {
	t.Helper()
	page, err := rules.Page(r.ID)
	if err != nil {
		t.Fatal(err)
	}
	var out []fixable
	for _, e := range examples(page)["Bad"] {
		if strings.HasPrefix(e.options, "not run:") {
			continue
		}
		o := exampleOptions(t, e)
		set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(e.yaml)})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fixable{"page", set, o})
	}
	return out
}

// TestFixes holds every rule that has a Fix to it, with the bad example of its
// page and its golden cases: each finding has an edit or says why it has none;
// after the edits the finding is gone, and there is nothing left to edit. What a
// fix may change for calls is proven while it is made.
func TestFixes(t *testing.T) {
	for _, r := range rules.All {
		t.Run(r.ID, func(t *testing.T) {
			applied := 0
			for _, f := range badExamples(t, r) {
				applied += checkFixes(t, r, f)
			}
			golden.Run(t, filepath.Join(cases, r.ID), func(t *testing.T, c *golden.Case) {
				dir := c.Extract(t, func(name string) bool { return name != "want" })
				set, err := manifest.Load([]string{dir}, manifest.Options{})
				if err != nil {
					t.Fatal(err)
				}
				o, _ := caseOptions(t, c, dir)
				applied += checkFixes(t, r, fixable{c.Name, set, o})
			})
			reason, without := withoutEdit[r.ID]
			switch {
			case r.Fix == lint.NoFix && (applied > 0 || without):
				t.Errorf("the rule has no Fix, and %d edits", applied)
			case r.Fix != lint.NoFix && applied == 0 && !without:
				t.Errorf("the rule's Fix is %s, and none of its examples was edited", r.Fix)
			case without && applied > 0:
				t.Errorf("withoutEdit says %q, and %d findings were edited", reason, applied)
			}
		})
	}
}

func checkFixes(t *testing.T, r *lint.Rule, f fixable) int {
	t.Helper()
	f.o.Rules = []string{r.ID}
	result, err := lint.Run(f.set, rules.All, f.o)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range result.Diagnostics {
		if d.Rule == r.ID && r.Fix != lint.NoFix && d.Fix == nil {
			t.Errorf("%s: no edit, and no word why: %s", f.name, d.Message)
		}
	}
	o := fix.Options{Rules: rules.All, Lint: f.o, Edit: true, Offer: true, Grants: "grants.yaml"}
	out, err := fix.Run(context.Background(), f.set, result, o)
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for _, x := range out.Refused {
		refused[x.Finding.Message] = true
		t.Logf("%s: not fixed: %s: %s", f.name, x.Finding.Message, x.Why)
	}
	for _, a := range out.Applied {
		t.Logf("%s: fixed: %s: %s %q", f.name, a.Finding.Message, a.Finding.Fix.Title, a.Changes)
	}
	for _, d := range out.Result.Diagnostics {
		if d.Rule == r.ID && d.Fix != nil && !refused[d.Message] {
			t.Errorf("%s: still found after the edits: %s", f.name, d.Message)
		}
	}
	if len(out.Applied) > 0 {
		checkUntouched(t, f, out, result.Diagnostics)
	}
	checkNothingWorse(t, f, out)
	again, err := fix.Run(context.Background(), out.Set, out.Result, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Applied) > 0 || len(again.Files) > 0 {
		t.Errorf("%s: fixing twice is not fixing once: %d more edits", f.name, len(again.Applied))
	}
	return len(out.Applied)
}

// checkNothingWorse: the edits of one rule bring no error of another one.
func checkNothingWorse(t *testing.T, f fixable, out *fix.Outcome) {
	t.Helper()
	f.o.Rules = nil
	errors := func(set *manifest.Set) map[string]string {
		result, err := lint.Run(set, rules.All, f.o)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, d := range result.Diagnostics {
			if d.Severity == diag.Error {
				found[d.Rule] = d.Message
			}
		}
		return found
	}
	before := errors(f.set)
	for rule, message := range errors(out.Set) {
		if before[rule] == "" && uncovered[rule] == "" {
			t.Errorf("%s: the edits bring an error of %s: %s", f.name, rule, message)
		}
	}
}

// checkUntouched compares the bytes outside of a single finding's edits.
func checkUntouched(t *testing.T, f fixable, out *fix.Outcome, before diag.List) {
	t.Helper()
	var only *diag.Fix
	for _, d := range before {
		if d.Fix == nil || d.Fix.Refused != "" || only != nil {
			return
		}
		only = d.Fix
	}
	if only == nil || len(out.Applied) != 1 || len(only.Edits) == 0 {
		return
	}
	for _, c := range out.Files {
		rest := string(c.New)
		at := 0
		for _, e := range only.Edits {
			if e.Range.File != c.Name {
				continue
			}
			kept := string(c.Old[at:e.Range.Start.Byte])
			if !strings.HasPrefix(rest, kept+e.New) {
				t.Errorf("%s: bytes before byte %d changed:\n%s", f.name, e.Range.Start.Byte, c.New)
				return
			}
			rest, at = rest[len(kept)+len(e.New):], e.Range.End.Byte
		}
		if rest != string(c.Old[at:]) {
			t.Errorf("%s: bytes behind the last edit changed:\n%s", f.name, c.New)
		}
	}
}

// TestFixesTogether makes the edits of all rules at once: nothing is left to edit
// after that, and nothing is lost on the way.
func TestFixesTogether(t *testing.T) {
	golden.Run(t, cases, func(t *testing.T, c *golden.Case) {
		dir := c.Extract(t, func(name string) bool { return name != "want" })
		set, err := manifest.Load([]string{dir}, manifest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := caseOptions(t, c, dir)
		result, err := lint.Run(set, rules.All, o)
		if err != nil {
			t.Fatal(err)
		}
		fo := fix.Options{Rules: rules.All, Lint: o, Edit: true, Offer: true, Grants: "grants.yaml"}
		out, err := fix.Run(context.Background(), set, result, fo)
		if err != nil {
			t.Fatal(err)
		}
		again, err := fix.Run(context.Background(), out.Set, out.Result, fo)
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Applied) > 0 {
			t.Errorf("fixing twice is not fixing once: %s: %s", again.Applied[0].Finding.Rule, again.Applied[0].Finding.Message)
		}
	})
}

// TestFixesInOtherStyles makes the edits of each bad example when it is written as
// JSON, on one line and on many, and with Windows line ends.
func TestFixesInOtherStyles(t *testing.T) {
	styles := map[string]func(set *manifest.Set) []*manifest.File{
		"json":               func(set *manifest.Set) []*manifest.File { return asJSON(t, set, "") },
		"json on many lines": func(set *manifest.Set) []*manifest.File { return asJSON(t, set, "  ") },
		"windows": func(set *manifest.Set) []*manifest.File {
			return []*manifest.File{{Name: "a.yaml", Data: bytes.ReplaceAll(set.Files[0].Data, []byte("\n"), []byte("\r\n"))}}
		},
	}
	// What JSON cannot say, and what is not an object of its own in it.
	onlyYAML := map[string]bool{"yaml-unquoted-string": true, "backend-tls-multi-target": true, "rules-limit-split": true}
	for _, r := range rules.All {
		if r.Fix == lint.NoFix || withoutEdit[r.ID] != "" {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			for _, f := range badExamples(t, r) {
				want := checkFixes(t, r, f)
				for name, style := range styles {
					if strings.HasPrefix(name, "json") && onlyYAML[r.ID] {
						continue
					}
					files := style(f.set)
					got := checkFixes(t, r, fixable{name, manifest.Read(files, manifest.Options{}), f.o})
					if got != want {
						t.Errorf("%s: %d edits, want %d as in the example", name, got, want)
					}
				}
			}
		})
	}
}

// asJSON writes each object as a file of its own.
func asJSON(t *testing.T, set *manifest.Set, indent string) []*manifest.File {
	t.Helper()
	var out []*manifest.File
	for i, doc := range set.Documents {
		data, err := json.MarshalIndent(doc.Value, "", indent)
		if err != nil {
			t.Fatal(err)
		}
		if indent == "" {
			if data, err = json.Marshal(doc.Value); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, &manifest.File{Name: fmt.Sprintf("a%02d.json", i), Data: append(data, '\n')})
	}
	return out
}
