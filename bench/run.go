package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// runner holds what a run needs at hand.
type runner struct {
	*options
	log     io.Writer
	base    setting // directory, certificate and backends
	roots   []byte
	proxies []peer
	report  *report
}

// run measures everything and returns what it found.
func run(ctx context.Context, o *options, log io.Writer) (*report, error) {
	found, err := find(ctx, o, log)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := &runner{options: o, log: log, proxies: []peer{grpcroute(ours, o.program)}}
	if o.before != "" {
		r.proxies = append(r.proxies, grpcroute("before", o.before))
	}
	r.proxies = append(r.proxies, found...)
	r.report = newReport(r.proxies, o)
	dir, err := os.MkdirTemp("", "grpcroute-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r.base.Dir, r.base.Files = dir, fileLimit()
	if r.roots, err = certify(&r.base); err != nil {
		return nil, err
	}
	b, err := r.backend(ctx, self)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	if err := r.timed(ctx); err != nil {
		return nil, err
	}
	if o.counts {
		err = r.counted(ctx)
	}
	return r.report, err
}

// backend starts both backends, in one process.
func (r *runner) backend(ctx context.Context, self string) (*process, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	r.base.A, r.base.B, r.base.Closed = ports[0], ports[1], ports[2]
	a, b := loopback(r.base.A), loopback(r.base.B)
	p, err := launch(pinned(ctx, loadCore, self, "backend", "-a", a, "-b", b), "the backend", r.base.Dir)
	if err != nil {
		return nil, err
	}
	for _, address := range []string{a, b} {
		if err := p.ready(ctx, address, ""); err != nil {
			p.stop()
			return nil, err
		}
	}
	return p, nil
}

// proxy starts a proxy in a folder of its own and waits until it is ready.
func (r *runner) proxy(ctx context.Context, p *peer) (*process, error) {
	s := r.base
	var err error
	if s.Dir, err = os.MkdirTemp(r.base.Dir, p.name); err != nil {
		return nil, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	s.Clear, s.TLS = ports[0], ports[1]
	args, err := p.configure(&s)
	if err != nil {
		return nil, err
	}
	cmd := pinned(ctx, proxyCore, p.path, args...)
	cmd.Dir = s.Dir
	if p.env != nil {
		cmd.Env = append(os.Environ(), p.env(&s)...)
	}
	out, err := launch(cmd, p.name, s.Dir)
	if err != nil {
		return nil, err
	}
	out.clear, out.secure = loopback(s.Clear), loopback(s.TLS)
	if err := out.ready(ctx, out.clear, p.says); err != nil {
		out.stop()
		return nil, err
	}
	return out, nil
}

// timed measures the workloads: in each round every proxy does one after another.
func (r *runner) timed(ctx context.Context) error {
	running := make([]*process, len(r.proxies))
	for i := range r.proxies {
		p, err := r.proxy(ctx, &r.proxies[i])
		if err != nil {
			return err
		}
		defer p.stop()
		if err := r.probe(ctx, p); err != nil {
			return err
		}
		running[i] = p
	}
	for round := range r.rounds {
		for i := range r.report.rows {
			row := &r.report.rows[i]
			w := row.workload.scaled(r.scale)
			for at, p := range running {
				o := order{Workload: w, Address: p.clear, Roots: r.roots, Pids: family(p.Process.Pid)}
				if w.TLS {
					o.Address = p.secure
				}
				got, err := ask(ctx, &o)
				if err != nil {
					return fmt.Errorf("%s through %s: %w: %s", w.Name, p.name, err, p.output())
				}
				row.add(at, &w, &got)
				fmt.Fprintf(r.log, "round %d  %-44s %-10s %8.3f µs  %5.2f writes  %7.0f a second  %d errors %s\n", round+1, w.Name, p.name,
					got.CPU/float64(w.units())*1e6, float64(got.Writes)/float64(w.units()), float64(w.units())/got.Seconds, got.Errors, got.First)
			}
		}
	}
	return nil
}

// probe checks that a proxy has the rules it should have.
func (r *runner) probe(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, to := range []struct {
		address string
		roots   []byte
	}{{p.clear, nil}, {p.secure, r.roots}} {
		cc, err := dial(to.address, to.roots)
		if err != nil {
			return err
		}
		err = probeRules(ctx, cc)
		_ = cc.Close() // nothing is left to do with it
		if err != nil {
			return fmt.Errorf("%s does not route as it should: %w: %s", p.name, err, p.output())
		}
	}
	return nil
}

func probeRules(ctx context.Context, cc *grpc.ClientConn) error {
	for _, test := range []struct{ method, header, want string }{
		{"/bench.Echo/Name", "", "a"},
		{"/bench.Echo/Name", "b", "b"},
		{"/bench.Echo/Name", "c", "a"},
		{"/other.Echo/Name", "", "no service"},
		{"/closed.Echo/Name", "", "no answer"},
		{"/none.Echo/Name", "", "no answer"},
	} {
		call := metadata.NewOutgoingContext(ctx, metadata.Pairs("x-route", test.header))
		in, out := []byte{}, []byte(nil)
		err := cc.Invoke(call, test.method, &in, &out)
		got := string(out)
		if err != nil {
			got = "no answer"
			if strings.Contains(err.Error(), "unknown service other.Echo") { // in the words of the backend
				got = "no service"
			}
		}
		if got != test.want {
			return fmt.Errorf("%s with x-route %q: got %q (%v), want %q", test.method, test.header, got, err, test.want)
		}
	}
	return nil
}

// counted measures what has no rounds: how soon a proxy is ready, and what idle
// streams hold.
func (r *runner) counted(ctx context.Context) error {
	for i := range r.proxies {
		p := &r.proxies[i]
		for range max(int(starts*min(r.scale, 1)), 1) {
			started, err := r.proxy(ctx, p)
			if err != nil {
				return err
			}
			started.stop()
			r.report.ready[i] = append(r.report.ready[i], started.elapsed.Seconds()*1e3)
		}
		kb, err := r.idle(ctx, p)
		if err != nil {
			fmt.Fprintf(r.log, "idle streams through %s: %v\n", p.name, err)
			if p.name == ours {
				return err
			}
			continue
		}
		r.report.idle[i] = kb
		fmt.Fprintf(r.log, "%-10s ready in %.1f ms, %.2f KB an idle stream\n", p.name, median(r.report.ready[i]), kb)
	}
	return nil
}

// machine says what the figures were measured on.
func machine() string {
	b, err := os.ReadFile(filepath.Join("/proc", "cpuinfo"))
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
