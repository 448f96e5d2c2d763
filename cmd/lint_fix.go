package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/fix"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/render"
	"github.com/spf13/cobra"
)

// fixOptions are the flags of lint that edit manifests.
type fixOptions struct {
	Fix    string
	Diff   bool
	Grants string
	Stdin  *bytes.Buffer // what was read from standard input, to be written again
}

// The values of --fix.
const (
	noFix    = "off"
	autoFix  = "auto"
	offerFix = "offer"
)

// stdinName is what a file read from standard input is called.
const stdinName = "<stdin>"

func (o *fixOptions) addFlags(c *cobra.Command) {
	addEnum(c, &o.Fix, "fix", "", []string{noFix, autoFix, offerFix}, "edit findings away in the files; offer makes the edits, too, whose meaning is for you to judge")
	f := c.Flags()
	f.Lookup("fix").NoOptDefVal = autoFix
	f.BoolVar(&o.Diff, "diff", false, "print what --fix would change as a unified diff, and write nothing")
	f.BoolVar(&o.Diff, "dry-run", false, "the same as --diff")
	f.StringVar(&o.Grants, "grants", "", "write the ReferenceGrants that are missing to this `file`, behind what it holds")
	_ = c.MarkFlagFilename("grants", "yaml", "yml") // fails only for a flag that does not exist
}

// wanted reports whether anything is to be edited.
func (o *fixOptions) wanted() bool { return o.Fix != noFix || o.Diff || o.Grants != "" }

// prepare checks the flags and keeps what comes from standard input.
func (o *lintOptions) prepareFix() error {
	f := &o.Fixes
	if !f.wanted() {
		return nil
	}
	if f.Diff && f.Fix == noFix && f.Grants == "" {
		f.Fix = autoFix
	}
	format, free := o.Outputs.standard(), []string{"", "text"}
	stdin := slices.Contains(o.Input.Files, "-")
	for _, value := range []string{autoFix, offerFix} {
		if _, err := os.Stat(value); err != nil && f.Fix == autoFix && slices.Contains(o.Input.Files, value) {
			return usagef("--fix %s: write --fix=%s, there is no file of that name", value, value)
		}
	}
	switch {
	case o.Baseline.Write:
		return usagef("--write-baseline and --fix: a baseline is written of what stands there; edit first, or leave out one of the two")
	case f.Diff && !slices.Contains(free, format):
		return usagef("--diff prints a diff, which is no %s: leave out one of the two, or write -o %s=FILE", format, format)
	case stdin && !f.Diff && !slices.Contains(free, format):
		return usagef("the edited text of standard input is printed, which leaves no place for %s: use --diff, name files, or write -o %s=FILE", format, format)
	case f.Grants != "" && !manifest.IsManifestName(f.Grants) || filepath.Ext(f.Grants) == ".json":
		return usagef("--grants %s: expected a file that ends in .yaml or .yml", f.Grants)
	}
	f.Stdin = new(bytes.Buffer)
	if stdin && o.Streams.In != nil && !interactive(o.Streams.In) {
		s := *o.Streams
		s.In = io.TeeReader(o.Streams.In, f.Stdin)
		o.Streams = &s
	}
	return nil
}

// runFix edits, writes and reports.
func (o *lintOptions) runFix(set *manifest.Set, result *lint.Result, options lint.Options, hidden asides) error {
	f := &o.Fixes
	grants, held, err := f.grantsFile(set)
	if err != nil {
		return err
	}
	out, err := fix.Run(context.Background(), set, result, fix.Options{
		Rules: rules.All, Lint: options, Read: manifest.Options{Namespace: o.Input.Namespace},
		Edit: f.Fix != noFix, Offer: f.Fix == offerFix, Grants: grants, GrantsText: held, Hide: hidden.hide,
	})
	if err != nil {
		return usage(err)
	}
	if !f.Diff {
		if err := replaceFiles(out.Files); err != nil {
			return err
		}
	}
	if err := o.reportFix(out); err != nil {
		return err
	}
	if o.fails(out.Result.Diagnostics) {
		return errFindings
	}
	return nil
}

// grantsFile returns the file for missing grants, by the name that the input knows
// it by, and what it holds.
func (o *fixOptions) grantsFile(set *manifest.Set) (name string, held []byte, err error) {
	if o.Grants == "" {
		return "", nil, nil
	}
	name = filepath.Clean(o.Grants)
	held, err = os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return name, nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %w", name, unwrapped(err))
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %w", name, unwrapped(err))
	}
	for _, file := range set.Files {
		if other, err := os.Stat(file.Name); err == nil && os.SameFile(info, other) {
			return file.Name, held, nil
		}
	}
	return name, held, nil
}

// reportFix writes what was done and what is left. With --diff, and when the
// edited text of standard input is printed, they take the standard output.
func (o *lintOptions) reportFix(out *fix.Outcome) error {
	s := o.Streams
	text := o.Output.text(s)
	standard := false // whether the standard output is free for what is left
	switch {
	case o.Fixes.Diff:
		for _, c := range out.Files {
			if err := render.Unified(s.Out, c.Name, c.Old, c.New, text); err != nil {
				return written(err)
			}
		}
	case slices.Contains(o.Input.Files, "-"):
		edited := o.Fixes.Stdin.Bytes()
		for _, c := range out.Files {
			if c.Name == stdinName {
				edited = c.New
			}
		}
		if _, err := s.Out.Write(edited); err != nil {
			return written(err)
		}
	default:
		standard = true
	}
	left := o.report(out.Set, out.Result)
	left.Fixed = out
	if err := o.write(left, standard); err != nil {
		return err
	}
	if standard && o.Outputs.standard() == "json" {
		return nil // it says all that the notes would
	}
	notes := render.For(s.Err, o.Output.Color, s.Env)
	notes.Quiet, notes.Verbose = o.Output.Quiet, o.Output.Verbose
	if !o.Fixes.Diff && slices.Contains(o.Input.Files, "-") {
		if err := render.LintText(s.Err, out.Set, out.Result, notes); err != nil {
			return written(err)
		}
	}
	return written(render.FixText(s.Err, out, o.Fixes.Diff, notes))
}

// replaceFiles writes files when none of them has changed since it was read.
func replaceFiles(files []fix.Changed) error {
	files = slices.DeleteFunc(slices.Clone(files), func(c fix.Changed) bool { return c.Name == stdinName })
	for _, c := range files {
		if err := unchanged(c); err != nil {
			return err
		}
	}
	for _, c := range files {
		if err := replaceFile(c.Name, c.New); err != nil {
			return fmt.Errorf("write %s: %w", c.Name, unwrapped(err))
		}
	}
	return nil
}

// unchanged returns an error when a file is not what was read.
func unchanged(c fix.Changed) error {
	now, err := os.ReadFile(c.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && c.Old == nil:
		return nil
	case err != nil:
		return fmt.Errorf("write %s: %w", c.Name, unwrapped(err))
	case !bytes.Equal(now, c.Old):
		return fmt.Errorf("write %s: the file has changed since it was read: run the command again", c.Name)
	}
	return nil
}

// unwrapped leaves out the name of the system call and of the file.
func unwrapped(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
