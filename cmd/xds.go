package cmd

import (
	"errors"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/grpcroute/grpcroute/translate/envoy/xds"
	"github.com/spf13/cobra"
)

// xdsOptions are the flags of xds.
type xdsOptions struct {
	serveOptions // what is read, and how it is told
	Bootstrap    string
	Node         string
	Delta        bool
	EnvoyAdmin   string
}

// defaultXDS is where xds listens.
const defaultXDS = "127.0.0.1:18000"

// bootstraps are the values of --bootstrap.
var bootstraps = []string{"", "envoy", "grpc"}

func newXDSCmd(s *Streams, run func(*xdsOptions) error) *cobra.Command {
	o := &xdsOptions{serveOptions: serveOptions{Streams: s}}
	o.XDS.Flag = "--listen"
	if run == nil {
		run = runXDS
	}
	c := &cobra.Command{
		Use:   "xds [FILE...]",
		Short: "Serve the routes of manifests to Envoys and to gRPC clients over xDS",
		Long: `Serve Envoys, and gRPC clients that dial xds:///HOST, what the manifests say, over
ADS: state of the world and delta. Nothing is carried here. A change takes effect
without a failed call: clusters come before the routes that name them, and go after.

A client asks for a Gateway by its node id, NS/NAME or NS/NAME/ANYTHING; when there
is one Gateway, any will do. Who reaches the address is answered, with the private
keys of certificates too: it is on 127.0.0.1 unless --address says otherwise.

With --bootstrap the file is written with which a client finds this server: run
envoy -c with it, or set GRPC_XDS_BOOTSTRAP to its name for a gRPC client.`,
		Example: `  grpcroute xds --watch --address 127.0.0.1:0 examples/change/after.yaml
  grpcroute xds --backend shop/cart-v1:9000=127.0.0.1:9000 --listen shop/edge:8080=127.0.0.1:8080 --address 127.0.0.1:0 examples/change/after.yaml
  grpcroute xds --bootstrap envoy examples/change/after.yaml
  grpcroute xds --bootstrap grpc --node shop/edge --address 127.0.0.1:18000`,
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			o.Input.Files = append(o.Input.Files, args...)
			return run(o)
		},
	}
	o.Input.addFlags(c)
	f := c.Flags()
	f.StringVar(&o.XDS.Address, "address", defaultXDS, "`HOST:PORT` to serve at; port 0 takes a free one")
	f.StringArrayVar(&o.XDS.Listen, "listen", nil, "where Envoys open a port of a Gateway, as `NS/NAME:PORT=HOST:PORT`; may be repeated (default that port on every address)")
	f.StringArrayVar(&o.Backends, "backend", nil, "addresses of a backend, as `NS/NAME:PORT=HOST:PORT[,HOST:PORT...]`; may be repeated")
	addEnum(c, &o.XDS.Resolve, "resolve", "", xdsResolves, "how other backends are found; auto takes EndpointSlices of the input, and DNS for Services that have none")
	f.StringVar(&o.XDS.Envoy.ClusterDomain, "cluster-domain", "cluster.local", "`domain` of the cluster's DNS")
	f.StringVar(&o.XDS.Envoy.CertificateDir, "certificates", "", "`folder` on Envoys' machines with NS/NAME/tls.crt and tls.key of Secrets that are not in the input")
	f.StringVar(&o.XDS.Envoy.SystemCA, "system-ca", envoy.DefaultSystemCA, "`file` on Envoys' machines with the authorities of their system")
	f.BoolVar(&o.Watch, "watch", false, "serve what the files say when they change; a broken edit is reported and changes nothing")
	addEnum(c, &o.Bootstrap, "bootstrap", "", bootstraps[1:], "write the bootstrap of such a client, and serve nothing")
	o.Bootstrap = ""
	f.Lookup("bootstrap").DefValue = ""
	f.StringVar(&o.Node, "node", "", "node `id` of --bootstrap (default the only Gateway)")
	f.BoolVar(&o.Delta, "delta", false, "let the Envoy of --bootstrap ask for changes only")
	f.StringVar(&o.EnvoyAdmin, "envoy-admin", "", "`HOST:PORT` of the admin interface of the Envoy of --bootstrap (default none)")
	addEnum(c, &o.LogLevel, "log-level", "", tellLevels, "what is told on standard error")
	addEnum(c, &o.LogFormat, "log-format", "", []string{"text", "json"}, "how it is told")
	return c
}

