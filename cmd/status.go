package cmd

import (
	"errors"
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/spf13/cobra"
)

// statusOptions are the flags of status.
type statusOptions struct {
	Streams *Streams
	Command string
	Input   inputOptions
	Output  outputOptions
	Check   bool
}

func newStatusCmd(s *Streams, run func(*statusOptions) error) *cobra.Command {
	o := &statusOptions{Streams: s}
	if run == nil {
		run = runStatus
	}
	c := &cobra.Command{
		Use:   "status [PATH...]",
		Short: "Predict the conditions that controllers will write",
		Long: `Predict the status conditions of GRPCRoutes, Gateways and listeners, each with how
certain it is and the field that caused it. With -o yaml: status stanzas ready to
paste.`,
		Example: `  grpcroute status examples/shop
  grpcroute status -f examples/shop -o yaml
  grpcroute status --check examples/shop`,
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			o.Input.Files = append(o.Input.Files, args...)
			return run(o)
		},
	}
	o.Input.addFlags(c)
	o.Output.addFlags(c, "text", "json", "yaml")
	o.Output.addVolume(c, "print nothing but the result", "print every condition's message")
	c.Flags().BoolVar(&o.Check, "check", false, "exit with 1 when a route is refused")
	return c
}

func runStatus(o *statusOptions) error {
	s := o.Streams
	set, unread := o.Input.load(s, o.Command)
	if set == nil {
		return unread
	}
	topologies, err := o.Input.topologies(set)
	if err != nil {
		return err
	}
	refused, err := o.Input.refusals(set)
	if err != nil {
		return err
	}
	report := simulate.StatusAll(topologies, refused)
	if !o.Output.Quiet && len(report.Routes)+len(report.Gateways)+len(report.ListenerSets) == 0 {
		fmt.Fprintln(s.Err, "nothing to predict: the input holds no GRPCRoute and no Gateway")
	}
	switch o.Output.Format {
	case "json":
		err = render.StatusJSON(s.Out, report)
	case "yaml":
		err = render.StatusYAML(s.Out, report)
	default:
		err = render.StatusText(s.Out, report, o.Output.text(s))
	}
	switch err := errors.Join(written(err), unread, problems(set)); {
	case err != nil:
		return err
	case o.Check && anyRefused(report, refused):
		return errFindings
	}
	return nil
}

// anyRefused reports whether a route is refused, by the API server or by a
// parent. What the input does not show refuses nothing.
func anyRefused(r *simulate.StatusReport, byServer map[*manifest.Document]string) bool {
	for i := range r.Routes {
		route := &r.Routes[i]
		if _, refused := byServer[route.Route.Doc]; refused {
			return true
		}
		for _, p := range route.Parents {
			for _, c := range p.Conditions {
				if c.Type == "Accepted" && c.Status == "False" && c.Certainty != diag.Unknown {
					return true
				}
			}
		}
		for _, p := range route.Skipped {
			if refuses(p.Parent.Refusal) {
				return true
			}
		}
	}
	return false
}

func refuses(r *topology.Refusal) bool { return r != nil && r.Certainty != diag.Unknown }
