package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/render"
)

// formats are the formats for programs with the golden file of each.
var formats = map[string]string{
	"sarif": "findings.sarif", "junit": "findings-junit.xml", "github": "findings-github.txt", "gitlab": "findings-gitlab.json",
	"checkstyle": "findings-checkstyle.xml", "markdown": "findings.md",
}

// report is the run of findings with more that formats tell apart: a suppressed
// finding, characters of several bytes before a mark, a range over lines, two
// equal findings, text that looks like markup, a file elsewhere.
func report() *render.Report {
	set, r := findings()
	set.Files = append(set.Files, &manifest.File{Name: "clean.yaml"}, &manifest.File{Name: "wide.yaml", Data: []byte("# x\nname: \"käse 🧀\" # end\n")})
	wide := diag.Range{File: "wide.yaml", Start: diag.Position{Line: 2, Column: 14, Byte: 17}, End: diag.Position{Line: 2, Column: 18, Byte: 21}}
	over := diag.Range{File: "wide.yaml", Start: diag.Position{Line: 1, Column: 1, Byte: 0}, End: diag.Position{Line: 2, Column: 5, Byte: 8}}
	r.Diagnostics = append(r.Diagnostics,
		diag.Diagnostic{Rule: "header-value-impossible", Severity: diag.Warning, Message: "cheese: 50%, \r\n<b>&]]> ``` | @all", Hint: "a,b: c", Range: wide, Profile: "spec,other"},
		diag.Diagnostic{Rule: "unknown-field", Severity: diag.Info, Message: "over lines", Range: over, Profile: "spec,other"},
		diag.Diagnostic{Rule: "unknown-field", Severity: diag.Info, Message: "over lines", Range: over, Profile: "spec,other"},
		diag.Diagnostic{Rule: "file-too-large", Severity: diag.Error, Message: "too large", Range: diag.Range{File: "/elsewhere/big file.yaml"}},
	)
	r.Suppressed = []lint.Suppressed{{
		Diagnostic: diag.Diagnostic{Rule: "hostname-case", Severity: diag.Warning, Message: "not shown", Range: at("cart.yaml", 3, 9, 13), Profile: "spec,other"},
		Reason:     "we know: \"it\" <stays>", By: at("cart.yaml", 2, 1, 9),
	}}
	rule := func(id string, s diag.Severity) *lint.Rule {
		return &lint.Rule{ID: id, Summary: "summary of " + id, Section: lint.SchemaSection, Severity: s, Since: "0.1"}
	}
	return &render.Report{
		Set: set, Result: r, Version: "v1", Root: "/work",
		Rules: []*lint.Rule{rule("hostname-case", diag.Warning), rule("unused", diag.Error), rule("unknown-field", diag.Error)},
		Page: func(id string) (string, error) {
			if id == "hostname-case" {
				return "", errors.New("no page")
			}
			return "# " + id + "\n\nA <page>.\n", nil
		},
		Fails: func(s diag.Severity) bool { return s >= diag.Error },
	}
}

func TestLintFormats(t *testing.T) {
	names := render.LintFormats()
	if names[0] != "text" || len(names) != len(formats)+2 {
		t.Fatalf("formats are %v: the test knows %d beside text and json", names, len(formats))
	}
	for name, file := range formats {
		t.Run(name, func(t *testing.T) {
			r := report()
			got := text(t, func(w io.Writer) error { return render.Lint(w, name, r, render.Options{Color: true}) })
			golden.Compare(t, filepath.Join("testdata", "lint", file), got)
			for what, bad := range map[string]string{"data of a Secret": "c2VjcmV0", "an escape sequence": "\x1b", "the folder of the run": "/work"} {
				if strings.Contains(got, bad) {
					t.Errorf("the output shows %s", what)
				}
			}
			set, result := clean()
			r.Set, r.Result = set, result
			again := text(t, func(w io.Writer) error { return render.Lint(w, name, r, render.Options{}) })
			golden.Compare(t, filepath.Join("testdata", "lint", strings.Replace(file, "findings", "clean", 1)), again)
		})
	}
}

// githubLine is a workflow command: ::NAME KEY=VALUE,…::DATA.
var githubLine = regexp.MustCompile(`^::(error|warning|notice) ([^:]*)::(.*)$`)

// unescape undoes what GitHub's runner undoes, in its order.
func unescape(text string, property bool) string {
	if property {
		text = strings.NewReplacer("%3A", ":", "%2C", ",").Replace(text)
	}
	return strings.ReplaceAll(strings.NewReplacer("%0D", "\r", "%0A", "\n").Replace(text), "%25", "%")
}

