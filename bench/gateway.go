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

// gateway serves a folder of manifests by package proxy, with metrics.
func gateway(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("gateway", flag.ContinueOnError)
	file := f.String("f", "", "file of manifests")
	clear := f.Int("clear", 0, "port of the listener without TLS")
	secure := f.Int("tls", 0, "port of the listener with TLS")
	cert := f.String("cert", "", "file of the certificate")
	key := f.String("key", "", "file of its key")
	profile := f.String("profile", "", "file for a CPU profile")
	ports := map[string]*int{}
	for _, name := range []string{"a", "b", "closed"} {
		ports[name] = f.Int(name, 0, "port of backend "+name)
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		out, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer out.Close()
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	set, err := manifest.Load([]string{*file}, manifest.Options{})
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		return err
	}
	table := routing.Compile(topology.Resolve(set, topology.Options{Assume: topology.AssumePresent}))
	s := proxy.New(proxy.Config{Table: table, Backend: func(_ *routing.Server, b *topology.Backend) proxy.Backend {
		if port := ports[b.Name]; port != nil {
			return proxy.Backend{Addresses: []string{loopback(*port)}}
		}
		return proxy.Backend{}
	}}, proxy.Options{MaxStreams: 20000, Done: newMetrics().done})
	failed := make(chan error, 2)
	for port, config := range map[int]*tls.Config{*clear: nil, *secure: {Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}} {
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

// metrics count calls as serve does.
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
