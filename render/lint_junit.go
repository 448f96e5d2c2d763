package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// The JUnit report as Jenkins, GitLab and others read it.
type junitReport struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Skipped *junitSkipped `xml:"skipped"`
	Failure *junitFailure `xml:"failure"`
	Out     *junitText    `xml:"system-out"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}

type junitText struct {
	Text string `xml:",cdata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr,omitempty"`
}

// LintJUnit writes a run as a JUnit report: a suite for each file and a test case
// for each finding. What fails the run is a failure; milder findings pass, with
// their text as output; suppressed ones are skipped. A file without findings is a
// suite with one test case that passes.
func LintJUnit(w io.Writer, r *Report) error {
	out := junitReport{Name: "grpcroute lint", Time: "0"}
	s := newSources(r.Set)
	for _, f := range r.byFile() {
		path, _ := r.path(f.name)
		suite := junitSuite{Name: path, Time: "0"}
		for _, d := range f.found {
			c := junitCase{Name: caseName(d), Class: path, Time: "0"}
			if text := r.textOf(s, d); r.Fails(d.Severity) {
				c.Failure = &junitFailure{plain(d.Message), d.Severity.String(), text}
				suite.Failures++
			} else {
				c.Out = &junitText{text}
			}
			suite.Cases = append(suite.Cases, c)
		}
		for _, hidden := range f.suppressed {
			suite.Cases = append(suite.Cases, junitCase{
				Name: caseName(&hidden.Diagnostic), Class: path, Time: "0", Skipped: &junitSkipped{"suppressed: " + plain(hidden.Reason)},
			})
			suite.Skipped++
		}
		if suite.Cases == nil {
			suite.Cases = []junitCase{{Name: "no findings", Class: path, Time: "0"}}
		}
		suite.Tests = len(suite.Cases)
		out.Tests += suite.Tests
		out.Failures += suite.Failures
		out.Suites = append(out.Suites, suite)
	}
	return encodeXML(w, out)
}

// caseName tells the findings of a file apart.
func caseName(d *diag.Diagnostic) string {
	name := d.Rule
	if d.Range.Start.Line > 0 {
		name += fmt.Sprintf(" at %d:%d", d.Range.Start.Line, d.Range.Start.Column)
	}
	if d.Object.Kind != "" {
		name += ", " + d.Object.String()
	}
	return plain(strings.TrimSpace(name))
}

// encodeXML writes an XML document with a newline at the end.
func encodeXML(w io.Writer, v any) error {
	text, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}
