package render

import (
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// Where users read on; the pages of rules stand beside their code.
const (
	homePage  = "https://github.com/grpcroute/grpcroute"
	rulePages = homePage + "/blob/main/lint/rules/"
)

// sarifLog is SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), as far as it
// is used here.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool            `json:"tool"`
	Invocations []sarifInvocation    `json:"invocations"`
	Bases       map[string]sarifBase `json:"originalUriBaseIds"`
	ColumnKind  string               `json:"columnKind"`
	Results     []sarifResult        `json:"results"`
	Properties  map[string]any       `json:"properties,omitempty"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool `json:"executionSuccessful"`
}

type sarifBase struct {
	Description sarifText `json:"description"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID         string         `json:"id"`
	Short      *sarifText     `json:"shortDescription,omitempty"`
	Help       *sarifText     `json:"help,omitempty"`
	HelpURI    string         `json:"helpUri,omitempty"`
	Default    *sarifDefault  `json:"defaultConfiguration,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
}

type sarifDefault struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifResult struct {
	RuleID       string              `json:"ruleId"`
	RuleIndex    int                 `json:"ruleIndex"`
	Level        string              `json:"level"`
	Message      sarifText           `json:"message"`
	Locations    []sarifLocation     `json:"locations"`
	Related      []sarifLocation     `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string   `json:"partialFingerprints"`
	Fixes        []sarifFix          `json:"fixes,omitempty"`
	Suppressions *[]sarifSuppression `json:"suppressions,omitempty"`
	Properties   map[string]any      `json:"properties"`
}

type sarifSuppression struct {
	Kind          string         `json:"kind"`
	Justification string         `json:"justification,omitempty"`
	Location      *sarifLocation `json:"location,omitempty"`
}

type sarifLocation struct {
	ID       int            `json:"id,omitempty"`
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
	Context  *sarifRegion  `json:"contextRegion,omitempty"`
}

type sarifArtifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int        `json:"startLine"`
	StartColumn int        `json:"startColumn,omitempty"`
	EndLine     int        `json:"endLine,omitempty"`
	EndColumn   int        `json:"endColumn,omitempty"`
	ByteOffset  *int       `json:"byteOffset,omitempty"`
	ByteLength  *int       `json:"byteLength,omitempty"`
	Snippet     *sarifText `json:"snippet,omitempty"`
}

type sarifLogical struct {
	Name string `json:"name,omitempty"`
	Full string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

// sarifLevels are the severities in the words of SARIF.
var sarifLevels = map[diag.Severity]string{diag.Info: "note", diag.Warning: "warning", diag.Error: "error"}

// sarifWriter makes the results of one run.
type sarifWriter struct {
	*Report
	characters
	rules   []sarifRule
	indexes map[string]int
	prints  prints
}

// LintSARIF writes a run as SARIF 2.1.0. Rules are those that a result names, with
// their pages as help. Columns count UTF-16 code units, as editors do; the byte
// offsets are beside them. Findings that the source suppresses are results with a
// suppression.
func LintSARIF(w io.Writer, r *Report) error {
	x := sarifWriter{Report: r, characters: characters{newSources(r.Set), utf16Units}, rules: []sarifRule{}, indexes: map[string]int{}, prints: prints{}}
	results := []sarifResult{}
	for i := range r.Result.Diagnostics {
		results = append(results, x.result(&r.Result.Diagnostics[i]))
	}
	for i := range r.Result.Suppressed {
		s := &r.Result.Suppressed[i]
		result := x.result(&s.Diagnostic)
		at := x.location(&diag.Diagnostic{Range: s.By})
		result.Suppressions = &[]sarifSuppression{{"inSource", validText(s.Reason), &at}}
		results = append(results, result)
	}
	for i := range results { // all results of a run have the property, or none
		if len(r.Result.Suppressed) > 0 && results[i].Suppressions == nil {
			results[i].Suppressions = &[]sarifSuppression{}
		}
	}
	return encode(w, sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:        sarifTool{sarifDriver{"grpcroute", r.Version, homePage, x.rules}},
			Invocations: []sarifInvocation{{true}},
			Bases:       map[string]sarifBase{"SRCROOT": {sarifText{Text: "the folder that grpcroute ran in"}}},
			ColumnKind:  "utf16CodeUnits",
			Results:     results,
			Properties:  x.properties(strings.Join(profileNames(r.Result), ",")),
		}},
	})
}

func (x *sarifWriter) result(d *diag.Diagnostic) sarifResult {
	at := x.location(d)
	if d.Object.Kind != "" {
		full := d.Object.String()
		if d.Field != "" {
			full += " " + d.Field
		}
		at.Logical = []sarifLogical{{validText(d.Object.Name), validText(full), "object"}}
	}
	out := sarifResult{
		RuleID: d.Rule, RuleIndex: x.rule(d.Rule), Level: sarifLevels[d.Severity],
		Message:      sarifText{Text: strings.Join(said(d), "\n")},
		Locations:    []sarifLocation{at},
		Fingerprints: map[string]string{"grpcroute/v1": x.prints.of(d)},
		Fixes:        x.fixes(d.Fix),
		Properties:   map[string]any{"certainty": d.Certainty.String(), "profile": d.Profile, "source": findingOf(d).Source},
	}
	if d.Field != "" {
		out.Properties["field"] = validText(d.Field)
	}
	if d.Witness != nil {
		out.Properties["witness"] = witnessOf(d.Witness)
	}
	for i, rel := range d.Related {
		l := x.location(&diag.Diagnostic{Range: rel.Range})
		l.ID, l.Message = i+1, &sarifText{Text: plain(rel.Message)}
		out.Related = append(out.Related, l)
	}
	return out
}

// rule returns the index of a rule among those of the run.
func (x *sarifWriter) rule(id string) int {
	if i, ok := x.indexes[id]; ok {
		return i
	}
	out := sarifRule{ID: id}
	for _, r := range x.Rules {
		if r.ID != id {
			continue
		}
		out.Short = &sarifText{Text: r.Summary}
		out.HelpURI = rulePages + strings.ReplaceAll(id, "-", "_") + ".md"
		out.Default = &sarifDefault{sarifLevels[r.Severity]}
		out.Properties = map[string]any{"tags": []string{string(r.Section)}, "since": r.Since}
		if page, err := x.Page(id); err == nil {
			out.Help = &sarifText{Text: page, Markdown: page}
		}
	}
	x.indexes[id] = len(x.rules)
	x.rules = append(x.rules, out)
	return x.indexes[id]
}

// location is where a finding stands. The line is shown unless it may hold the
// data of a Secret.
func (x *sarifWriter) location(d *diag.Diagnostic) sarifLocation {
	out := sarifLocation{Physical: sarifPhysical{Artifact: x.artifact(d.Range.File)}}
	start, end := d.Range.Start, d.Range.End
	if start.Line == 0 {
		return out
	}
	out.Physical.Region = x.region(d.Range)
	if line, ok := x.sources.line(d.Range.File, start.Line); ok && end.Line == start.Line && !x.sources.private(d) {
		out.Physical.Context = &sarifRegion{StartLine: start.Line, Snippet: &sarifText{Text: validText(line)}}
	}
	return out
}
