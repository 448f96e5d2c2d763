package render

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// LintMarkdown writes a run as a comment on a pull request: the counts, a table
// of findings by file, and each finding with its source line folded. It is cut to
// what a comment may hold, and says what is missing.
func LintMarkdown(w io.Writer, r *Report) error {
	c := comment{most: markdownMost}
	c.add(markdownVerdict(r), 0)
	all := r.Result.Diagnostics
	rows := markdownRows(&c, r)
	details := 0
	s := newSources(r.Set)
	for details < len(all) && c.add(r.markdownDetails(s, &all[details]), noteRoom) {
		details++
	}
	var left []string
	if n := len(all); rows < n {
		left = append(left, fmt.Sprintf("%d of %d rows of the table", n-rows, n))
	}
	if n := len(all); details < n {
		left = append(left, fmt.Sprintf("the details of %d of %s", n-details, count(n, "finding")))
	}
	if left != nil {
		c.add(fmt.Sprintf("\nLeft out, for the length that a comment may have: %s. `-o text` and `-o json` show all.\n", strings.Join(left, ", ")), 0)
	}
	_, err := io.WriteString(w, c.String())
	return err
}

// markdownVerdict is the first line.
func markdownVerdict(r *Report) string {
	n := countsOf(r.Set, r.Result)
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{n.Errors, "error"}, {n.Warnings, "warning"}, {n.Infos, "info"}} {
		if p.n > 0 {
			parts = append(parts, count(p.n, p.what))
		}
	}
	if parts == nil {
		parts = []string{"no findings"}
	}
	return fmt.Sprintf("**grpcroute lint**: %s in %s of %s (%s %s)%s\n", strings.Join(parts, ", "), count(n.Objects, "object"), count(n.Files, "file"),
		noun(len(r.Result.Profiles), "profile"), strings.Join(profileNames(r.Result), ", "), aside(r.Result))
}

// markdownRows adds the table, a row for each file and each finding in it, in half
// of the room, and returns how many findings it holds.
func markdownRows(c *comment, r *Report) int {
	rows := 0
	for _, f := range r.byFile() {
		for i, d := range f.found {
			text := markdownRow(d)
			if i == 0 {
				path, _ := r.path(f.name)
				text = fmt.Sprintf("| **%s** | | | |\n", code(path, cellMost)) + text
			}
			if rows == 0 {
				text = "\n| line | severity | finding | rule |\n|---:|---|---|---|\n" + text
			}
			if !c.add(text, markdownMost/2) {
				return rows
			}
			rows++
		}
	}
	return rows
}

func markdownRow(d *diag.Diagnostic) string {
	line := ""
	if d.Range.Start.Line > 0 {
		line = fmt.Sprint(d.Range.Start.Line)
	}
	return fmt.Sprintf("| %s | %s | %s | [%s](%s%s.md) |\n", line, d.Severity, code(d.Message, cellMost), d.Rule, rulePages, strings.ReplaceAll(d.Rule, "-", "_"))
}

// markdownDetails is a finding, folded: HTML up to the blank line, then Markdown.
func (r *Report) markdownDetails(s *sources, d *diag.Diagnostic) string {
	text := clip(strings.TrimRight(r.textOf(s, d), "\n"), detailMost)
	fence := fenceFor(text, 3)
	return fmt.Sprintf("\n<details><summary>%s: <code>%s</code></summary>\n\n%stext\n%s\n%s\n\n</details>\n",
		d.Severity, html.EscapeString(clip(plain(d.Message), cellMost)), fence, text, fence)
}
