package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/simulate"
)

func TestCodeKeepsForeignTextInert(t *testing.T) {
	for text, want := range map[string]string{
		"a.B":         "`a.B`",
		"a`b":         "``a`b``",
		"`":           "`` ` ``",
		"a|<b>@x":     "<code>a&#124;&#60;b&#62;&#64;x</code>",
		"a\n# b":      "`a # b`",
		"":            "<code></code>",
		"</details>":  "`</details>`",
		"\x1b[31mred": "`\ufffd[31mred`",
	} {
		if got := code(text, 100); got != want {
			t.Errorf("code(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestMarkdownFitsIntoAComment(t *testing.T) {
	d := &simulate.Diff{Old: simulate.DiffSide{Label: "a"}, New: simulate.DiffSide{Label: "b", Files: []string{"b"}}}
	for i := range 2000 {
		d.Regions = append(d.Regions, simulate.DiffRegion{
			Change: simulate.ChangeStatus, Hosts: []string{fmt.Sprintf("h%d.example.com", i)}, Service: "any", Method: strings.Repeat("|", i),
			Witness: diag.Witness{Authority: "h.example.com", Path: "/p.S/M"},
			Old:     &prove.Effect{Answer: &profile.Answer{GRPC: 12, HTTP: 404}}, New: &prove.Effect{Answer: &profile.Answer{GRPC: 14, Source: "no listener"}},
		})
		d.Unknown = append(d.Unknown, fmt.Sprintf("question %d", i))
	}
	for _, ds := range [][]*simulate.Diff{{d}, {d, d, d}} {
		var b strings.Builder
		if err := DiffMarkdown(&b, ds); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if len(text) > markdownMost || strings.Count(text, "Left out, for the length") != len(ds) {
			t.Errorf("%d bytes, want at most %d and a note of what was cut", len(text), markdownMost)
		}
		if strings.Count(text, "<details>") != strings.Count(text, "</details>") {
			t.Error("a fold is left open")
		}
	}
}

func TestExplainCommandIsOneShellCommand(t *testing.T) {
	r := &simulate.DiffRegion{Witness: diag.Witness{Authority: "a.example.com", Path: "/p.$(id)/M;x", Headers: map[string]string{"x": "it's"}}}
	d := &simulate.Diff{New: simulate.DiffSide{Files: []string{"my files"}}}
	want := `grpcroute explain -f 'my files' 'a.example.com/p.$(id)/M;x' -H 'x: it'\''s'`
	if got := explainCommand(d, r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
