package rules_test

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
)

// example is one YAML block of a page. A comment on the line before it holds the
// options that it is linted with, "<!-- lint --assume=absent -->", or says why a
// page cannot hold a real one, "<!-- not run: REASON -->".
// Blocks of Protocol Buffers on the page are files for --proto, called api.proto
// unless their fence says otherwise.
type example struct {
	options, yaml string
	protos        map[string]string
}

var (
	heading = regexp.MustCompile(`(?m)^## (.*)$`)
	fence   = regexp.MustCompile("(?ms)^(?:<!-- ((?:lint|not run:)[^\n]*) -->\n+)?```yaml\n(.*?)^```$")
	api     = regexp.MustCompile("(?ms)^```protobuf ?([a-z.]*)\n(.*?)^```$")
)

// examples returns the YAML blocks under each heading of a page.
func examples(page string) map[string][]example {
	out := map[string][]example{}
	protos := map[string]string{}
	for _, m := range api.FindAllStringSubmatch(page, -1) {
		protos[cmp.Or(m[1], "api.proto")] = m[2]
	}
	at := heading.FindAllStringSubmatchIndex(page, -1)
	for i, h := range at {
		end := len(page)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		for _, m := range fence.FindAllStringSubmatch(page[h[1]:end], -1) {
			out[page[h[2]:h[3]]] = append(out[page[h[2]:h[3]]], example{m[1], m[2], protos})
		}
	}
	return out
}

// TestPages holds every page to its own examples: the rule finds something in
// the bad one and nothing in the good one.
func TestPages(t *testing.T) {
	for _, r := range rules.All {
		t.Run(r.ID, func(t *testing.T) {
			page, err := rules.Page(r.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(page, "# "+r.ID+"\n") {
				t.Errorf("the page does not begin with %q", "# "+r.ID)
			}
			for _, h := range []string{"Why it matters", "How to fix", "Sources"} {
				if !strings.Contains(page, "\n## "+h+"\n") {
					t.Errorf("the page lacks a section %q", h)
				}
			}
			if r.OptIn != strings.Contains(page, "--advice") {
				t.Errorf("the rule's OptIn is %v, and the page has to speak of --advice accordingly", r.OptIn)
			}
			blocks := examples(page)
			if len(blocks["Bad"]) != 1 || len(blocks["Good"]) != 1 {
				t.Fatalf("the page has %d bad and %d good examples, want one of each", len(blocks["Bad"]), len(blocks["Good"]))
			}
			bad := blocks["Bad"][0]
			if !strings.HasPrefix(bad.options, "not run:") && len(findings(t, r, bad)) == 0 {
				t.Error("the rule finds nothing in the bad example")
			}
			for _, d := range findings(t, r, blocks["Good"][0]) {
				t.Errorf("the rule finds something in the good example: %s: %s", d.Range, d.Message)
			}
		})
	}
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if id := strings.ReplaceAll(strings.TrimSuffix(file, ".md"), "_", "-"); rules.Get(id) == nil {
			t.Errorf("%s is the page of no rule", file)
		}
	}
}

// findings returns what a rule finds in an example and checks the findings' form.
func findings(t *testing.T, r *lint.Rule, e example) diag.List {
	t.Helper()
	o := exampleOptions(t, e)
	o.Advice = o.Advice || r.OptIn
	var out diag.List
	for _, d := range lintText(t, e.yaml, o) {
		if d.Rule != r.ID {
			continue
		}
		out = append(out, d)
		if wrong := style(d.Message); wrong != "" {
			t.Errorf("message %q %s", d.Message, wrong)
		}
		if d.Range.Start.Line == 0 {
			t.Errorf("finding %q has no position", d.Message)
		}
		if d.Profile == "" {
			t.Errorf("finding %q has no profile", d.Message)
		}
	}
	return out
}

// exampleOptions reads the options of an example with its .proto files.
func exampleOptions(t *testing.T, e example) lint.Options {
	t.Helper()
	o, _ := options(t, e.options)
	dir := t.TempDir()
	for name, text := range e.protos {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	readProtos(t, e.options, dir, &o)
	return o
}
