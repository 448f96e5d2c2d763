package rules_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
)

// planned is a line of testdata/catalogue.txt: what a rule was planned to be.
type planned struct{ section, id, severity, fix string }

// deviation is a row of docs/rules-left-out.md.
type deviation struct{ what, catalogue, here, why string }

func readPlanned(t *testing.T) []planned {
	t.Helper()
	text, err := os.ReadFile("testdata/catalogue.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []planned
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 4 && !strings.HasPrefix(line, "#") {
			out = append(out, planned{f[0], f[1], f[2], f[3]})
		}
	}
	return out
}

var deviationRow = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| (left out|severity|fix) \\| ([^|]*) \\| ([^|]*) \\| ([^|]+) \\|$")

// readDeviations reads the table; the keys are "id what".
func readDeviations(t *testing.T) map[string]deviation {
	t.Helper()
	text, err := os.ReadFile("../../docs/rules-left-out.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]deviation{}
	for _, m := range deviationRow.FindAllStringSubmatch(string(text), -1) {
		key := m[1] + " " + m[2]
		if _, twice := out[key]; twice {
			t.Errorf("docs/rules-left-out.md has %q twice", key)
		}
		out[key] = deviation{m[2], strings.TrimSpace(m[3]), strings.TrimSpace(m[4]), strings.TrimSpace(m[5])}
	}
	if rows := strings.Count(string(text), "\n| `"); rows != len(out) {
		t.Errorf("docs/rules-left-out.md has %d rows, %d of them in the form of the table", rows, len(out))
	}
	return out
}

// TestCatalogue walks the planned catalogue: each rule is there with its severity
// and its fix, or docs/rules-left-out.md says why not; and that page says nothing
// that is not so. TestPages holds each rule to the two examples of its page.
func TestCatalogue(t *testing.T) {
	all := readPlanned(t)
	if len(all) != 144 {
		t.Errorf("the catalogue has %d ids, want 144", len(all))
	}
	deviations := readDeviations(t)
	used := map[string]bool{}
	check := func(id, what, catalogue, here string) {
		key := id + " " + what
		d, listed := deviations[key]
		used[key] = listed
		switch {
		case catalogue == here && listed:
			t.Errorf("docs/rules-left-out.md says that %s differs in %s, and it does not", id, what)
		case catalogue != here && !listed:
			t.Errorf("rule %s: %s is %s, want %s, or a row in docs/rules-left-out.md", id, what, here, catalogue)
		case listed && (d.catalogue != catalogue || d.here != here):
			t.Errorf("docs/rules-left-out.md says of %s, %s: %s and here %s; it is %s and here %s", id, what, d.catalogue, d.here, catalogue, here)
		}
	}
	for _, p := range all {
		r := rules.Get(p.id)
		if r == nil {
			check(p.id, "left out", p.section, "-")
			continue
		}
		check(p.id, "left out", p.section, p.section)
		check(p.id, "severity", p.severity, r.Severity.String())
		check(p.id, "fix", p.fix, fixOf(r))
	}
	for key, d := range deviations {
		if !used[key] {
			t.Errorf("docs/rules-left-out.md: %q is not in the catalogue, or differs in more than that", key)
		}
		if d.why == "" {
			t.Errorf("docs/rules-left-out.md gives no reason for %q", key)
		}
	}
}

func fixOf(r *lint.Rule) string {
	if r.Fix == lint.NoFix {
		return "-"
	}
	return string(r.Fix)
}
