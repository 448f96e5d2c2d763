package cmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/spf13/cobra"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	Streams  *Streams
	Command  string
	Args     []string
	Input    inputOptions
	Output   outputOptions
	Profiles []string
	Traffic  string
	FailOn   []string
	Budget   time.Duration
}

func newDiffCmd(s *Streams, run func(*diffOptions) error) *cobra.Command {
	o := &diffOptions{Streams: s}
	if run == nil {
		run = runDiff
	}
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Prove which calls are treated differently by two sets of manifests",
		Long: `Compare what happens to every possible call before and after a change. Each
difference is a region: which hosts, services, methods and headers, from what to
what, with a call that shows it. No difference means that there is none.

OLD and NEW are files, folders, - for standard input, or revisions of the git
repository around the current folder, read without touching the work tree:

  grpcroute diff main..HEAD -f deploy/      two revisions, only what is in deploy/
  grpcroute diff main...HEAD                from where HEAD left main
  grpcroute diff main deploy/               deploy/ as it is in main, and as it is now

A path that exists wins over a revision of the same name; refs/heads/NAME is
always the revision. Without -f a revision is read like the path it is compared
with, and two revisions are read whole.

With --profiles the same manifests (-f or arguments) are compared under several
implementations, the first with each of the others. Exits with 1 on differences
of --fail-on, and, unless that is none, when something could not be decided.`,
		Example: "  grpcroute diff examples/change/before.yaml examples/change/after.yaml\n" +
			"  grpcroute diff -o markdown --fail-on lost,moved examples/change/before.yaml examples/change/after.yaml\n" +
			"  grpcroute diff --traffic examples/change/access.log examples/change/before.yaml examples/change/after.yaml\n" +
			"  grpcroute diff --profiles " + profile.All[0].Name + "," + profile.All[1].Name + " examples/shop",
		RunE: func(c *cobra.Command, args []string) error {
			o.Command, o.Args = c.CommandPath(), args
			return run(o)
		},
	}
	o.Input.addFlags(c)
	o.Output.addFlags(c, "text", "json", "markdown")
	o.Output.addVolume(c, "print summary lines only", "print more")
	f := c.Flags()
	f.StringSliceVar(&o.Profiles, "profiles", nil, "compare the manifests under these `implementations`: "+strings.Join(profileNames()[1:], ", "))
	f.StringVar(&o.Traffic, "traffic", "", "compare only the calls of an access log, `file` or - : JSON lines, or Envoy's default format")
	f.StringSliceVar(&o.FailOn, "fail-on", []string{"any"}, "`changes` that make the exit code 1: any, none, "+strings.Join(changeNames(), ", "))
	f.DurationVar(&o.Budget, "budget", prove.DefaultBudget.Time, "`time` for each proof; what it does not allow to decide is said to be unknown")
	_ = c.RegisterFlagCompletionFunc("profiles", cobra.FixedCompletions(profileNames()[1:], cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
	_ = c.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(failures(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func changeNames() []string {
	var names []string
	for _, c := range simulate.Changes {
		names = append(names, string(c))
	}
	return names
}

// failures are the values of --fail-on.
func failures() []string { return append([]string{"any", "none"}, changeNames()...) }

func runDiff(o *diffOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	pairs, unread := o.sides()
	if pairs == nil {
		return unread
	}
	calls, err := o.calls(pairs)
	if err != nil {
		return err
	}
	diffs, err := o.compare(pairs, calls)
	if err != nil {
		return err
	}
	switch err := errors.Join(written(o.write(diffs)), unread, badManifests(pairs)); {
	case err != nil:
		return err
	case slices.ContainsFunc(diffs, o.fails):
		return errFindings
	}
	return nil
}

// check refuses flags that contradict each other.
func (o *diffOptions) check() error {
	for _, v := range o.FailOn {
		if err := oneOf("--fail-on", v, failures()); err != nil {
			return err
		}
		if (v == "any" || v == "none") && len(o.FailOn) > 1 {
			return usagef("--fail-on %s: %q stands alone", strings.Join(o.FailOn, ","), v)
		}
	}
	for i, v := range o.Profiles {
		if err := oneOf("--profiles", v, profileNames()[1:]); err != nil {
			return err
		}
		if slices.Contains(o.Profiles[:i], v) {
			return usagef("--profiles: %q comes twice", v)
		}
	}
	switch {
	case o.Profiles != nil && len(o.Profiles) < 2:
		return usagef("--profiles: name at least two implementations, with commas between them")
	case o.Profiles != nil && o.Input.Profile != autoProfile:
		return usagef("--profile and --profiles: give one of the two")
	case o.Budget <= 0:
		return usagef("--budget %v: a proof needs some time, as in --budget 10s", o.Budget)
	}
	return o.checkStdin()
}

func (o *diffOptions) checkStdin() error {
	readers := 0
	for _, name := range append(append([]string{o.Traffic}, o.Args...), o.Input.Files...) {
		if name == "-" {
			readers++
		}
	}
	switch {
	case readers > 1:
		return usagef("- is named %d times: standard input can be read once", readers)
	case o.Traffic == "-" && interactive(o.Streams.In):
		return usagef("standard input is a terminal: pipe the access log into it")
	}
	return nil
}

// oneOf refuses a value of a list flag that is none of the allowed.
func oneOf(flag, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	if near := lint.Nearest(value, allowed); near != "" {
		return usagef("%s: unknown value %q: did you mean %q?", flag, value, near)
	}
	return usagef("%s: unknown value %q: expected some of %s", flag, value, strings.Join(allowed, ", "))
}

// compare proves the pairs one after the other. An interrupt ends the proof, not
// the process, so that the terminal is left in order.
func (o *diffOptions) compare(pairs [][2]*diffSide, calls *simulate.Traffic) ([]*simulate.Diff, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var out []*simulate.Diff
	for _, pair := range pairs {
		show := progressOf(o.Streams, "comparing")
		options := simulate.CompareOptions{Budget: prove.Budget{Time: o.Budget}, Progress: show}
		if calls != nil {
			options.Calls = calls.Calls
		}
		d, err := simulate.CompareTables(ctx, pair[0].tables, pair[1].tables, options)
		if show != nil {
			show(1, 1)
		}
		if err != nil {
			return nil, errors.New("interrupted: the comparison was not finished")
		}
		d.Old, d.New = pair[0].side, pair[1].side
		d.Unknown = slices.Concat(d.Unknown, pair[0].unread, pair[1].unread)
		for _, s := range pair {
			for _, note := range s.notes {
				if !slices.Contains(d.Notes, note) {
					d.Notes = append(d.Notes, note)
				}
			}
		}
		if calls != nil {
			d.Notes = append(d.Notes, trafficNotes(calls)...)
		}
		out = append(out, d)
	}
	return out, nil
}

func (o *diffOptions) write(ds []*simulate.Diff) error {
	switch o.Output.Format {
	case "json":
		return render.DiffJSON(o.Streams.Out, ds)
	case "markdown":
		return render.DiffMarkdown(o.Streams.Out, ds)
	}
	return render.DiffText(o.Streams.Out, ds, o.Output.text(o.Streams))
}

// fails reports whether a comparison is a reason for exit code 1.
func (o *diffOptions) fails(d *simulate.Diff) bool {
	switch o.FailOn[0] {
	case "none":
		return false
	case "any":
		return !d.Equal()
	}
	return len(d.Unknown) > 0 || slices.ContainsFunc(d.Regions, func(r simulate.DiffRegion) bool {
		return slices.Contains(o.FailOn, string(r.Change))
	})
}
