package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// githubMost is how many annotations of one kind GitHub shows of a step.
const githubMost = 10

// githubCommands are the workflow commands by severity.
var githubCommands = map[diag.Severity]string{diag.Info: "notice", diag.Warning: "warning", diag.Error: "error"}

// What ends a part of a workflow command is escaped (docs.github.com, workflow
// commands; actions/toolkit, command.ts).
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// LintGitHub writes findings as workflow commands, which GitHub Actions shows as
// annotations at their lines. It shows ten of a kind in a step: when there are
// more, a plain line of the log says so.
func LintGitHub(w io.Writer, r *Report) error {
	var b strings.Builder
	c := characters{newSources(r.Set), codePoints}
	for i := range r.Result.Diagnostics {
		d := &r.Result.Diagnostics[i]
		path, _ := r.path(d.Range.File)
		fmt.Fprintf(&b, "::%s file=%s%s,title=%s::%s\n", githubCommands[d.Severity], githubProperty.Replace(path), githubRange(&c, d),
			githubProperty.Replace("grpcroute "+d.Rule), githubData.Replace(strings.Join(said(d), "\n")))
	}
	for _, s := range []diag.Severity{diag.Error, diag.Warning, diag.Info} {
		if n := r.Result.Diagnostics.Count(s); n > githubMost {
			fmt.Fprintf(&b, "GitHub shows %d of the %s of this step as annotations; add -o text, or upload -o sarif=FILE, to see all\n", githubMost, count(n, s.String()))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// githubRange is a place as properties. GitHub takes columns only for a range
// within one line.
func githubRange(c *characters, d *diag.Diagnostic) string {
	start, end := d.Range.Start, d.Range.End
	switch {
	case start.Line == 0:
		return ""
	case end.Line > start.Line:
		return fmt.Sprintf(",line=%d,endLine=%d", start.Line, end.Line)
	case end.Line < start.Line:
		return fmt.Sprintf(",line=%d,col=%d", start.Line, c.column(d.Range.File, start))
	}
	return fmt.Sprintf(",line=%d,col=%d,endLine=%d,endColumn=%d", start.Line, c.column(d.Range.File, start), end.Line, c.column(d.Range.File, end))
}
