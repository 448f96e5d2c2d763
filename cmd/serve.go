package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/spf13/cobra"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	Streams        *Streams
	Command        string
	Input          inputOptions
	Listen         string
	Addresses      []string // --gateway-address
	SelfSigned     bool
	TLSDir         string
	Backends       []string // --backend
	Mocks          mockOptions
	Config         string // of a proxy, instead of manifests
	Admin          string
	ExplainHeaders bool
	Watch          bool
	AccessLog      string
	LogLevel       string
	LogFormat      string
	Drain          time.Duration
	XDS            controlOptions
}

func newServeCmd(s *Streams, run func(*serveOptions) error) *cobra.Command {
	o := &serveOptions{Streams: s, XDS: controlOptions{Flag: "--xds-listen"}}
	if run == nil {
		run = runServe
	}
	c := &cobra.Command{
		Use:   "serve [FILE...]",
		Short: "Run the Gateways of manifests on this machine",
		Long: `Carry real gRPC calls by the routes of the manifests. Every listener of a Gateway
gets a socket on 127.0.0.1, at its own port where that is free and permitted.
Backends are found by --backend, in EndpointSlices of the input, or are stand-ins
with --mock. Says "ready" once every listener is bound, and runs until it is
interrupted; calls in flight may then end.

Access log lines go to standard output, everything else to standard error.`,
		Example: `  grpcroute serve --mock examples/shop
  grpcroute serve --backend shop/cart:9000=127.0.0.1:9000 examples/shop
  grpcroute serve --watch --mock --access-log json examples/shop
  grpcroute serve --tls-self-signed --gateway-address infra/edge=127.1.0.1 examples/shop
  grpcroute serve --mock --admin 127.0.0.1:0 examples/shop
  grpcroute serve --mock --watch --xds 127.0.0.1:0 examples/shop
  grpcroute serve --config examples/tunnel/proxy.json --backend shop/cart:9000=127.0.0.1:9000`,
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			o.Input.Files = append(o.Input.Files, args...)
			return run(o)
		},
	}
	o.Input.addFlags(c)
	f := c.Flags()
	f.Lookup("config").Usage += "; or the configuration of a tunnel controller's proxy, a .json file, to serve instead of manifests"
	f.StringVar(&o.Listen, "listen", "", "`address` HOST:PORT for routes whose Gateway is not in the input (default "+local.DefaultListen+", or a later port)")
	f.StringArrayVar(&o.Addresses, "gateway-address", nil, "bind a Gateway's listeners at their own ports there, as `NS/NAME=IP`, or at free ones with IP:0; may be repeated")
	f.BoolVar(&o.SelfSigned, "tls-self-signed", false, "sign certificates for HTTPS listeners whose Secret is not in the input")
	f.StringVar(&o.TLSDir, "tls-dir", "", "`folder` that keeps the authority of --tls-self-signed (default in the user's configuration)")
	f.StringArrayVar(&o.Backends, "backend", nil, "addresses of a backend, as `NS/NAME:PORT=HOST:PORT[,HOST:PORT...]`; may be repeated")
	o.Mocks.addFlags(c)
	f.BoolVar(&o.ExplainHeaders, "explain-headers", false, "name route, rule and backend in the headers of every answer; --mock does so anyway")
	f.BoolVar(&o.Watch, "watch", false, "serve what the files say when they change; a broken edit is reported and changes nothing")
	addEnum(c, &o.AccessLog, "access-log", "", []string{"text", "json", "off"}, "form of the access log on standard output")
	addEnum(c, &o.LogLevel, "log-level", "", tellLevels, "what is told on standard error")
	addEnum(c, &o.LogFormat, "log-format", "", []string{"text", "json"}, "how it is told")
	f.StringVar(&o.Admin, "admin", "", "`HOST:PORT` of metrics, health, the table and a page for people, as 127.0.0.1:9901")
	f.StringVar(&o.XDS.Address, "xds", "", "`HOST:PORT` at which Envoys and gRPC clients are told the same over xDS, as "+defaultXDS+"; see grpcroute xds")
	f.StringArrayVar(&o.XDS.Listen, "xds-listen", nil, "where Envoys open a port of a Gateway, as `NS/NAME:PORT=HOST:PORT`; may be repeated (default that port on every address)")
	f.DurationVar(&o.Drain, "drain", 10*time.Second, "`time` that calls may take to end when serve is interrupted or their listener is removed")
	_ = c.MarkFlagDirname("tls-dir") // fails only for a flag that does not exist
	return c
}

