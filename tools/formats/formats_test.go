// Package formats_test lets the readers that CI systems use judge what `grpcroute
// lint` writes: the SARIF schema as OASIS publishes it, a JUnit parser, a
// Checkstyle parser. It is a module of its own, so that the tool does not depend
// on them.
package formats_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/phayes/checkstyle"
	"github.com/xeipuuv/gojsonschema"
)

const top = "../.."

// awkward is a manifest whose findings hold what formats escape: characters of
// several bytes, markup, quotes, a suppressed finding, a Secret.
const awkward = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: "käse", namespace: shop}
spec:
  hostnames: ["UPPER.example.com"]
  rules:
  - matches:
    - method: {service: "a<b>&\"]]>", method: "größe"}
      # grpcroute:ignore unknown-field we know <this> & "that"
      metod: {x: 1}
    backendRefs: [{name: "Bad_Name%", port: 99999}]
---
kind: Secret
data:
  key: [c2VjcmV0
`

// run builds the tool, lets it lint examples and the awkward manifest, and
// returns what it wrote in a format.
func run(t *testing.T, format string) []byte {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "grpcroute")
	build := exec.Command("go", "build", "-o", bin, "./cmd/grpcroute")
	build.Dir = top
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	file := filepath.Join(dir, "awkward näme.yaml")
	if err := os.WriteFile(file, []byte(awkward), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(bin, "lint", "--assume", "absent", "--advice", "-o", format, "examples", file)
	c.Dir = top
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("grpcroute lint -o %s: %v, want exit code 1\n%s", format, err, stderr.String())
	}
	if bytes.Contains(out, []byte("c2VjcmV0")) {
		t.Errorf("%s shows data of a Secret", format)
	}
	return out
}

// golden reads what the tests of package render hold for right.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(top, "render", "testdata", "lint", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// schema returns the text of the SARIF schema, which the library has in a constant
// that it does not export.
func schema(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(out)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > len(text) {
			text = lit.Value
		}
		return true
	})
	if text, err = strconv.Unquote(text); err != nil || !strings.Contains(text, "(SARIF) Version 2.1.0") {
		t.Fatalf("the SARIF schema is not where it was: %v", err)
	}
	return text
}

func TestSARIF(t *testing.T) {
	s, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(schema(t)))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"run": run(t, "sarif"), "findings": golden(t, "findings.sarif"), "clean": golden(t, "clean.sarif"),
	} {
		result, err := s.Validate(gojsonschema.NewBytesLoader(data))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range result.Errors() {
			t.Errorf("%s: %s", name, e)
		}
		log, err := sarif.FromBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range log.Runs[0].Results {
			if rules := log.Runs[0].Tool.Driver.Rules; int(r.RuleIndex) >= len(rules) || *rules[r.RuleIndex].ID != *r.RuleID {
				t.Errorf("%s: result %d of rule %s has index %d of another", name, i, *r.RuleID, r.RuleIndex)
			}
		}
	}
	broken := bytes.Replace(golden(t, "findings.sarif"), []byte(`"level": "note"`), []byte(`"level": "info"`), 1)
	if result, err := s.Validate(gojsonschema.NewBytesLoader(broken)); err != nil || result.Valid() {
		t.Errorf("the schema takes a level that SARIF does not have: %v", err)
	}
}

func TestJUnit(t *testing.T) {
	for name, data := range map[string][]byte{"run": run(t, "junit"), "findings": golden(t, "findings-junit.xml"), "clean": golden(t, "clean-junit.xml")} {
		suites, err := junit.Ingest(data)
		if err != nil {
			t.Fatal(err)
		}
		var all junit.Totals
		for i := range suites {
			before := suites[i].Totals
			suites[i].Aggregate()
			if now := suites[i].Totals; now.Tests == 0 || before != now && before != (junit.Totals{}) {
				t.Errorf("%s: suite %s counts %+v, has %+v", name, suites[i].Name, before, now)
			}
			all.Tests += suites[i].Totals.Tests
			all.Failed += suites[i].Totals.Failed
			all.Skipped += suites[i].Totals.Skipped
			for _, c := range suites[i].Tests {
				if c.Status == junit.StatusFailed && (c.Message == "" || !strings.Contains(c.Error.Error(), c.Message)) {
					t.Errorf("%s: the failure %q has no text: %v", name, c.Name, c.Error)
				}
			}
		}
		clean := name == "clean"
		if all.Tests == 0 || (all.Failed == 0) != clean || (all.Skipped == 0) != clean {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

func TestCheckstyle(t *testing.T) {
	for name, data := range map[string][]byte{
		"run": run(t, "checkstyle"), "findings": golden(t, "findings-checkstyle.xml"), "clean": golden(t, "clean-checkstyle.xml"),
	} {
		report := checkstyle.New()
		if err := xml.Unmarshal(data, report); err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, f := range report.File {
			found += len(f.Error)
			for _, e := range f.Error {
				known := e.Severity == checkstyle.SeverityError || e.Severity == checkstyle.SeverityWarning || e.Severity == checkstyle.SeverityInfo
				if !known || e.Line < 1 || e.Message == "" || !strings.HasPrefix(e.Source, "grpcroute.") {
					t.Errorf("%s: %s: incomplete: %+v", name, f.Name, e)
				}
			}
		}
		if len(report.File) == 0 || (found == 0) != (name == "clean") {
			t.Errorf("%s: %d errors in %d files", name, found, len(report.File))
		}
	}
}
