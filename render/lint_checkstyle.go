package render

import (
	"encoding/xml"
	"io"
	"strings"
)

// The Checkstyle report: files with errors, in attributes.
type checkstyleReport struct {
	XMLName xml.Name         `xml:"checkstyle"`
	Version string           `xml:"version,attr"`
	Files   []checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string            `xml:"name,attr"`
	Errors []checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr"`
	Column   int    `xml:"column,attr,omitempty"`
	Severity string `xml:"severity,attr"`
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

// LintCheckstyle writes a run as a Checkstyle report. Files without findings are
// in it, empty. Columns count characters. A finding about a whole file is at line 1.
func LintCheckstyle(w io.Writer, r *Report) error {
	out := checkstyleReport{Version: "4.3"}
	c := characters{newSources(r.Set), codePoints}
	for _, f := range r.byFile() {
		path, _ := r.path(f.name)
		file := checkstyleFile{Name: path}
		for _, d := range f.found {
			e := checkstyleError{
				Line: max(1, d.Range.Start.Line), Severity: d.Severity.String(),
				Message: strings.Join(said(d), "\n"), Source: "grpcroute." + d.Rule,
			}
			if d.Range.Start.Line > 0 {
				e.Column = c.column(d.Range.File, d.Range.Start)
			}
			file.Errors = append(file.Errors, e)
		}
		out.Files = append(out.Files, file)
	}
	return encodeXML(w, out)
}
