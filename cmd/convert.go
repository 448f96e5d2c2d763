package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/lint/fix"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/spf13/cobra"
)

// convertOptions are the flags of convert.
type convertOptions struct {
	Streams *Streams
	Command string
	Input   inputOptions
	Output  outputOptions
	Routes  []string
	Write   bool
	Diff    bool
	Lossy   bool
	Budget  time.Duration
	stdin   bytes.Buffer
}

func newConvertCmd(s *Streams, run func(*convertOptions) error) *cobra.Command {
	o := &convertOptions{Streams: s}
	if run == nil {
		run = runConvert
	}
	c := &cobra.Command{
		Use:   "convert [PATH...]",
		Short: "Turn HTTPRoutes that carry gRPC calls into GRPCRoutes",
		Long: `Convert HTTPRoutes with paths of gRPC calls, as /shop.Users/Get, into GRPCRoutes. A
route is converted only when it is proven that no gRPC call is treated in another
way; otherwise it stays, and standard error says which field or which calls stand
against it. ReferenceGrants in the input that let the HTTPRoutes in are extended.
Comments, order and quotes of the manifests stay.

Printed are the documents that changed, or all of standard input with -. With
--write the files are edited. Requests that are not gRPC, as a GET for one of the
paths, are not looked at, and no GRPCRoute takes them.

Exits with 1 when a route was not converted, or when calls change.`,
		Example: "  grpcroute convert -q examples/migrate\n" +
			"  grpcroute convert -q --diff --route shop/users examples/migrate\n" +
			"  grpcroute convert -o json --lossy examples/migrate",
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			o.Input.Files = append(o.Input.Files, args...)
			return run(o)
		},
	}
	o.Input.addFlags(c)
	o.Output.addFlags(c, "yaml", "json")
	c.Flags().Lookup("output").Usage = "yaml prints what changed, json a report: yaml, json"
	o.Output.addVolume(c, "say nothing on standard error", "name the routes that were converted, too")
	f := c.Flags()
	f.StringSliceVar(&o.Routes, "route", nil, "convert this HTTPRoute, `NS/NAME`, whatever its paths are; may be repeated")
	f.BoolVarP(&o.Write, "write", "w", false, "edit the files instead of printing what changed")
	f.BoolVar(&o.Diff, "diff", false, "print a unified diff instead of what changed")
	f.BoolVar(&o.Lossy, "lossy", false, "convert, too, where calls change or a field is lost, and say which")
	f.DurationVar(&o.Budget, "budget", prove.DefaultBudget.Time, "`time` for each proof; routes for which it does not suffice stay")
	return c
}

func runConvert(o *convertOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if slices.Contains(o.Input.Files, "-") && o.Streams.In != nil && !interactive(o.Streams.In) {
		s := *o.Streams
		s.In = io.TeeReader(o.Streams.In, &o.stdin)
		o.Streams = &s
	}
	o.Input.Unread = true
	set, unread := o.Input.load(o.Streams, o.Command)
	if set == nil {
		return unread
	}
	// What could not be read might take the same calls.
	if err := errors.Join(unread, problems(set), brokenRoutes(set)); err != nil {
		return err
	}
	options, err := o.options(set)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out, err := convert.Run(ctx, set, options)
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted: nothing was converted")
	case err != nil:
		return usage(err)
	}
	if err := o.write(out); err != nil {
		return err
	}
	if slices.ContainsFunc(out.Routes, func(r *convert.Route) bool { return r.New == nil || len(r.Changes)+len(r.Unknown) > 0 }) {
		return errFindings
	}
	return nil
}

// check refuses flags that contradict each other.
func (o *convertOptions) check() error {
	json, stdin := o.Output.Format == "json", slices.Contains(o.Input.Files, "-")
	switch {
	case o.Write && o.Diff:
		return usagef("--write and --diff: give one of the two")
	case json && o.Diff:
		return usagef("--diff prints a diff, which is no json: leave out one of the two")
	case o.Write && stdin:
		return usagef("--write edits files, and standard input is none: leave it out, and the edited text is printed")
	case o.Budget <= 0:
		return usagef("--budget %v: a proof needs some time, as in --budget 10s", o.Budget)
	}
	for _, name := range o.Routes {
		if ns, base, ok := strings.Cut(name, "/"); !ok || ns == "" || base == "" || strings.Contains(base, "/") {
			return usagef("--route %s: expected NS/NAME, as in --route shop/users", name)
		}
	}
	return nil
}

// brokenRoutes says which routes have a value that does not fit its field.
func brokenRoutes(set *manifest.Set) error {
	var errs []error
	for _, doc := range set.Broken {
		if doc.Ref.Kind == "HTTPRoute" || doc.Ref.Kind == "GRPCRoute" || doc.Ref.Kind == "Gateway" {
			errs = append(errs, fmt.Errorf("read %s: %s: %w: `grpcroute lint` says where", doc.Range("kind"), doc.Ref, doc.DecodeError))
		}
	}
	return errors.Join(errs...)
}

// options work out what Run is to know.
func (o *convertOptions) options(set *manifest.Set) (convert.Options, error) {
	server, err := admission.New(o.Input.GatewayAPI, o.Input.Channel)
	if err != nil {
		return convert.Options{}, usage(err)
	}
	p, err := o.Input.profileFor(set)
	if err != nil {
		return convert.Options{}, err
	}
	profiles := []*profile.Profile{p}
	if p == nil {
		profiles = topology.Profiles(set)
	}
	return convert.Options{
		Profiles: profiles, Auto: p == nil, Assume: o.Input.assume(), TunnelProtocol: o.Input.tunnel(),
		Only: o.Routes, Lossy: o.Lossy, Server: server, Budget: prove.Budget{Time: o.Budget},
	}, nil
}

// write puts the result where it is wanted.
func (o *convertOptions) write(out *convert.Result) error {
	s := o.Streams
	if o.Write {
		var files []fix.Changed
		for _, c := range out.Files {
			files = append(files, fix.Changed(c))
		}
		if err := replaceFiles(files); err != nil {
			return err
		}
	}
	var err error
	switch {
	case o.Output.Format == "json":
		err = render.ConvertJSON(s.Out, out)
	case o.Diff:
		for _, c := range out.Files {
			err = errors.Join(err, render.Unified(s.Out, c.Name, c.Old, c.New, o.Output.text(s)))
		}
	case o.Write:
	case slices.Contains(o.Input.Files, "-"):
		text := o.stdin.Bytes()
		for _, c := range out.Files {
			if c.Name == stdinName {
				text = c.New
			}
		}
		_, err = s.Out.Write(text)
	default:
		_, err = s.Out.Write(convert.Documents(out))
	}
	if err != nil || o.Output.Quiet || o.Output.Format == "json" {
		return written(err)
	}
	notes := render.For(s.Err, o.Output.Color, s.Env)
	notes.Verbose = o.Output.Verbose
	return written(render.ConvertText(s.Err, out, !o.Write, notes))
}
