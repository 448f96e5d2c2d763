package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestOnce looks for the findings of onceCases: what several routes show is said
// once, of the first of them, whether they are looked at together or not.
func TestOnce(t *testing.T) {
	for _, c := range onceCases {
		t.Run(c.name, func(t *testing.T) {
			set, o := c.read(t)
			result, err := lint.Run(set, rules.All, o)
			if err != nil {
				t.Fatal(err)
			}
			rule, _, _ := strings.Cut(c.name, "/")
			if diff := cmp.Diff(c.want, finds(set, result.Diagnostics, rule), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("findings of %s (-want +got):\n%s", rule, diff)
			}
			sameInGroups(t, write(t, c.set()), o)
		})
	}
}

// set is the input as a file.
func (c *onceCase) set() manifestSet {
	return manifestSet{name: c.name, files: []txtar.File{{Name: "input.yaml", Data: []byte(c.text)}}}
}

// read reads the input and the options of a case.
func (c *onceCase) read(t *testing.T) (*manifest.Set, lint.Options) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "api.proto"), []byte(onceProto), 0o600); err != nil {
		t.Fatal(err)
	}
	o, _ := options(t, c.line)
	readProtos(t, c.line, dir, &o)
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(c.text)})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Problems)+len(set.Broken) > 0 {
		t.Fatalf("the input has problems: %v, %d objects do not fit their type", set.Problems, len(set.Broken))
	}
	return set, o
}

// finds writes the findings of a rule: severity, object and field of each, the
// implementations where they are not all, and the objects that it names beside.
func finds(set *manifest.Set, l diag.List, rule string) []string {
	var out []string
	for _, d := range l {
		if d.Rule != rule {
			continue
		}
		text := fmt.Sprintf("%s %s %s", d.Severity, d.Object, d.Field)
		if d.Profile != "spec" {
			text += " for " + d.Profile
		}
		for _, r := range d.Related {
			i := slices.IndexFunc(set.Documents, func(doc *manifest.Document) bool {
				at := doc.Range()
				return at.Start.Byte <= r.Range.Start.Byte && r.Range.Start.Byte < at.End.Byte
			})
			if i >= 0 {
				text += ", see " + set.Documents[i].Ref.String()
			}
		}
		out = append(out, text)
	}
	return out
}
