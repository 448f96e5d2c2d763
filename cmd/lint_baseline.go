package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/spf13/cobra"
)

// baselineOptions say which findings are known.
type baselineOptions struct {
	File  string
	Write bool
}

func (o *baselineOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.File, "baseline", "", "`file` with known findings, which are not shown and do not fail; '' for none")
	_ = c.MarkFlagFilename("baseline", "json") // fails only for a flag that does not exist
	f.BoolVar(&o.Write, "write-baseline", false, "write all findings to the file of --baseline instead of showing them")
}

// withBaseline takes known findings out of the result and returns them, or writes
// the file.
func (o *lintOptions) withBaseline(set *manifest.Set, r *lint.Result) (*lint.Baseline, error) {
	b, s := &o.Baseline, o.Streams
	switch {
	case b.Write && b.File == "":
		return nil, usagef("--write-baseline: say where to, as in --baseline grpcroute-baseline.json, or with the key baseline of the configuration")
	case b.Write && o.Changed != "":
		return nil, usagef("--write-baseline and --changed: a baseline holds all findings; give one of the two")
	case b.Write:
		return nil, o.writeBaseline(r)
	case b.File == "":
		return nil, nil
	}
	data, err := os.ReadFile(b.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the baseline: there is no %s; --write-baseline writes it", b.File)
	}
	if err != nil {
		return nil, fmt.Errorf("read the baseline: %w", err)
	}
	known, err := lint.ParseBaseline(b.File, data)
	if err != nil {
		return nil, err
	}
	gone := known.Filter(r, set)
	if o.Output.Quiet {
		return known, nil
	}
	if gone.Fixed > 0 {
		fmt.Fprintf(s.Err, "%d %s of the baseline %s gone: rewrite it with --write-baseline\n", gone.Fixed, plural(gone.Fixed, "entry", "entries"), plural(gone.Fixed, "is", "are"))
	}
	if gone.Absent > 0 && o.Output.Verbose {
		fmt.Fprintf(s.Err, "%d %s of the baseline %s about what is not in the input\n", gone.Absent, plural(gone.Absent, "entry", "entries"), plural(gone.Absent, "is", "are"))
	}
	return known, nil
}

// asides are what a run does not show: what is known, and what a change cannot
// have caused. Each may be nil.
type asides struct {
	known  *lint.Baseline
	change *lint.Difference
}

// hide takes both out of the result of a later run, on edited text.
func (a asides) hide(set *manifest.Set, r *lint.Result) {
	if a.known != nil {
		a.known.Filter(r, set)
	}
	if a.change != nil {
		a.change.In(set).Filter(r)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (o *lintOptions) writeBaseline(r *lint.Result) error {
	text, err := lint.NewBaseline(r.Diagnostics).Encode()
	if err == nil {
		err = replaceFile(o.Baseline.File, text)
	}
	if err != nil {
		return fmt.Errorf("write the baseline: %w", err)
	}
	if n := len(r.Diagnostics); !o.Output.Quiet {
		fmt.Fprintf(o.Streams.Err, "wrote %d %s to %s\n", n, plural(n, "finding", "findings"), o.Baseline.File)
	}
	return nil
}

// replaceFile writes a file beside its place and moves it there, so that nobody
// sees half of it. What is no file (a pipe, /dev/null) is written to, not replaced.
func replaceFile(path string, data []byte) error { return replace(path, data, 0o777) }

// replaceSecret is replaceFile for what only the file's owner may read.
func replaceSecret(path string, data []byte) error { return replace(path, data, 0o600) }

// replace gives the file no permission that most lacks.
func replace(path string, data []byte, most fs.FileMode) error {
	mode := 0o644 & most
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() && !info.IsDir() {
			return writeInto(path, data)
		}
		mode = info.Mode().Perm() & most
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// writeInto writes to what is there.
func writeInto(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
