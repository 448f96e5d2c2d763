package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
)

var two = []*lint.Rule{
	{ID: "b-rule", Summary: "a | b", Section: lint.BackendSection, Severity: diag.Warning, Since: "0.1", Profiles: []string{"spec"}},
	{ID: "a-rule", Summary: "first", Section: lint.SchemaSection, Severity: diag.Error, Since: "0.1", OptIn: true, Fix: lint.AutoFix},
}

func TestTableFollowsTheSections(t *testing.T) {
	want := "\n| schema | severity | fix | finds |\n|---|---|---|---|\n| [`a-rule`](r/a_rule.md) | error | auto | first (with `--advice`) |\n" +
		"\n| backends | severity | fix | finds |\n|---|---|---|---|\n| [`b-rule`](r/b_rule.md) | warning |  | a \\| b (spec) |\n\n"
	if diff := cmp.Diff(want, table(two, "r/")); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestSummaryHasARowForEachSection(t *testing.T) {
	want := "\n| about | rules |\n|---|---|\n| schema | [`a-rule`](r/a_rule.md) (with `--advice`) |\n| backends | [`b-rule`](r/b_rule.md) |\n\n"
	if diff := cmp.Diff(want, summary(two, "r/")); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func TestFillReplacesWhatStandsBetweenTheMarkers(t *testing.T) {
	got, err := fill("a\n"+begin+"\nold\n"+end+"\nb\n", "new\n")
	if want := "a\n" + begin + "\nnew\n" + end + "\nb\n"; err != nil || got != want {
		t.Errorf("fill = %q, %v, want %q", got, err, want)
	}
	if got, err := fill("no markers", "new"); got != "no markers" || err != nil {
		t.Errorf("fill of a page without markers = %q, %v", got, err)
	}
	if _, err := fill(begin, "new"); err == nil {
		t.Error("a marker without its end is no error")
	}
}

func TestLinksLeadToPages(t *testing.T) {
	for _, r := range rules.All {
		page := filepath.Join("..", "..", "lint", "rules", strings.ReplaceAll(r.ID, "-", "_")+".md")
		if _, err := os.Stat(page); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryRuleIsInASection(t *testing.T) {
	n := 0
	for _, s := range sections(rules.All) {
		n += len(s.rules)
	}
	if n != len(rules.All) {
		t.Errorf("%d of %d rules are in a section of lint.Sections", n, len(rules.All))
	}
}

// TestDocumentsAreFresh fails when a rule changed and `make generate` was not run.
func TestDocumentsAreFresh(t *testing.T) {
	top := filepath.Join("..", "..")
	want := catalogue(rules.All)
	got, err := os.ReadFile(filepath.Join(top, "docs", "rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("docs/rules.md is stale, run `make generate` (-want +got):\n%s", diff)
	}
	got, err = os.ReadFile(filepath.Join(top, "docs", "profiles.md"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(profiles(), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("docs/profiles.md is stale, run `make generate` (-want +got):\n%s", diff)
	}
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if now, err := fill(string(readme), summary(rules.All, "lint/rules/")); err != nil || now != string(readme) {
		t.Errorf("README.md is stale, run `make generate`: %v", err)
	}
}
