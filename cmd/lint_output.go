package cmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/render"
	"github.com/spf13/cobra"
)

// lintOutput is one place that a result is written to.
type lintOutput struct {
	Format string
	File   string // "" for the standard output
}

// lintOutputs is the flag --output of lint: FORMAT or FORMAT=FILE, repeatable.
// None is text to the standard output.
type lintOutputs []lintOutput

// addOutputs adds the flags that say how lint writes its result.
func (o *lintOptions) addOutputs(c *cobra.Command) {
	formats := render.LintFormats()
	c.Flags().VarP(&o.Outputs, "output", "o", "output `format`, or FORMAT=FILE; may be repeated: "+strings.Join(formats, ", "))
	_ = c.RegisterFlagCompletionFunc("output", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return formats, cobra.ShellCompDirectiveNoFileComp
	}) // fails only for a flag that does not exist
	addColor(c, &o.Output.Color)
}

// String returns the value as it is typed.
func (l *lintOutputs) String() string {
	var out []string
	for _, o := range *l {
		text := o.Format
		if o.File != "" {
			text += "=" + o.File
		}
		out = append(out, text)
	}
	if out == nil {
		return "text"
	}
	return strings.Join(out, ",")
}

// Type stands for the value in help.
func (l *lintOutputs) Type() string { return "format" }

// Set takes one more output.
func (l *lintOutputs) Set(text string) error {
	format, file, named := strings.Cut(text, "=")
	formats := render.LintFormats()
	if !slices.Contains(formats, format) {
		if near := lint.Nearest(format, formats); near != "" {
			return fmt.Errorf("did you mean %q? expected one of %s", near, strings.Join(formats, ", "))
		}
		return fmt.Errorf("expected one of %s", strings.Join(formats, ", "))
	}
	switch {
	case named && file == "":
		return fmt.Errorf("a file is missing after %q", format+"=")
	case file == "-":
		file = ""
	}
	for _, o := range *l {
		switch {
		case o.File == "" && file == "":
			return fmt.Errorf("%s goes to the standard output already: give one of the two a file, as in %s=FILE", o.Format, format)
		case o.File != "" && file != "" && samePlace(o.File, file):
			return fmt.Errorf("%s is written to %s already: give each format a file of its own", o.Format, o.File)
		}
	}
	*l = append(*l, lintOutput{format, file})
	return nil
}

// samePlace reports whether two paths name one file, as far as they show.
func samePlace(a, b string) bool {
	x, err := filepath.Abs(a)
	y, err2 := filepath.Abs(b)
	return err == nil && err2 == nil && x == y
}

// all returns the outputs, also when no flag names any.
func (l lintOutputs) all() lintOutputs {
	if len(l) == 0 {
		return lintOutputs{{Format: "text"}}
	}
	return l
}

// standard returns the format that the standard output gets; "" for none.
func (l lintOutputs) standard() string {
	for _, o := range l.all() {
		if o.File == "" {
			return o.Format
		}
	}
	return ""
}

// report is a result to be written.
func (o *lintOptions) report(set *manifest.Set, result *lint.Result) *render.Report {
	root, err := os.Getwd()
	if err != nil {
		root = "" // paths stay as they are
	}
	return &render.Report{
		Set: set, Result: result, Version: versionOf().Version, Root: root, Rules: rules.All, Page: rules.Page,
		Fails: o.failsAt,
	}
}

// write writes a report to every output, to the standard one only if it is free
// for it. Files are complete or not there.
func (o *lintOptions) write(report *render.Report, standard bool) error {
	text := o.Output.text(o.Streams)
	for _, out := range o.Outputs.all() {
		if out.File == "" && !standard {
			continue
		}
		if out.File == "" {
			if err := render.Lint(o.Streams.Out, out.Format, report, text); err != nil {
				return written(err)
			}
			continue
		}
		var b bytes.Buffer
		plain := render.Options{Quiet: text.Quiet, Verbose: text.Verbose}
		if err := render.Lint(&b, out.Format, report, plain); err != nil {
			return written(err)
		}
		if err := replaceFile(out.File, b.Bytes()); err != nil {
			return fmt.Errorf("write the result as %s: %w", out.Format, err)
		}
	}
	return nil
}

// failsAt reports whether a severity is at or above the threshold.
func (o *lintOptions) failsAt(s diag.Severity) bool {
	least, err := diag.ParseSeverity(o.FailOn)
	return err == nil && s >= least
}
