package rules_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/fix"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzRules lints any text: no rule panics on objects that an API server would
// refuse, each finding speaks of the input, and a second run says the same.
func FuzzRules(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string, complete bool) {
		o := lint.Options{Advice: true}
		if complete {
			o.Assume = topology.AssumeAbsent
		}
		first := messages(t, text, o)
		if second := messages(t, text, o); second != first {
			t.Errorf("two runs differ:\n%s\n---\n%s", first, second)
		}
	})
}

// messages lints a text and checks the form of what is found.
func messages(t *testing.T, text string, o lint.Options) string {
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := lint.Run(set, rules.All, o)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, d := range result.Diagnostics {
		if d.Rule == "" || d.Message == "" || d.Range.File == "" {
			t.Errorf("incomplete finding %+v", d)
		}
		b.WriteString(d.Range.String() + " " + d.Rule + " " + d.Message + "\n")
	}
	return b.String()
}

// seeds adds the golden cases.
func seeds(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(cases, "*", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) > 8<<10 {
			continue
		}
		var texts []string
		for _, file := range txtar.Parse(data).Files {
			if file.Name != "want" {
				texts = append(texts, string(file.Data))
			}
		}
		f.Add(strings.Join(texts, "---\n"), true)
	}
}

// FuzzFixes makes every edit that any text gets: what comes out reads no worse,
// and there is nothing left to edit.
func FuzzFixes(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string, complete bool) {
		o := fix.Options{Rules: rules.All, Lint: lint.Options{Advice: true}, Edit: true, Offer: true, Grants: "grants.yaml"}
		if complete {
			o.Lint.Assume = topology.AssumeAbsent
		}
		set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(text)}}, o.Read)
		result, err := lint.Run(set, rules.All, o.Lint)
		if err != nil {
			t.Fatal(err)
		}
		out, err := fix.Run(context.Background(), set, result, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Set.Problems) > len(set.Problems) {
			t.Errorf("the text reads worse: %v", out.Set.Problems)
		}
		again, err := fix.Run(context.Background(), out.Set, out.Result, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Applied) > 0 {
			t.Errorf("fixing twice is not fixing once: %s: %s", again.Applied[0].Finding.Rule, again.Applied[0].Finding.Message)
		}
	})
}
