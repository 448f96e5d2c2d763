package render

import (
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

// lintReport is the grpcroute.lint/v1 contract. Fields may be added to a
// version, never removed or given another meaning.
type lintReport struct {
	Schema      string              `json:"schema"`
	Profile     string              `json:"profile"` // several joined with ","
	Diagnostics []finding           `json:"diagnostics"`
	Suppressed  []suppressedFinding `json:"suppressed,omitempty"`
	Summary     findingCounts       `json:"summary"`
	Fixed       *fixedJSON          `json:"fixed,omitempty"` // of lint --fix, since 0.2
}

type finding struct {
	Rule      string `json:"rule"`
	Severity  string `json:"severity"`
	Source    string `json:"source"`
	Certainty string `json:"certainty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Admission string `json:"admission,omitempty"` // the API server's own text
	span
	Object  *objectRef    `json:"object,omitempty"`
	Field   string        `json:"field,omitempty"`
	Profile string        `json:"profile,omitempty"`
	Related []relatedSpan `json:"related,omitempty"`
	Witness *witness      `json:"witness,omitempty"`
	Fix     *fixJSON      `json:"fix,omitempty"` // since 0.2
}

type relatedSpan struct {
	Message string `json:"message"`
	span
}

type findingCounts struct {
	Files    int `json:"files"`
	Objects  int `json:"objects"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
	// Findings that are not among the diagnostics.
	Suppressed int `json:"suppressed,omitempty"`
	Baseline   int `json:"baseline,omitempty"`   // known to the baseline
	Unaffected int `json:"unaffected,omitempty"` // by the change of --changed
	Elsewhere  int `json:"elsewhere,omitempty"`  // in files read for resolution only
}

// LintJSON writes the findings of a run as grpcroute.lint/v1.
func LintJSON(w io.Writer, set *manifest.Set, r *lint.Result) error {
	return encode(w, lintReportOf(set, r))
}

func lintReportOf(set *manifest.Set, r *lint.Result) lintReport {
	out := lintReport{
		Schema:      "grpcroute.lint/v1",
		Profile:     strings.Join(profileNames(r), ","),
		Diagnostics: make([]finding, 0, len(r.Diagnostics)),
		Suppressed:  suppressedOf(r),
		Summary:     countsOf(set, r),
	}
	for i := range r.Diagnostics {
		out.Diagnostics = append(out.Diagnostics, findingOf(&r.Diagnostics[i]))
	}
	return out
}

func findingOf(d *diag.Diagnostic) finding {
	source := d.Source
	if source == "" {
		source = diag.Semantic
	}
	f := finding{
		Rule: d.Rule, Severity: d.Severity.String(), Source: string(source), Certainty: d.Certainty.String(),
		Message: d.Message, Hint: d.Hint, Admission: d.Admission,
		span: spanOf(d.Range), Object: objectOf(d.Object), Field: d.Field, Profile: d.Profile, Witness: witnessOf(d.Witness),
	}
	for _, r := range d.Related {
		f.Related = append(f.Related, relatedSpan{r.Message, spanOf(r.Range)})
	}
	f.Fix = fixOf(d.Fix)
	return f
}

func countsOf(set *manifest.Set, r *lint.Result) findingCounts {
	return findingCounts{
		Files: len(set.Files), Objects: r.Objects,
		Errors: r.Diagnostics.Count(diag.Error), Warnings: r.Diagnostics.Count(diag.Warning), Infos: r.Diagnostics.Count(diag.Info),
		Suppressed: len(r.Suppressed), Baseline: r.Known, Unaffected: r.Unaffected, Elsewhere: r.Elsewhere,
	}
}

func profileNames(r *lint.Result) []string {
	names := make([]string, len(r.Profiles))
	for i, p := range r.Profiles {
		names[i] = p.Name
	}
	return names
}
