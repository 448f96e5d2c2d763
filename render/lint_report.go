package render

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/fix"
	"github.com/grpcroute/grpcroute/manifest"
)

// Report is a lint run as it is written for other programs.
type Report struct {
	Set     *manifest.Set
	Result  *lint.Result
	Version string // of the tool
	// Root is the folder that the tool ran in, as an absolute path. Paths inside it
	// are written relative to it, which for CI systems is the top of the checkout.
	Root  string
	Rules []*lint.Rule
	Page  func(id string) (string, error) // of a rule, Markdown
	// Fails reports whether a severity fails the run.
	Fails func(diag.Severity) bool
	Fixed *fix.Outcome // of lint --fix, whose Set and Result these are; else nil
}

// lintFormats are the formats of a [Report] by name.
var lintFormats = []struct {
	name  string
	write func(io.Writer, *Report) error
}{
	{"json", lintOrFixJSON},
	{"sarif", LintSARIF}, {"junit", LintJUnit}, {"github", LintGitHub}, {"gitlab", LintGitLab},
	{"checkstyle", LintCheckstyle}, {"markdown", LintMarkdown},
}

// lintOrFixJSON writes grpcroute.lint/v1, with what was edited if anything was to be.
func lintOrFixJSON(w io.Writer, r *Report) error {
	if r.Fixed != nil {
		return FixJSON(w, r.Fixed)
	}
	return LintJSON(w, r.Set, r.Result)
}

// LintFormats lists the formats of lint, the default first.
func LintFormats() []string {
	names := []string{"text"}
	for _, f := range lintFormats {
		names = append(names, f.name)
	}
	return names
}

// Lint writes a run in one of [LintFormats]. The options are those of text, the
// only format that heeds them.
func Lint(w io.Writer, format string, r *Report, o Options) error {
	for _, f := range lintFormats {
		if f.name == format {
			return f.write(w, r)
		}
	}
	return LintText(w, r.Set, r.Result, o)
}

// path returns a file as reports name it: relative to the root where it is inside,
// with slashes. inside is false for a file elsewhere, whose path stays as it is.
func (r *Report) path(file string) (path string, inside bool) {
	if file == "<stdin>" {
		return "stdin", true
	}
	if r.Root != "" && (filepath.IsAbs(file) || strings.HasPrefix(filepath.ToSlash(file), "../")) {
		abs := file
		if !filepath.IsAbs(file) {
			abs = filepath.Join(r.Root, file)
		}
		rel, err := filepath.Rel(r.Root, abs)
		if err != nil || rel == ".." || strings.HasPrefix(filepath.ToSlash(rel), "../") {
			return validText(filepath.ToSlash(abs)), false
		}
		file = rel
	}
	return validText(filepath.ToSlash(file)), !filepath.IsAbs(file)
}

// uri returns a file as a reference relative to the root, or an absolute one.
func (r *Report) uri(file string) (uri string, inside bool) {
	path, inside := r.path(file)
	if inside {
		return (&url.URL{Path: path}).String(), true
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	return (&url.URL{Scheme: "file", Path: path}).String(), false
}

// characters translates the byte columns of ranges.
type characters struct {
	sources *sources
	units   func(r rune) int
}

func utf16Units(r rune) int { return max(1, utf16.RuneLen(r)) }
func codePoints(rune) int   { return 1 }

// column returns a column in characters, counted from 1.
func (c *characters) column(file string, at diag.Position) int {
	line, ok := c.sources.line(file, at.Line)
	if !ok {
		return at.Column
	}
	end := min(max(at.Column-1, 0), len(line))
	n := at.Column - end // past the end of the line, as for a missing value
	for i := 0; i < end; {
		r, size := utf8.DecodeRuneInString(line[i:])
		n += c.units(r)
		i += size
	}
	return n
}

// said is what a finding says beside where it is, line by line: the message, what
// to do, the API server's own text where it says more, a call that shows it.
func said(d *diag.Diagnostic) []string {
	lines := []string{plain(d.Message)}
	if d.Hint != "" {
		lines = append(lines, "hint: "+plain(d.Hint))
	}
	if d.Admission != "" && tellsMore(d) {
		lines = append(lines, "API server: "+plain(d.Admission))
	}
	if d.Witness != nil {
		lines = append(lines, "call: "+plain(callOf(d.Witness)))
	}
	return lines
}

// textOf is a finding as text output has it, without colour.
func (r *Report) textOf(s *sources, d *diag.Diagnostic) string {
	p := lintPrinter{sources: s, profiles: profileNames(r.Result)}
	p.finding(d)
	return p.String()
}

// fileFindings are the findings about one file.
type fileFindings struct {
	name       string
	found      []*diag.Diagnostic
	suppressed []*lint.Suppressed
}

// byFile returns every file that was checked, with its findings: first those that
// were read, in their order, then those that could not be.
func (r *Report) byFile() []*fileFindings {
	var out []*fileFindings
	index := map[string]*fileFindings{}
	of := func(name string) *fileFindings {
		f := index[name]
		if f == nil {
			f = &fileFindings{name: name}
			index[name] = f
			out = append(out, f)
		}
		return f
	}
	for _, f := range r.Set.Files {
		if !f.Resource {
			of(f.Name)
		}
	}
	for i := range r.Result.Diagnostics {
		d := &r.Result.Diagnostics[i]
		f := of(d.Range.File)
		f.found = append(f.found, d)
	}
	for i := range r.Result.Suppressed {
		s := &r.Result.Suppressed[i]
		f := of(s.Range.File)
		f.suppressed = append(f.suppressed, s)
	}
	return out
}

// prints gives each finding of a run a fingerprint of its own: of equal ones all
// but the first have a number behind it.
type prints map[string]int

func (p prints) of(d *diag.Diagnostic) string {
	print := lint.Fingerprint(*d)
	if p[print]++; p[print] > 1 {
		return fmt.Sprintf("%s-%d", print, p[print])
	}
	return print
}
