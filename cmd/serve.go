package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/grpcroute/grpcroute/proxy/accesslog"
	"github.com/grpcroute/grpcroute/proxy/mock"
	"github.com/grpcroute/grpcroute/render"
	"github.com/spf13/cobra"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	Streams        *Streams
	Command        string
	Input          inputOptions
	Config         string // a proxy's configuration instead of manifests
	Listen         []string
	GatewayAddress []string
	SelfSigned     bool
	TLSDir         string
	Backends       []string
	Mock           bool
	MockLatency    []string
	MockError      []string
	Protos         []string
	DescriptorSets []string
	ExplainHeaders bool
	Watch          bool
	AccessLog      string
	Admin          string
	LogLevel       string
	LogFormat      string
	Drain          time.Duration
	Color          string
	Quiet, Verbose bool

	addresses map[string]netip.Addr
	backends  map[string][]string
	latencies []mock.Latency
	faults    []mock.Fault
}

func newServeCmd(s *Streams, run func(*serveOptions) error) *cobra.Command {
	o := &serveOptions{Streams: s}
	if run == nil {
		run = runServe
	}
	c := &cobra.Command{
		Use:   "serve [PATH...]",
		Short: "Run the routes on this machine, as a gRPC gateway",
		Long: `Turn manifests into a running gateway, without a cluster: every listener of the
Gateways is opened on this machine, and calls go where explain says. Backends are
real servers named with --backend, the EndpointSlices of the input, or, with
--mock, servers that answer any method. A backend without an address answers
UNAVAILABLE, as one without endpoints does in a cluster.

Listeners open on 127.0.0.1. Ports below 1024, and ports that are taken, move:
what listens where is printed, with commands to try it. "ready" is printed once
every listener is open. SIGTERM and SIGINT end the gateway when the calls in
flight have ended; a second one ends it at once.`,
		Example: `  grpcroute serve -f examples/shop --mock
  grpcroute serve -f examples/shop --backend shop/catalog-v1:9000=127.0.0.1:9001 --watch
  grpcroute serve -f examples/shop --mock --tls-self-signed --admin 127.0.0.1:9901
  grpcroute serve -f examples/shop --mock --gateway-address infra/edge=127.1.0.1`,
		RunE: func(c *cobra.Command, args []string) error {
			o.Command = c.CommandPath()
			o.Input.Files = append(o.Input.Files, args...)
			return run(o)
		},
	}
	o.Input.addFlags(c)
	o.addFlags(c)
	return c
}

func (o *serveOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.Config, "config", "", "serve the configuration of a tunnel controller's proxy, a JSON `file`, instead of manifests")
	f.StringArrayVar(&o.Listen, "listen", nil, "`host:port` for the routes of a Gateway that is not in the input (default 127.0.0.1:50051); may be repeated")
	f.StringArrayVar(&o.GatewayAddress, "gateway-address", nil, "open the listeners of a Gateway at their own ports of an address, as `NS/NAME=IP`; may be repeated")
	f.BoolVar(&o.SelfSigned, "tls-self-signed", false, "make certificates for HTTPS listeners whose Secret is not in the input")
	f.StringVar(&o.TLSDir, "tls-dir", "", "`folder` that keeps the authority of --tls-self-signed (default: grpcroute/tls in the user's cache folder)")
	f.StringArrayVar(&o.Backends, "backend", nil, "where a backend is, as `NS/NAME:PORT=HOST:PORT[,HOST:PORT...]`; may be repeated")
	f.BoolVar(&o.Mock, "mock", false, "answer the calls of backends without an address here; turns --explain-headers on")
	f.StringArrayVar(&o.MockLatency, "mock-latency", nil, "let mocks wait, as `[NS/NAME[:PORT]=]DURATION[..DURATION]`; may be repeated")
	f.StringArrayVar(&o.MockError, "mock-error", nil, "let mocks fail, as `[NS/NAME[:PORT]=]CODE[:PERCENT]`; may be repeated")
	f.StringArrayVar(&o.Protos, "proto", nil, "`folder` or .proto file that says what mocks answer and reflection tells; may be repeated")
	f.StringArrayVar(&o.DescriptorSets, "descriptor-set", nil, "`file` with a descriptor set, as protoc and buf write it, for the same; may be repeated")
	f.BoolVar(&o.ExplainHeaders, "explain-headers", false, "name route, rule and backend in headers of every answer")
	f.BoolVarP(&o.Watch, "watch", "w", false, "serve changed manifests; while they are broken the last good ones are served")
	addEnum(c, &o.AccessLog, "access-log", "", []string{"off", accesslog.Text, accesslog.JSON}, "a line on standard output for each call")
	f.StringVar(&o.Admin, "admin", "", "`host:port` for metrics, health, the table and a page for people, as 127.0.0.1:9901")
	addEnum(c, &o.LogLevel, "log-level", "", []string{"info", "debug", "warn", "error"}, "least level of messages on standard error")
	addEnum(c, &o.LogFormat, "log-format", "", []string{"text", "json"}, "form of messages on standard error")
	f.DurationVar(&o.Drain, "drain", 30*time.Second, "`time` that calls in flight have left when the gateway ends")
	addEnum(c, &o.Color, "color", "", render.ColorModes(), "colour of text output; auto colours on terminals and heeds NO_COLOR and CLICOLOR_FORCE")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "do not print what listens where")
	f.BoolVarP(&o.Verbose, "verbose", "v", false, "print every rule")
	for _, name := range []string{"config", "descriptor-set"} {
		_ = c.MarkFlagFilename(name) // fails only for a flag that does not exist
	}
}

