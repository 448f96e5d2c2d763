// Command bench measures what grpcroute's data plane costs beside nginx, HAProxy,
// Caddy and Envoy under the same rules, and writes docs/bench-proxy.md. It is run
// from the top of the repository by `make bench-proxy`. The backend, the client and
// the one who keeps the books are processes of this program; the proxies are the
// programs that people run, `grpcroute serve` among them.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := start(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start plays the part that the first argument names, or runs everything.
func start(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "backend":
			return backend(ctx, args[1:])
		case "load":
			return load(ctx, os.Stdin, os.Stdout)
		}
	}
	o, out, err := parse(args)
	if err != nil {
		return err
	}
	r, err := run(ctx, o, os.Stderr)
	if err != nil {
		return err
	}
	if out == "-" {
		_, err = io.WriteString(os.Stdout, r.page())
		return err
	}
	if err := replace(out, r.page()); err != nil {
		return err
	}
	return r.errors()
}

// options are what a run is asked for.
type options struct {
	rounds  int
	scale   float64  // of the number of calls
	peers   []string // besides grpcroute
	need    []string // peers whose absence fails the run
	only    string   // workloads whose names contain it
	program string   // grpcroute
	before  string   // another build of grpcroute, measured as one more proxy
	install bool     // what is missing
	counts  bool     // measure memory and the time to be ready as well
	cache   string   // where peers are built
}

func parse(args []string) (*options, string, error) {
	o := &options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	out := f.String("out", "-", "file to write, or - for standard output")
	quick := f.Bool("quick", false, "one round of few calls, which says whether everything works and nothing about speed")
	peers := f.String("peers", "nginx,haproxy,caddy,envoy", "what to measure besides grpcroute")
	need := f.String("need", "", "peers whose absence is an error")
	f.IntVar(&o.rounds, "rounds", 3, "rounds; each measures every workload through every proxy in turn")
	f.Float64Var(&o.scale, "scale", 1, "factor for the number of calls")
	f.StringVar(&o.only, "only", "", "measure workloads whose names contain this")
	f.StringVar(&o.program, "grpcroute", "bin/grpcroute", "the build of grpcroute that is measured")
	f.StringVar(&o.before, "before", "", "another build of grpcroute, to compare two versions in one run")
	f.BoolVar(&o.install, "install", false, "install peers that are missing")
	f.BoolVar(&o.counts, "counts", true, "measure memory and the time to be ready as well")
	f.StringVar(&o.cache, "cache", "", "folder for peers that are built (default: grpcroute-bench in the user's cache folder)")
	if err := f.Parse(args); err != nil {
		return nil, "", err
	}
	if f.NArg() > 0 {
		return nil, "", fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if *quick {
		o.rounds, o.scale = 1, 0.01
	}
	if o.cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, "", err
		}
		o.cache = filepath.Join(dir, "grpcroute-bench")
	}
	for _, name := range []*string{&o.program, &o.before} { // proxies run in folders of their own
		if *name == "" {
			continue
		}
		abs, err := filepath.Abs(*name)
		if err != nil {
			return nil, "", err
		}
		*name = abs
	}
	o.peers, o.need = list(*peers), list(*need)
	return o, *out, nil
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

// replace writes a file beside the one of that name and renames it.
func replace(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if e := f.Chmod(0o644); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says what is wrong
	}
	return err
}

// asJSON is a value on one line.
func asJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
