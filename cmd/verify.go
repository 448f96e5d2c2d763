package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/translate/envoy/verify"
	"github.com/spf13/cobra"
)

// verifyOptions are the flags of verify.
type verifyOptions struct {
	Streams   *Streams
	Command   string
	Input     inputOptions
	Output    outputOptions
	Envoy     []string
	Gateway   string
	Listeners []string
	Clusters  []string
	Neutral   []string
	Strict    bool
	Budget    time.Duration
}

func newVerifyCmd(s *Streams, run func(*verifyOptions) error) *cobra.Command {
	o := &verifyOptions{Streams: s}
	if run == nil {
		run = runVerify
	}
	c := &cobra.Command{
		Use:   "verify --envoy FILE [PATH...]",
		Short: "Prove that an Envoy configuration routes as the manifests say",
		Long: `Read what an Envoy was told and prove that it routes every gRPC request as the
manifests say, or show the requests that it does not: which hosts, services, methods
and headers, what should happen to them and what does, with a call of each.

FILE is a bootstrap, a discovery response, a single Listener, RouteConfiguration or
Cluster, or the config_dump of the admin interface, as YAML or JSON; a folder of such
files; or - for standard input. It may be our own or that of any controller.

Envoy listeners belong to ports of Gateways by name or port, clusters to backends by
the names that known controllers give them, or by the DNS names of their endpoints.
--listener and --cluster say what does not follow from that. What cannot be
interpreted is said to be unknown, for the requests that it is about.

Exit codes: 0 when there is no difference; 1 on differences; 2 wrong usage; 3 the work
could not be done; 4 with --strict, when something is unknown and nothing differs.`,
		Example: "  grpcroute verify --envoy examples/verify/envoy.yaml examples/change/after.yaml\n" +
			"  grpcroute verify --envoy examples/verify/drifted.yaml examples/change/after.yaml\n" +
			"  grpcroute translate --to envoy -q examples/change/after.yaml | grpcroute verify --envoy - examples/change/after.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			o.Input.Files = append(o.Input.Files, args...)
			return run(o)
		},
	}
	o.Input.addFlags(c)
	o.Output.addFlags(c, "text", "json")
	o.Output.addVolume(c, "print the summary line only", "print what was compared, too")
	f := c.Flags()
	f.StringArrayVar(&o.Envoy, "envoy", nil, "`file` or folder with the configuration of Envoy, or -; may be repeated")
	_ = c.MarkFlagFilename("envoy", "yaml", "yml", "json") // fails only for a flag that does not exist
	f.StringVar(&o.Gateway, "gateway", "", "compare one Gateway, `NS/NAME`")
	f.StringArrayVar(&o.Listeners, "listener", nil, "port that an Envoy listener or route configuration is for, as `NAME=NS/GATEWAY:PORT`; may be repeated")
	f.StringArrayVar(&o.Clusters, "cluster", nil, "backend that a cluster stands for, as `NAME=NS/SERVICE:PORT`; may be repeated")
	f.StringArrayVar(&o.Neutral, "neutral-filter", nil, "`name` of an HTTP filter that answers no call and changes no route; may be repeated")
	f.BoolVar(&o.Strict, "strict", false, "exit with 4 when something is unknown and nothing differs")
	f.DurationVar(&o.Budget, "budget", prove.DefaultBudget.Time, "`time` for the proof; what it does not allow to decide is said to be unknown")
	return c
}

func runVerify(o *verifyOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.Input.check(o.Streams, o.Command); err != nil {
		return err
	}
	config, err := o.config()
	if err != nil {
		return err
	}
	set, unread := o.Input.load(o.Streams, o.Command)
	if set == nil {
		return unread
	}
	// What could not be read would be missing without a word.
	if err := errors.Join(unread, problems(set)); err != nil {
		return err
	}
	side, err := o.Input.compile(set, o.label())
	if err != nil {
		return err
	}
	options, err := o.options(side, config)
	if err != nil {
		return err
	}
	v, err := o.prove(side, config, options)
	if err != nil {
		return err
	}
	if err := written(o.write(v)); err != nil {
		return err
	}
	switch {
	case len(v.Regions) > 0:
		return errFindings
	case len(v.Unknown) > 0 && o.Strict:
		return errOpen
	}
	return nil
}

// check refuses flags that contradict each other.
func (o *verifyOptions) check() error {
	readers := 0
	for _, name := range slices.Concat(o.Envoy, o.Input.Files) {
		if name == "-" {
			readers++
		}
	}
	switch {
	case len(o.Envoy) == 0:
		return usagef("no Envoy configuration given: name one, as in `%s --envoy config_dump.json manifests/`", o.Command)
	case readers > 1:
		return usagef("- is named %d times: standard input can be read once", readers)
	case slices.Contains(o.Envoy, "-") && interactive(o.Streams.In):
		return usagef("standard input is a terminal: pipe a configuration into it, as in `curl -s localhost:9901/config_dump | %s --envoy - manifests/`", o.Command)
	case o.Budget <= 0:
		return usagef("--budget %v: a proof needs some time, as in --budget 10s", o.Budget)
	}
	return nil
}

// label is what the manifests are called.
func (o *verifyOptions) label() string {
	if len(o.Input.Files) == 1 && o.Input.Files[0] != "-" {
		return o.Input.Files[0]
	}
	return "the input"
}

// prove compares. An interrupt ends the proof, not the process.
func (o *verifyOptions) prove(side *diffSide, config *verify.Config, options verify.Options) (*simulate.Verification, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	options.Budget = prove.Budget{Time: o.Budget}
	options.Progress = progressOf(o.Streams, "comparing")
	report := verify.Compare(ctx, side.tables, config, options)
	if options.Progress != nil {
		options.Progress(1, 1)
	}
	if ctx.Err() != nil {
		return nil, errors.New("interrupted: the comparison was not finished")
	}
	if len(report.Compared) == 0 && len(report.Unknown) == 0 {
		return nil, fmt.Errorf("nothing to compare: no port of a Gateway in %s has a route", side.side.Label)
	}
	v := &simulate.Verification{Domain: verify.Domain, Compared: report.Compared, Settings: report.Settings}
	v.Regions = simulate.DiffRegions(report.Regions, func(r *prove.Region) (diag.Certainty, []string) {
		return verify.Certain(side.tables, r)
	})
	v.Unknown, v.Notes = report.Unknown, slices.Concat(report.Notes, side.notes)
	v.Old = side.side
	if !slices.Contains(o.Input.Files, "-") {
		v.Old.Files = o.Input.Files
	}
	v.New = simulate.DiffSide{Label: strings.Join(o.Envoy, ", "), Files: config.Files}
	if v.New.Label == "-" {
		v.New.Label = "standard input"
	}
	return v, nil
}

func (o *verifyOptions) write(v *simulate.Verification) error {
	if o.Output.Format == "json" {
		return render.VerifyJSON(o.Streams.Out, v)
	}
	return render.VerifyText(o.Streams.Out, v, o.Output.text(o.Streams))
}

// config reads the configuration of Envoy.
func (o *verifyOptions) config() (*verify.Config, error) {
	var files []*manifest.File
	for _, name := range o.Envoy {
		got, err := readConfiguration(name, o.Streams)
		if err != nil {
			return nil, err
		}
		files = append(files, got...)
	}
	return verify.Read(files)
}