// check refuses what the flags cannot mean.
func (o *serveOptions) check() (err error) {
	switch {
	case o.Quiet && o.Verbose:
		return usagef("--quiet and --verbose: give one of the two")
	case o.Config != "" && len(o.Input.Files) > 0:
		return usagef("--config and manifests: give one of the two")
	case o.Watch && containsStdin(o.Input.Files):
		return usagef("--watch: standard input cannot be watched; name files or folders")
	case o.TLSDir != "" && !o.SelfSigned:
		return usagef("--tls-dir is for --tls-self-signed")
	case o.Drain < 0:
		return usagef("--drain %s: expected a time of 0 or more, as 30s", o.Drain)
	}
	if err := o.checkMock(); err != nil {
		return err
	}
	o.ExplainHeaders = o.ExplainHeaders || o.Mock
	if o.SelfSigned && o.TLSDir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return usagef("say with --tls-dir where to keep the authority of --tls-self-signed: %w", err)
		}
		o.TLSDir = filepath.Join(cache, "grpcroute", "tls")
	}
	if o.addresses, err = parseAddresses(o.GatewayAddress); err != nil {
		return err
	}
	if err := checkListen(o.Listen); err != nil {
		return err
	}
	if o.backends, err = parseBackends(o.Backends); err != nil {
		return err
	}
	for _, text := range o.MockLatency {
		l, err := mock.ParseLatency(text)
		if err != nil {
			return usagef("--mock-latency %s: %w", text, err)
		}
		o.latencies = append(o.latencies, l)
	}
	for _, text := range o.MockError {
		fault, err := mock.ParseError(text)
		if err != nil {
			return usagef("--mock-error %s: %w", text, err)
		}
		o.faults = append(o.faults, fault)
	}
	return nil
}

func runServe(o *serveOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	s, err := startServing(o)
	if err != nil {
		return err
	}
	defer s.close()
	var changes <-chan struct{}
	if o.Watch {
		w, err := watchFiles(o.watched(), o.Input.Recursive)
		if err != nil {
			return fmt.Errorf("watch the manifests: %w", err)
		}
		defer w.close()
		changes = w.changes
	}
	if err := s.announce(); err != nil {
		return err
	}
	for {
		select {
		case <-changes:
			s.reload()
		case err := <-s.failed:
			return err
		case got := <-signals:
			s.log.Info("draining", slog.String("signal", got.String()), slog.Int("calls", s.gateway.Stats().Calls))
			return s.drain(signals)
		}
	}
}

// drain lets calls in flight end, until the time is over or another signal comes.
func (s *serving) drain(signals <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Drain)
	defer cancel()
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	s.admin.SetReady(false)
	left := s.gateway.Stats().Calls
	err := s.gateway.Close(ctx)
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if left > 0 {
		s.log.Warn("calls were cut off", slog.Int("calls", left))
	}
	return nil
}
