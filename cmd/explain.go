package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/spf13/cobra"
)

// explainOptions are the flags of explain.
type explainOptions struct {
	Streams *Streams
	Command string
	Input   inputOptions
	Output  outputOptions
	Call    simulate.Call
	Request string // --request
	All     bool   // --all-regions
	WhyNot  string // --why-not
	Budget  time.Duration
}

func newExplainCmd(s *Streams, run func(*explainOptions) error) *cobra.Command {
	o := &explainOptions{Streams: s}
	if run == nil {
		run = runExplain
	}
	c := &cobra.Command{
		Use:   "explain [AUTHORITY]/SERVICE/METHOD",
		Short: "Say which rule and backend a call reaches, and why not the others",
		Long: `Follow one gRPC call through the manifests: the listener, the rule that wins with
its file and line, each backend with its exact share, the filters, what the
client gets when there is no backend, and for every other candidate why it was
not chosen. Exits with 1 when the call reaches no backend.

With --all-regions: every call to the host, or to every host, as regions that are
disjoint and leave none out, each with the match that takes it. With --why-not
FILE:LINE or ROUTE/RULE: whether a call can reach that rule; a call that does, or
the matches that come first for all its calls. Exits with 1 when none can, and
with 3 when it is not known.`,
		Example: `  grpcroute explain -f examples/shop shop.example.com/shop.catalog.v1.Catalog/GetItem
  grpcroute explain -f examples/shop -H 'x-canary: always' shop.example.com/shop.catalog.v1.Catalog/GetItem
  grpcroute explain -f examples/shop --request examples/request.json
  grpcroute explain -f examples/shop --all-regions shop.example.com
  grpcroute explain -f examples/shop --why-not catalog/0`,
		Args: func(_ *cobra.Command, args []string) error { return o.checkArgs(args) },
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			if len(args) > 0 {
				o.Call.Target = args[0]
			}
			return run(o)
		},
	}
	o.Input.addFlags(c)
	o.Output.addFlags(c, "text", "json")
	o.Output.addVolume(c, "print the answer only", "print every candidate")
	f := c.Flags()
	f.StringArrayVarP(&o.Call.Headers, "header", "H", nil, "request `header`, as 'name: value'; may be repeated")
	f.StringVar(&o.Call.Authority, "authority", "", "`host` the call is for, when the call does not name it")
	f.StringVar(&o.Call.Gateway, "gateway", "", "Gateway `NS/NAME` that the client connects to")
	f.Int32Var(&o.Call.Port, "port", 0, "`port` that the client connects to")
	f.StringVar(&o.Call.SNI, "sni", "", "server `name` of the TLS connection, when it is not the host of the call")
	f.StringVar(&o.Request, "request", "", "read the call from a JSON `file`, or - : a witness as lint -o json prints it")
	_ = c.MarkFlagFilename("request", "json") // fails only for a flag that does not exist
	f.BoolVar(&o.All, "all-regions", false, "divide all calls to a host, or to every host, by the match that takes them")
	f.StringVar(&o.WhyNot, "why-not", "", "say whether a call can reach a `rule`: FILE:LINE, or ROUTE/RULE by index or name")
	f.DurationVar(&o.Budget, "budget", prove.DefaultBudget.Time, "`time` that --all-regions and --why-not may take; what is open then is unknown")
	return c
}

func (o *explainOptions) checkArgs(args []string) error {
	switch {
	case o.All && (o.WhyNot != "" || o.Request != "") || o.WhyNot != "" && (o.Request != "" || len(args) > 0):
		return usagef("--all-regions, --why-not, --request and a call: give one of them")
	case o.Budget <= 0:
		return usagef("--budget %s: expected a time above 0, as 5s", o.Budget)
	case (o.All || o.WhyNot != "") && len(args) < 2:
		return nil
	case len(args) == 0 && o.Request == "":
		return usagef("no call given: write it as grpc.example.com/pkg.Service/Method")
	case len(args) > 0 && o.Request != "":
		return usagef("the call %q and --request: give one of the two", args[0])
	case len(args) > 1:
		return usagef("expected one call, got %d: manifests are named with -f", len(args))
	}
	return nil
}

func runExplain(o *explainOptions) error {
	s := o.Streams
	if err := o.readRequest(); err != nil {
		return err
	}
	set, unread := o.Input.load(s, o.Command)
	if set == nil {
		return unread
	}
	topologies, err := o.Input.topologies(set)
	if err != nil {
		return err
	}
	var tables []*routing.Table
	for _, t := range topologies {
		tables = append(tables, routing.Compile(t))
	}
	if o.All || o.WhyNot != "" {
		return errors.Join(o.prove(tables), unread, problems(set))
	}
	x, err := simulate.ExplainAll(tables, o.Call)
	if err != nil {
		return usage(err)
	}
	if err := o.noteRefused(set, x); err != nil {
		return err
	}
	if o.Output.Format == "json" {
		err = render.ExplainJSON(s.Out, x)
	} else {
		err = render.ExplainText(s.Out, x, o.Output.text(s))
	}
	switch err := errors.Join(written(err), unread, problems(set)); {
	case err != nil:
		return err
	case x.Decision.Outcome != routing.Routed:
		return errFindings
	}
	return nil
}

// readRequest takes the call from --request. Flags that say something of their
// own win over it.
func (o *explainOptions) readRequest() error {
	if o.Request == "" {
		return nil
	}
	data, err := o.requestData()
	if err != nil {
		return err
	}
	var w diag.Witness
	if err := json.Unmarshal(data, &w); err != nil {
		return usagef("parse the request in %s: %w", o.Request, err)
	}
	call := simulate.CallFromWitness(w)
	call.Headers = append(call.Headers, o.Call.Headers...)
	if o.Call.Authority != "" {
		call.Authority = o.Call.Authority
	}
	if o.Call.Gateway != "" {
		call.Gateway, call.Listener, call.Port = o.Call.Gateway, "", 0
	}
	if o.Call.Port != 0 {
		call.Port = o.Call.Port
	}
	if o.Call.SNI != "" {
		call.SNI = o.Call.SNI
	}
	o.Call = call
	return nil
}

func (o *explainOptions) requestData() ([]byte, error) {
	if o.Request != "-" {
		data, err := os.ReadFile(o.Request)
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		return data, nil
	}
	switch {
	case slices.Contains(o.Input.Files, "-"):
		return nil, usagef("-f - and --request -: standard input can be read once")
	case interactive(o.Streams.In):
		return nil, usagef("standard input is a terminal: pipe the request into it")
	}
	data, err := io.ReadAll(o.Streams.In)
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	return data, nil
}

// noteRefused says which objects were followed although the API server would not
// take them as they stand.
func (o *explainOptions) noteRefused(set *manifest.Set, x *simulate.Explanation) error {
	refused, err := o.Input.refusals(set)
	if err != nil {
		return err
	}
	for _, doc := range set.Documents {
		if message, ok := refused[doc]; ok {
			x.Notes = append(x.Notes, fmt.Sprintf("the API server would refuse %s (%s): %s", doc.Ref, doc.Range(), message))
		}
	}
	return nil
}
