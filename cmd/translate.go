package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/grpcroute/grpcroute/translate/haproxy"
	"github.com/grpcroute/grpcroute/translate/kgateway"
	"github.com/grpcroute/grpcroute/translate/nginx"
	"github.com/grpcroute/grpcroute/translate/pingora"
	"github.com/spf13/cobra"
)

// translateOptions are the flags of translate.
type translateOptions struct {
	Streams  *Streams
	Command  string
	Input    inputOptions
	Output   outputOptions
	To       string
	List     bool
	Gateway  string
	Out      string
	Strict   bool
	Backends []string
	Listen   []string
	Envoy    envoy.Options
	// Formatted: -o is given.
	Formatted bool
	Intended  bool
}

// translated is a configuration and what is to be said about it.
type translated struct {
	text   []byte // JSON, but for a configuration with a file of its own
	notes  diag.List
	secret bool   // it holds a private key
	binary []byte // the same as it goes over the wire, when that is asked for
	// file is what a configuration is called that is in a language of its own.
	file string
	// beside are secret files that the configuration refers to, by their path from it.
	beside map[string][]byte
}

// target is a data plane that can be configured.
type target struct {
	name, about string
	translate   func(*translateOptions, *manifest.Set) (*translated, error)
}

// targetList is what --to names.
var targetList = []target{
	{envoy.Target, envoy.About, (*translateOptions).toEnvoy},
	{nginx.Target, nginx.About, (*translateOptions).toNginx},
	{haproxy.Target, haproxy.About, (*translateOptions).toHAProxy},
	{cloudflare.Target, cloudflare.About, (*translateOptions).toTunnel},
	{pingora.Target, pingora.About, (*translateOptions).toPingora},
	{kgateway.Target, kgateway.About, (*translateOptions).toKGateway},
}

func targetNames() []string {
	var names []string
	for _, t := range targetList {
		names = append(names, t.name)
	}
	return names
}

const translateExamples = "  grpcroute translate --list\n" +
	"  grpcroute translate --to " + envoy.Target + " -q examples/change/after.yaml\n" +
	"  grpcroute translate --to " + envoy.Target + " --backend shop/cart-v1:9000=127.0.0.1:9000 -o json -q examples/change/after.yaml\n" +
	"  grpcroute translate --to " + nginx.Target + " --gateway infra/edge --out /etc/nginx/nginx.conf examples/shop\n" +
	"  grpcroute translate --to " + haproxy.Target + " --listen shop/edge:8443=127.0.0.1:8443 -q examples/change/after.yaml\n" +
	"  grpcroute translate --to " + cloudflare.Target + " examples/change/after.yaml" + boundExamples