func runXDS(o *xdsOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.Bootstrap != "" {
		return o.bootstrap()
	}
	collectOften()
	follower, err := o.follow() // before the files are read, so that no edit is missed
	if err != nil {
		return err
	}
	defer follower.close()
	r := &running{o: &o.serveOptions, tell: newTeller(o.Streams, o.LogLevel, o.LogFormat)}
	if err := r.first(); err != nil {
		return err
	}
	r.openAdmin()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := r.startXDS(); err != nil {
		return err
	}
	defer r.control.close()
	for {
		select {
		case err := <-r.control.fail():
			return err
		case <-follower.changes:
			r.reload()
		case got := <-signals:
			r.tell.infof("%v: clients keep what they were told", got)
			return nil
		}
	}
}

// check refuses flags that contradict each other.
func (o *xdsOptions) check() error {
	if err := checkAddress(o.XDS.Address, true); err != "" {
		return usagef("--address %q: %s", o.XDS.Address, err)
	}
	if o.EnvoyAdmin != "" {
		if err := checkAddress(o.EnvoyAdmin, false); err != "" {
			return usagef("--envoy-admin %q: %s", o.EnvoyAdmin, err)
		}
	}
	switch {
	case o.Bootstrap == "" && (o.Node != "" || o.Delta || o.EnvoyAdmin != ""):
		return usagef("--node, --delta and --envoy-admin are for --bootstrap, which is not given")
	case o.Bootstrap == "grpc" && (o.Delta || o.EnvoyAdmin != ""):
		return usagef("--delta and --envoy-admin are for --bootstrap envoy")
	}
	return o.checkWatch()
}

// startXDS opens the server and says so.
func (r *running) startXDS() error {
	if len(gatewayNames(r.tables)) == 0 {
		return errors.New("nothing to serve: the input has no Gateway, and no route to one")
	}
	if err := r.openControl(nil); err != nil {
		return err
	}
	r.tellRefused()
	for _, line := range routeLines(r.tables) {
		r.tell.infof("%s", line)
	}
	r.tellTables()
	r.control.announce(r.tables)
	r.control.serve()
	r.tell.always("ready")
	return nil
}

// tellTables says what of the tables is not served.
func (r *running) tellTables() {
	for _, line := range slices.Concat(refusedLines(r.tables), failingLines(r.tables)) {
		r.tell.warnf("%s", line)
	}
}

// bootstrap writes the file of a client.
func (o *xdsOptions) bootstrap() error {
	node, err := o.node()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(o.XDS.Address)
	switch ip := net.ParseIP(host); {
	case err != nil:
		return usagef("--address %q: %w", o.XDS.Address, err)
	case port == "0":
		return usagef("--address %s: a client needs the port that is served", o.XDS.Address)
	case host == "" || ip.IsUnspecified():
		host = "127.0.0.1"
	}
	b := xds.BootstrapOptions{Node: node, Address: net.JoinHostPort(host, port), Admin: o.EnvoyAdmin, Delta: o.Delta}
	var text []byte
	if o.Bootstrap == "grpc" {
		text, err = xds.GRPCBootstrap(b)
	} else if m, e := xds.EnvoyBootstrap(b); e != nil {
		err = e
	} else if text, err = envoy.JSON(m); err == nil {
		text, err = render.Configuration(text, "yaml")
	}
	if err != nil {
		return err
	}
	_, err = o.Streams.Out.Write(text)
	return written(err)
}

// node is the id of a client: that of --node, or the only Gateway's.
func (o *xdsOptions) node() (string, error) {
	if o.Node != "" && len(o.Input.Files) == 0 {
		return o.Node, nil
	}
	set, err := o.Input.load(o.Streams, o.Command)
	if set == nil {
		return "", err
	}
	tables, err := o.tables(set)
	if err != nil {
		return "", err
	}
	names := gatewayNames(tables)
	of := func(name string) bool { return o.Node == name || strings.HasPrefix(o.Node, name+"/") }
	switch {
	case len(names) == 0:
		return "", errors.New("the input has no Gateway, and no route to one")
	case o.Node == "" && len(names) > 1:
		return "", usagef("which Gateway is the client of? Say --node %s", strings.Join(names, " or --node "))
	case o.Node == "":
		return names[0], nil
	case len(names) > 1 && !slices.ContainsFunc(names, of):
		return "", unknownName("--node", o.Node, "Gateway", names)
	}
	return o.Node, nil
}
