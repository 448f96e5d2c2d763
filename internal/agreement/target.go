// Package agreement compares, for tests, calls through a proxy that runs a
// translated configuration with what the routing table says of them.
package agreement

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// Target is a proxy that a translator writes for.
type Target struct {
	// Program is what it is called on the command line.
	Program string
	// Config is the name of its configuration.
	Config string
	// Translate writes the configuration.
	Translate func([]*routing.Table, plan.Options) (text []byte, notes diag.List, files map[string][]byte, err error)
	// Check and Run are its arguments to check a configuration, and to run it until it
	// is killed, in the foreground.
	Check, Run func(config string) []string
	// Adapt makes a configuration independent of folders that only root can write to;
	// nil when it is.
	Adapt func(text, dir string) string
	// MaxGrouped is the length of the longest text that is asked an expression which
	// repeats a group: calls with longer ones fail. 0 is no limit.
	MaxGrouped int
	// Once: of a header sent several times the proxy sees one value, or reads them in
	// another way, and an empty one is none to it; calls are made without such.
	Once bool
}

// Need ends or skips a test on a machine without the proxy.
func (p *Target) Need(t testing.TB) {
	t.Helper()
	_, err := exec.LookPath(p.Program)
	switch {
	case err == nil:
	case os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1":
		t.Fatalf("no %s: %v", p.Program, err)
	default:
		t.Skipf("WITHOUT %s, nothing is compared with it: %v", strings.ToUpper(p.Program), err)
	}
}

// compare starts n backends for calls through the proxy.
func (p *Target) compare(t testing.TB, n int) *Agreement {
	a := New(t, func(ts []*routing.Table, o plan.Options) ([]*Plane, diag.List, string) {
		text, notes, files, err := p.Translate(ts, o)
		if err != nil {
			t.Fatal(err)
		}
		work, err := plan.Make(ts, o)
		if err != nil {
			t.Fatal(err)
		}
		plane := NewPlane(t, p.Program)
		for _, d := range work.Doors {
			plane.At[d.Name], plane.Secure[d.Name] = d.Address, d.Secure
		}
		if len(plane.At) == 0 {
			return nil, nil, ""
		}
		stop, inUse := p.TryRun(t, text, files, slices.Collect(maps.Values(plane.At)))
		plane.Stops = []func(){stop}
		return []*Plane{plane}, notes, inUse
	}, n)
	a.once = p.Once
	return a
}

// Lay writes a configuration, with its files, to a folder of the test and returns
// its path.
func (p *Target) Lay(t testing.TB, text []byte, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	if p.Adapt != nil {
		text = []byte(p.Adapt(string(text), dir))
	}
	config := filepath.Join(dir, p.Config)
	for name, data := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// Validate asks the proxy whether it would take a configuration; a warning, too, is
// an error.
func (p *Target) Validate(t testing.TB, text []byte, files map[string][]byte) error {
	t.Helper()
	config := p.Lay(t, text, files)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, p.Program, p.Check(config)...).CombinedOutput()
	if err == nil && (bytes.Contains(out, []byte("[warn]")) || bytes.Contains(out, []byte("[WARNING]"))) {
		err = errors.New("there are warnings")
	}
	if err != nil {
		return fmt.Errorf("%w: %s\n%s", err, out, cut(text))
	}
	return nil
}

func cut(text []byte) []byte { return text[:min(len(text), 20_000)] }

// TryRun runs the proxy until the test ends, or stop is called; inUse is what it
// said when somebody else has one of its addresses.
func (p *Target) TryRun(t testing.TB, text []byte, files map[string][]byte, addresses []string) (stop func(), inUse string) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command(p.Program, p.Run(p.Lay(t, text, files))...)
	cmd.Stdout, cmd.Stderr = &said, &said
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = sync.OnceFunc(func() {
		endGroup(cmd)
		<-ended
	})
	t.Cleanup(stop)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if answering(addresses) {
			return stop, ""
		}
		select {
		case err := <-ended:
			ended <- err
			if strings.Contains(strings.ToLower(said.String()), "address already in use") {
				return nil, said.String()
			}
			t.Fatalf("%s ended: %v\n%s\n%s", p.Program, err, said.Bytes(), cut(text))
		default:
		}
		if time.Now().After(deadline) {
			stop()
			t.Fatalf("%s is not ready\n%s", p.Program, said.Bytes())
		}
	}
}

// answering reports whether somebody listens at each address.
func answering(addresses []string) bool {
	for _, at := range addresses {
		c, err := net.DialTimeout("tcp", at, time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
	}
	return true
}

// given are the addresses that [Addresses] returned.
var given sync.Map

// Addresses returns free addresses on this machine, none of them twice in a process:
// what is asked for next may be opened before what was asked for first.
func Addresses(t testing.TB, n int) []string {
	t.Helper()
	var out []string
	for len(out) < n {
		l, err := fresh.Listen(context.Background(), "tcp", ownHost+":0")
		if err != nil {
			l, err = fresh.Listen(context.Background(), "tcp", "127.0.0.1:0")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		if _, old := given.LoadOrStore(l.Addr().String(), true); !old {
			out = append(out, l.Addr().String())
		}
	}
	return out
}

// ownHost is a loopback address of this process alone, where there are such: until
// the proxy listens, nobody else is given one of its ports.
var ownHost = fmt.Sprintf("127.65.%d.%d", os.Getpid()>>8&255, 1+os.Getpid()%254)