func newTranslateCmd(s *Streams, run func(*translateOptions) error) *cobra.Command {
	o := &translateOptions{Streams: s}
	if run == nil {
		run = runTranslate
	}
	c := &cobra.Command{
		Use:   "translate --to TARGET [PATH...]",
		Short: "Write the configuration of a data plane that routes as the manifests say",
		Long: `Translate manifests into the configuration of another data plane. What that cannot
be told, or depends on what the input does not show, is said on standard error with
the place of the field; with --strict a loss makes the exit code 1 and nothing is
written.

Certificates and keys of Secrets in the input stand in the configuration, or, for
proxies that read them from files, in a folder beside it. A file that holds a key is
readable by its owner only.`,
		Example: translateExamples,
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			o.Input.Files = append(o.Input.Files, args...)
			o.Formatted = c.Flags().Changed("output")
			if (o.To == cloudflare.Target || o.To == pingora.Target) && !o.Formatted {
				o.Output.Format = "json" // of the text forms the one that its proxy, or protojson, takes
			}
			return run(o)
		},
	}
	o.Input.addFlags(c)
	o.Output.addFlags(c, "yaml", "json", binaryFormat)
	f := c.Flags()
	o.addPingoraFlags(f)
	f.Lookup("output").Usage += "; " + nginx.Target + " and " + haproxy.Target + " have languages of their own"
	f.BoolVarP(&o.Output.Quiet, "quiet", "q", false, "say only what is lost, not what the result depends on")
	f.StringVar(&o.To, "to", "", "`target`: "+strings.Join(targetNames(), ", "))
	_ = c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(targetNames(), cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
	f.BoolVar(&o.List, "list", false, "list the targets")
	f.StringVar(&o.Gateway, "gateway", "", "translate one Gateway, `NS/NAME`")
	f.StringVar(&o.Out, "out", "", "`file`, or folder, to write instead of standard output; it is replaced as a whole")
	f.BoolVar(&o.Strict, "strict", false, "write nothing when something is lost")
	f.StringArrayVar(&o.Backends, "backend", nil, "addresses of a backend, as `NS/NAME:PORT=HOST:PORT[,HOST:PORT...]`; may be repeated")
	resolve := ""
	addEnum(c, &resolve, "resolve", "", []string{"service-dns"}, "how other backends are found")
	f.StringVar(&o.Envoy.ClusterDomain, "cluster-domain", "cluster.local", "`domain` of the cluster's DNS")
	f.StringArrayVar(&o.Listen, "listen", nil, "where a port of a Gateway is opened, as `NS/NAME:PORT=HOST:PORT`; may be repeated (default that port on every address)")
	f.StringVar(&o.Envoy.Admin, "admin", "", "`HOST:PORT` of "+envoy.Target+"'s admin interface (default none)")
	f.StringVar(&o.Envoy.CertificateDir, "certificates", "", "`folder` on the target's machine with NS/NAME/tls.crt and tls.key of Secrets")
	f.StringVar(&o.Envoy.SystemCA, "system-ca", envoy.DefaultSystemCA, "`file` on the target's machine with the authorities of its system")
	return c
}

func runTranslate(o *translateOptions) error {
	if o.List {
		for _, t := range targetList {
			if _, err := fmt.Fprintf(o.Streams.Out, "%-12s%s\n", t.name, t.about); err != nil {
				return written(err)
			}
		}
		return nil
	}
	i := slices.IndexFunc(targetList, func(t target) bool { return t.name == o.To })
	switch {
	case o.To == "":
		return usagef("no target given: say --to %s", strings.Join(targetNames(), " or --to "))
	case i < 0:
		return oneOf("--to", o.To, targetNames())
	}
	if err := o.checkPingora(); err != nil {
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
	got, err := targetList[i].translate(o, set)
	if err != nil {
		return err
	}
	refused, err := o.Input.refusals(set)
	if err != nil {
		return err
	}
	for doc, message := range refused {
		got.notes = append(got.notes, diag.Diagnostic{
			Severity: diag.Info, Message: "written although the API server would refuse it: " + message, Range: doc.Range(), Object: doc.Ref,
		})
	}
	got.notes.Sort()
	if lost := o.tell(got.notes); lost > 0 && o.Strict {
		fmt.Fprintf(o.Streams.Err, "%d of the manifests' fields are lost, and --strict is given: nothing is written\n", lost)
		return errFindings
	}
	return o.write(got)
}

// tell writes the notes to standard error and counts what is lost.
func (o *translateOptions) tell(notes diag.List) int {
	for i := range notes {
		n := &notes[i]
		if n.Severity < diag.Warning && o.Output.Quiet {
			continue
		}
		place := ""
		if n.Range.File != "" {
			place = n.Range.String() + ": "
		}
		about := ""
		if n.Object.Name != "" {
			about = strings.TrimRight(fmt.Sprintf(" [%s %s]", n.Object, n.Field), " ")
			about = strings.Replace(about, " ]", "]", 1)
		}
		fmt.Fprintf(o.Streams.Err, "%s%s: %s%s\n", place, n.Severity, n.Message, about)
	}
	return notes.Count(diag.Warning) + notes.Count(diag.Error)
}

// tables compiles the input.
func (o *translateOptions) tables(set *manifest.Set) ([]*routing.Table, error) {
	topologies, err := o.Input.topologies(set)
	if err != nil {
		return nil, err
	}
	var tables []*routing.Table
	for _, t := range topologies {
		tables = append(tables, routing.Compile(t))
	}
	return tables, nil
}
