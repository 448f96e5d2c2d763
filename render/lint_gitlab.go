package render

import (
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// gitlabIssue is a finding in a Code Quality report of GitLab.
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"` // one of its own for each finding
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end,omitempty"`
}

// gitlabSeverities are the severities in the words of Code Quality, which has
// blocker, critical, major, minor and info.
var gitlabSeverities = map[diag.Severity]string{diag.Info: "info", diag.Warning: "minor", diag.Error: "critical"}

// LintGitLab writes findings as a Code Quality report, a JSON list. A finding
// about a whole file is at line 1, since a line is needed.
func LintGitLab(w io.Writer, r *Report) error {
	out := []gitlabIssue{}
	seen := prints{}
	for i := range r.Result.Diagnostics {
		d := &r.Result.Diagnostics[i]
		path, _ := r.path(d.Range.File)
		out = append(out, gitlabIssue{
			Description: strings.Join(said(d), "\n"), CheckName: d.Rule, Fingerprint: seen.of(d), Severity: gitlabSeverities[d.Severity],
			Location: gitlabLocation{path, gitlabLines{max(1, d.Range.Start.Line), max(1, d.Range.Start.Line, d.Range.End.Line)}},
		})
	}
	return encode(w, out)
}
