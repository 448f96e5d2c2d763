package cmd

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/grpcroute/grpcroute/config"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lintOptions are the flags of lint.
type lintOptions struct {
	Streams  *Streams
	Command  string // as the user typed it
	Input    inputOptions
	API      descriptorOptions
	Output   outputOptions
	Outputs  lintOutputs // -o
	FailOn   string
	Rules    []string
	Skip     []string
	Strict   bool // --strict-docs
	Advice   bool
	Fixes    fixOptions
	Baseline baselineOptions
	Changed  string
}

// thresholds are the values of --fail-on.
var thresholds = config.Values("fail-on")

func newLintCmd(s *Streams, run func(*lintOptions) error) *cobra.Command {
	o := &lintOptions{Streams: s}
	if run == nil {
		run = runLint
	}
	c := &cobra.Command{
		Use:     "lint PATH...",
		Aliases: []string{"validate"},
		Short:   "Find mistakes in manifests",
		Long: `Check Gateway API manifests: would the API server take them, will the controller
accept them, and do they do what their author thinks. Paths are files, folders
or - for standard input. With --proto or --descriptor-set, services and methods
are checked by name. Exits with 1 when a finding is at or above --fail-on.

Settings of a repository stand in .grpcroute.yaml (see grpcroute init). A comment
"# grpcroute:ignore RULE reason" suppresses what a rule finds there.`,
		Example: `  grpcroute lint examples/shop
  grpcroute lint --assume absent --fail-on warning examples/shop
  grpcroute lint -v --baseline examples/configured/known.json examples/shop
  grpcroute lint -q --diff examples/shop
  cat examples/shop/orders.yaml | grpcroute lint -q --fix -
  grpcroute lint --proto examples/proto examples/shop
  cat examples/shop/*.yaml | grpcroute lint -o json -`,
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			o.Input.Files = append(o.Input.Files, args...)
			return run(o)
		},
	}
	o.Input.addFlags(c)
	o.API.addFlags(c)
	o.API.addBackendFlags(c)
	o.addOutputs(c)
	o.Output.addVolume(c, "print findings only, no summary", "print more: the API server's own messages, what was not looked at")
	addEnum(c, &o.FailOn, "fail-on", "", thresholds, "least severity that makes the exit code 1")
	f := c.Flags()
	f.StringSliceVar(&o.Rules, "rule", nil, "run only the rule of this `id`; may be repeated")
	f.StringSliceVar(&o.Skip, "skip", nil, "do not run the rule of this `id`; may be repeated")
	f.BoolVar(&o.Strict, "strict-docs", false, "what a document demands and its code does not enforce is an error")
	o.Fixes.addFlags(c)
	f.BoolVar(&o.Advice, "advice", false, "run the rules, too, that give advice healthy manifests would get as well")
	o.Baseline.addFlags(c)
	f.StringVar(&o.Changed, "changed", "", "show only what the change since this git `revision` can have caused")
	for _, name := range []string{"rule", "skip"} {
		_ = c.RegisterFlagCompletionFunc(name, completeRules) // fails only for a flag that does not exist
	}
	return c
}

func runLint(o *lintOptions) error {
	if err := o.configure(); err != nil {
		return err
	}
	if err := o.prepareFix(); err != nil {
		return err
	}
	set, result, options, unread, err := o.find()
	if err != nil {
		return err
	}
	if o.Baseline.Write && unread != nil {
		return unread
	}
	var hidden asides
	if hidden.known, err = o.withBaseline(set, result); err != nil || o.Baseline.Write {
		return err
	}
	if hidden.change, err = o.withChange(set, result, options); err != nil {
		return err
	}
	if unread == nil && !o.Output.Quiet && result.Objects == 0 && len(result.Diagnostics) == 0 {
		fmt.Fprintln(o.Streams.Err, nothingToCheck(set))
	}
	switch {
	case o.Fixes.wanted() && unread == nil:
		return o.runFix(set, result, options, hidden)
	case o.Fixes.wanted():
		fmt.Fprintln(o.Streams.Err, "nothing is edited: what an edit changes cannot be proven while a part of the input was not read")
	}
	if err := o.write(o.report(set, result), true); err != nil {
		return err
	}
	if unread != nil {
		return unread
	}
	if o.fails(result.Diagnostics) {
		return errFindings
	}
	return nil
}

// find reads the input and runs the rules. What could not be read is an error
// beside the result.
func (o *lintOptions) find() (set *manifest.Set, result *lint.Result, options lint.Options, unread, err error) {
	reading, err := lint.NewReading(o.Input.GatewayAPI, o.Input.Channel)
	if err != nil {
		return nil, nil, options, nil, usage(err)
	}
	o.Input.Watch = func(m *manifest.Options) { o.watch(reading, m) }
	if set, unread = o.Input.load(o.Streams, o.Command); set == nil {
		return nil, nil, options, nil, unread
	}
	if options, err = o.options(set); err != nil {
		return nil, nil, options, nil, err
	}
	result, err = lint.RunRead(set, reading, rules.All, options)
	switch changed := (*lint.ReadError)(nil); {
	case errors.As(err, &changed):
		return nil, nil, options, nil, err
	case err != nil:
		return nil, nil, options, nil, usage(err)
	}
	return set, result, options, unread, nil
}

// watch lets a lint see objects while they are read. Edits and --changed need every
// object to the end, so that for them nothing is let go.
func (o *lintOptions) watch(reading *lint.Reading, m *manifest.Options) {
	reading.Watch(m)
	if o.Fixes.wanted() || o.Changed != "" {
		m.Shelve = nil
		return
	}
	var large sync.Once
	shelve := m.Shelve
	m.Shelve = func(d *manifest.Document, object metav1.Object) (int, bool) {
		large.Do(collectGroups)
		return shelve(d, object)
	}
}

// options reads what else the rules go by. What is wrong with it, and with the
// choice of rules and versions, is the command line's.
func (o *lintOptions) options(set *manifest.Set) (lint.Options, error) {
	p, err := o.Input.profileFor(set)
	if err != nil {
		return lint.Options{}, err
	}
	services, err := o.API.load(o.Streams, &o.Input)
	if err != nil {
		return lint.Options{}, err
	}
	backends, err := o.API.loadBackends(&o.Input)
	if err != nil {
		return lint.Options{}, err
	}
	return o.withRules(lint.Options{
		Profile: p, GatewayAPI: o.Input.GatewayAPI, Channel: o.Input.Channel, Assume: o.Input.assume(),
		TunnelProtocol: o.Input.tunnel(), StrictDocs: o.Strict, Advice: o.Advice, Rules: o.Rules, Skip: o.Skip,
		Descriptors: services, BackendDescriptors: backends, Progress: progressOf(o.Streams, "looking at routes"),
	}), nil
}

// nothingToCheck says what was in the input instead.
func nothingToCheck(set *manifest.Set) string {
	if list := kinds(set); list != "" {
		return "nothing to check: the input holds no Gateway API object, only " + list
	}
	return "nothing to check: the input holds no Kubernetes object"
}

// written names the work that failed when a result could not be written.
func written(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write the result: %w", err)
}

// fails reports whether a finding is at or above the threshold.
func (o *lintOptions) fails(found diag.List) bool {
	return slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return o.failsAt(d.Severity) })
}
