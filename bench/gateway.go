package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime/pprof"
	"strconv"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/prometheus/client_golang/prometheus"
)

// gatewayOptions are what grpcroute is told when it plays its part.
type gatewayOptions struct {
	file, cert, key, profile string
	clear, secure            int
	backends                 map[string]*int // port by name
}

func parseGateway(args []string) (*gatewayOptions, error) {
	o := &gatewayOptions{backends: map[string]*int{}}
	f := flag.NewFlagSet("gateway", flag.ContinueOnError)
	f.StringVar(&o.file, "f", "", "file of manifests")
	f.IntVar(&o.clear, "clear", 0, "port of the listener without TLS")
	f.IntVar(&o.secure, "tls", 0, "port of the listener with TLS")
	f.StringVar(&o.cert, "cert", "", "file of the certificate")
	f.StringVar(&o.key, "key", "", "file of its key")
	f.StringVar(&o.profile, "profile", "", "file for a CPU profile")
	for _, name := range []string{"a", "b", "closed"} {
		o.backends[name] = f.Int(name, 0, "port of backend "+name)
	}
	return o, f.Parse(args)
}

// gateway serves manifests by package proxy, with metrics.
func gateway(ctx context.Context, args []string) error {
	o, err := parseGateway(args)
	if err != nil {
		return err
	}
	if o.profile != "" {
		out, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer out.Close()
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	set, err := manifest.Load([]string{o.file}, manifest.Options{})
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return err
	}
	table := routing.Compile(topology.Resolve(set, topology.Options{Assume: topology.AssumePresent}))
	s := proxy.New(proxy.Config{Table: table, Backend: func(_ *routing.Server, b *topology.Backend) proxy.Backend {
		if port := o.backends[b.Name]; port != nil {
			return proxy.Backend{Addresses: []string{loopback(*port)}}
		}
		return proxy.Backend{}
	}}, proxy.Options{MaxStreams: 20000, Done: newMetrics().done})
	return serve(ctx, s, map[int]*tls.Config{o.clear: nil, o.secure: {Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}})
}

// serve listens on ports until the context ends.
func serve(ctx context.Context, s *proxy.Server, ports map[int]*tls.Config) (err error) {
	failed := make(chan error, len(ports))
	for port, config := range ports {
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			return err
		}
		go func() { failed <- s.Serve(l, proxy.Listener{Gateway: "bench/gw", Port: int32(port), TLS: config}) }()
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if e := s.Shutdown(ctx); err == nil && !errors.Is(e, context.DeadlineExceeded) {
		err = e
	}
	return err
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// metrics count calls by route, rule, backend and code, and how long they took.
type metrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newMetrics() *metrics {
	labels := []string{"route", "rule", "backend"}
	m := &metrics{
		calls:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpcroute_calls_total", Help: "Calls that ended."}, append(labels, "code")),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "grpcroute_call_seconds", Help: "How long calls took."}, labels),
	}
	prometheus.MustRegister(m.calls, m.seconds)
	return m
}

func (m *metrics) done(r *proxy.Record) {
	rule := strconv.Itoa(r.Rule)
	m.calls.WithLabelValues(r.Route, rule, r.Backend, strconv.Itoa(r.Code)).Inc()
	m.seconds.WithLabelValues(r.Route, rule, r.Backend).Observe(r.Duration.Seconds())
}