func runServe(o *serveOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	collectOften()
	follower, err := o.follow() // before the files are read, so that no edit is missed
	if err != nil {
		return err
	}
	defer follower.close()
	r := &running{o: o, tell: newTeller(o.Streams, o.LogLevel, o.LogFormat)}
	if err := r.first(); err != nil {
		return err
	}
	lo, closeMocks, err := r.local()
	if err != nil {
		return err
	}
	defer closeMocks()
	log := newAccessLog(o.Streams.Out, o.AccessLog)
	defer log.close(r.tell)
	r.openAdmin()
	lo.Proxy.Done = r.done(log.done())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	web, err := r.start(lo)
	if err != nil {
		return err
	}
	defer web.close()
	defer r.control.close()
	for {
		select {
		case err := <-web.failed:
			return err
		case err := <-r.control.fail():
			return err
		case <-follower.changes:
			r.reload()
		case got := <-signals:
			r.admin.SetReady(false)
			return o.end(r.tell, r.gateway, got, signals)
		}
	}
}

// start opens everything and says so.
func (r *running) start(lo *local.Options) (*web, error) {
	var err error
	if r.gateway, err = local.Open(r.tables, *lo); err != nil {
		return nil, err
	}
	r.open.Store(r.gateway)
	if len(r.gateway.Sockets()) == 0 {
		return nil, errors.Join(errors.New("nothing to serve: the input has no Gateway with a listener that carries gRPC calls, and no route to a Gateway elsewhere"), r.stop())
	}
	if err := r.openControl(lo.Mock); err != nil {
		return nil, errors.Join(err, r.stop())
	}
	web, err := r.serveAdmin()
	if err != nil {
		r.control.close()
		return nil, errors.Join(err, r.stop())
	}
	r.tellRefused()
	r.o.tellStart(r.tell, r.gateway, r.tables)
	r.control.announce(r.tables)
	r.control.serve()
	web.announce(r.tell)
	r.admin.SetReady(true)
	r.tell.always("ready")
	return web, nil
}

// hurry is how long after a signal another is taken for the same one: a terminal and
// a program that starts serve may both pass it on.
const hurry = 200 * time.Millisecond

// end lets calls end; a second signal cuts them off.
func (o *serveOptions) end(tell *teller, g *local.Gateway, got os.Signal, signals <-chan os.Signal) error {
	tell.infof("%v: calls in flight have %s to end", got, o.Drain)
	ctx, cancel := context.WithTimeout(context.Background(), o.Drain)
	defer cancel()
	go func() {
		for began := time.Now(); ; {
			select {
			case <-signals:
				if time.Since(began) > hurry {
					cancel()
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	if err := g.Shutdown(ctx); err != nil {
		tell.warnf("calls were cut off")
	}
	return nil
}

// tables compiles the routes of a set, one table per implementation.
func (o *serveOptions) tables(set *manifest.Set) ([]*routing.Table, error) {
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

// first reads what is served from the start. What is wrong with some of it is told,
// and the rest is served.
func (r *running) first() error {
	if r.o.Config != "" {
		next, err := r.o.readConfig()
		if err == nil {
			r.take(next)
		}
		return err
	}
	set, unread := r.o.Input.load(r.o.Streams, r.o.Command)
	if set == nil {
		return unread
	}
	if err := r.read(set); err != nil {
		return err
	}
	if err := errors.Join(unread, problems(set)); err != nil {
		r.tell.errorf("%v", err)
	}
	return nil
}

// local turns flags into the options of the Gateways. The function ends what was
// started for them.
func (r *running) local() (*local.Options, func(), error) {
	o, done := r.o, func() {}
	lo := &local.Options{
		Listen: o.Listen, Drain: o.Drain, Dial: r.dial,
		Proxy: proxy.Options{ExplainHeader: o.ExplainHeaders || o.Mocks.On},
	}
	var err error
	if lo.Backends, err = o.backends(r.tables); err != nil {
		return nil, done, err
	}
	if lo.Addresses, err = o.addresses(r.tables); err != nil {
		return nil, done, err
	}
	if lo.Authority, err = o.authority(); err != nil {
		return nil, done, err
	}
	if o.Mocks.On {
		mocks, err := r.openMocks()
		if err != nil {
			return nil, done, err
		}
		lo.Mock, done = mocks.Address, mocks.Close
	}
	return lo, done, nil
}

// authority opens what signs certificates, when that is asked for.
func (o *serveOptions) authority() (*local.Authority, error) {
	if !o.SelfSigned {
		return nil, nil
	}
	dir := o.TLSDir
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return nil, usagef("the user's configuration folder is not known: say with --tls-dir where the certificate authority is kept")
		}
		dir = fmt.Sprintf("%s%cgrpcroute%ctls", base, os.PathSeparator, os.PathSeparator)
	}
	return local.OpenAuthority(dir)
}
