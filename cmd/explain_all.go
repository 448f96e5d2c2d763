package cmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

// errUnknown ends a command whose question could not be decided.
var errUnknown = errors.New("not everything could be decided: a longer --budget may help")

// prove answers --all-regions and --why-not.
func (o *explainOptions) prove(tables []*routing.Table) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	work := prove.Options{Budget: prove.Budget{Time: o.Budget}, Progress: progressOf(o.Streams, "proving")}
	if o.All {
		return o.regions(ctx, tables, work)
	}
	x, err := simulate.WhyNotRule(ctx, tables, o.WhyNot, work)
	if err != nil {
		return usage(err)
	}
	if o.Output.Format == "json" {
		err = render.WhyNotJSON(o.Streams.Out, x)
	} else {
		err = render.WhyNotText(o.Streams.Out, x, o.Output.text(o.Streams))
	}
	if err != nil {
		return written(err)
	}
	state := prove.Unreachable
	for _, v := range x.Verdicts {
		switch v.State {
		case prove.Reachable:
			return nil
		case prove.Undecided:
			state = prove.Undecided
		}
	}
	if state == prove.Undecided {
		return errors.New("whether a call can reach the rule is not known")
	}
	return errFindings
}

// regions prints the regions of the host that the argument names, all hosts'
// without one.
func (o *explainOptions) regions(ctx context.Context, tables []*routing.Table, work prove.Options) error {
	c := o.Call
	if c.Authority == "" {
		c.Authority = strings.TrimSuffix(c.Target, "/")
	}
	p := simulate.Regions(ctx, tables, c, work)
	if len(p.Groups) == 0 && len(p.Unknown) == 0 && c.Authority != "" {
		return usagef("no route answers for host %q: `grpcroute explain --all-regions` without a host lists all", c.Authority)
	}
	var err error
	if o.Output.Format == "json" {
		err = render.RegionsJSON(o.Streams.Out, p)
	} else {
		err = render.RegionsText(o.Streams.Out, p, o.Output.text(o.Streams))
	}
	switch {
	case err != nil:
		return written(err)
	case len(p.Unknown) > 0:
		return errUnknown
	}
	return nil
}