func TestGitHubLinesAreReadBack(t *testing.T) {
	r := report()
	r.Result.Diagnostics[0].Range.File = "a,b:c%2C.yaml"
	got := text(t, func(w io.Writer) error { return render.LintGitHub(w, r) })
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) != len(r.Result.Diagnostics) {
		t.Fatalf("%d lines for %d findings", len(lines), len(r.Result.Diagnostics))
	}
	for i, line := range lines {
		d := &r.Result.Diagnostics[i]
		m := githubLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("not a workflow command: %q", line)
		}
		properties := map[string]string{}
		for p := range strings.SplitSeq(m[2], ",") {
			key, value, ok := strings.Cut(p, "=")
			if !ok {
				t.Errorf("%q is no property", p)
			}
			properties[key] = unescape(value, true)
		}
		if properties["file"] != d.Range.File || properties["title"] != "grpcroute "+d.Rule {
			t.Errorf("finding %d has %v", i, properties)
		}
		message, _, _ := strings.Cut(unescape(m[3], false), "\n")
		if want := strings.Map(printable, d.Message); message != want {
			t.Errorf("message %q, want %q", message, want)
		}
		if _, ok := properties["col"]; ok && d.Range.End.Line != d.Range.Start.Line {
			t.Errorf("finding %d has columns and goes over lines", i)
		}
	}
}

// printable is what rendering makes of the characters of these tests.
func printable(r rune) rune {
	switch r {
	case '\x1b':
		return '\ufffd'
	case '\r', '\n':
		return ' '
	}
	return r
}

func TestGitHubSaysWhatItDoesNotShow(t *testing.T) {
	r := report()
	for range 12 {
		r.Result.Diagnostics = append(r.Result.Diagnostics, r.Result.Diagnostics[1])
	}
	got := text(t, func(w io.Writer) error { return render.LintGitHub(w, r) })
	if !strings.Contains(got, "\nGitHub shows 10 of the 16 errors of this step") || strings.Contains(got, "warnings of this step") {
		t.Errorf("the log does not say what GitHub leaves out:\n%s", got)
	}
}

func TestGitLabIssuesAreComplete(t *testing.T) {
	r := report()
	var issues []struct {
		Description, Fingerprint, Severity string
		CheckName                          string `json:"check_name"`
		Location                           struct {
			Path  string
			Lines struct{ Begin, End int }
		}
	}
	if err := json.Unmarshal([]byte(text(t, func(w io.Writer) error { return render.LintGitLab(w, r) })), &issues); err != nil {
		t.Fatal(err)
	}
	if len(issues) != len(r.Result.Diagnostics) {
		t.Errorf("%d issues for %d findings", len(issues), len(r.Result.Diagnostics))
	}
	seen := map[string]bool{}
	for _, i := range issues {
		if seen[i.Fingerprint] || i.Fingerprint == "" {
			t.Errorf("fingerprint %q is not one of its own", i.Fingerprint)
		}
		seen[i.Fingerprint] = true
		known := slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, i.Severity)
		if !known || i.Description == "" || i.CheckName == "" || i.Location.Path == "" || i.Location.Lines.Begin < 1 || i.Location.Lines.End < i.Location.Lines.Begin {
			t.Errorf("incomplete: %+v", i)
		}
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	r := report()
	one := r.Result.Diagnostics[5]
	for i := range 3000 {
		one.Message = fmt.Sprintf("finding %d %s", i, strings.Repeat("🧀|", 40))
		r.Result.Diagnostics = append(r.Result.Diagnostics, one)
	}
	got := text(t, func(w io.Writer) error { return render.LintMarkdown(w, r) })
	if len(got) > 65_536 || len(got) < 50_000 {
		t.Errorf("%d bytes, want at most 65536 and not much less", len(got))
	}
	if strings.Count(got, "<details>") != strings.Count(got, "</details>") || strings.Count(got, "<details>") < 5 {
		t.Errorf("%d details begin, %d end", strings.Count(got, "<details>"), strings.Count(got, "</details>"))
	}
	last := regexp.MustCompile(`Left out, for the length that a comment may have: (\d+) of 3009 rows of the table, the details of (\d+) of 3009 findings\.`)
	if !last.MatchString(got) {
		t.Errorf("it does not say what is left out: %q", got[max(0, len(got)-300):])
	}
}

func TestMilderFindingsPassInJUnit(t *testing.T) {
	r := report()
	r.Fails = func(diag.Severity) bool { return false }
	got := text(t, func(w io.Writer) error { return render.LintJUnit(w, r) })
	if strings.Contains(got, "<failure") || !bytes.Contains([]byte(got), []byte(`failures="0"`)) {
		t.Errorf("a run that nothing fails has failures:\n%s", got)
	}
}
