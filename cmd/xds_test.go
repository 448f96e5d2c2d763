package cmd_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/xds"
)

// xdsEdits are what the route of a test says, one after another: which backends take
// its calls.
var xdsEdits = []string{
	"[{name: app, port: 50051}]",
	"[{name: app, port: 50051, weight: 1}, {name: two, port: 1, weight: 1}]",
	"[{name: two, port: 1}]",
	"[{name: three, port: 1}]",
	"[{name: app, port: 50051}, {name: three, port: 1}]",
	"[{name: app, port: 50051}]",
}

func xdsRoute(backends string) string {
	return strings.Replace(serveRoute(testService), "[{name: app, port: 50051}]", backends, 1)
}

// callAlways makes calls until stop is called, none of which may fail.
func callAlways(t *testing.T, cc *grpc.ClientConn) (stop func()) {
	var calls atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				calls.Add(1)
				if err := empty(cc); err != nil {
					t.Errorf("call %d: %v", calls.Load(), err)
				}
				time.Sleep(3 * time.Millisecond)
			}
		})
	}
	return func() {
		for deadline := time.Now().Add(20 * time.Second); calls.Load() < 200 && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
		wg.Wait()
		if t.Logf("%d calls", calls.Load()); calls.Load() < 200 {
			t.Errorf("%d calls are too few", calls.Load())
		}
	}
}

// bootstrap writes the bootstrap of a client, as the command has it.
func bootstrap(t *testing.T, args ...string) string {
	t.Helper()
	text, err := exec.Command("grpcroute", append([]string{"xds", "--bootstrap"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestServeXDS: a gRPC client asks serve where its calls go, and reaches the mocks,
// whatever is edited.
func TestServeXDS(t *testing.T) {
	dir, route := manifests(t)
	put(t, filepath.Join(dir, "bad.yaml"), strings.NewReplacer("name: r,", "name: bad,", "app, port: 50051", "bad, port: 1", testService, "other.Service").Replace(serveRoute(testService)))
	p := startServe(t, "--mock", "--mock-error", "demo/bad=ABORTED", "--watch", "--access-log", "off", "--xds", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--gateway-address", "demo/gw=127.0.0.1:0", dir)
	at := p.at(t)
	resolver, err := xds.NewXDSResolverWithConfigForTesting([]byte(bootstrap(t, "grpc", "--address", at, "--node", "demo/gw/1", dir)))
	if err != nil {
		t.Fatal(err)
	}
	cc, err := grpc.NewClient("xds:///any.example.com", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithResolvers(resolver), grpc.WithDisableRetry())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cc.Close() }()
	stop := callAlways(t, cc)
	for _, backends := range xdsEdits[1:] {
		put(t, route, xdsRoute(backends))
		p.says(t, `^reloaded: changed GRPCRoute demo/r$`)
		time.Sleep(300 * time.Millisecond)
	}
	stop()
	// A mock that fails shows that calls go where they are sent.
	put(t, route, xdsRoute("[{name: bad, port: 1}]"))
	deadline := time.Now().Add(5 * time.Second)
	for err = empty(cc); status.Code(err) != codes.Aborted && time.Now().Before(deadline); err = empty(cc) {
		time.Sleep(10 * time.Millisecond)
	}
	if status.Code(err) != codes.Aborted {
		t.Errorf("calls to another mock: %v", err)
	}
	if got := metric(t, p.admin(t), "grpcroute_xds_streams"); got != `{gateway="demo/gw",kind="grpc",protocol="sotw"} 1` {
		t.Errorf("streams in the metrics: %q", got)
	}
	if !p.said(`^xDS: gRPC client "demo/gw/1" \(gRPC Go .*, state of the world\) asks for Gateway demo/gw$`) {
		t.Errorf("it says:\n%s", strings.Join(p.lines, "\n"))
	}
	if code := p.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// metric returns the line of a metric after its name.
func metric(t *testing.T, url, name string) string {
	t.Helper()
	r, err := http.Get(url + "metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name); ok {
			return rest
		}
	}
	return ""
}

// admin returns the address of the admin server.
func (p *process) admin(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	p.read = 0
	p.mu.Unlock()
	return p.says(t, `^metrics, table and a page for people: (\S+)$`)[1]
}

// at returns the address of the xDS server.
func (p *process) at(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	p.read = 0
	p.mu.Unlock()
	return p.says(t, `^xDS on (\S+): ADS`)[1]
}

// TestXDSEnvoy: an Envoy runs from the bootstrap that the command writes, takes
// edits, and goes on when the server is gone.
func TestXDSEnvoy(t *testing.T) {
	envoy := agreement.Envoy(t)
	dir, route := manifests(t)
	free := freeAddresses(t, 2)
	args := []string{"xds", "--watch", "--address", "127.0.0.1:0", "--listen", "demo/gw:8080=" + free[0]}
	for _, backend := range []string{"app:50051", "two:1", "three:1"} {
		args = append(args, "--backend", "demo/"+backend+"="+serveBackend(t, interop.NewTestServer()))
		put(t, route, xdsRoute(strings.Replace(xdsEdits[1], "}]", "}, {name: three, port: 1}]", 1))) // so that all are known
	}
	p := startProcess(t, `^ready$`, append(args, dir)...)
	at := p.at(t)
	name := filepath.Join(t.TempDir(), "envoy.yaml")
	put(t, name, bootstrap(t, "envoy", "--delta", "--address", at, "--envoy-admin", free[1], dir))
	run := exec.Command(envoy, "--log-level", "error", "--concurrency", "1", "--disable-hot-restart", "-c", name)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = run.Process.Kill(); _ = run.Wait() }()
	ready(t, "http://"+free[1]+"/ready")
	stop := callAlways(t, dial(t, free[0]))
	for _, backends := range xdsEdits {
		put(t, route, xdsRoute(backends))
		p.says(t, `^reloaded: changed GRPCRoute demo/r$`)
		time.Sleep(300 * time.Millisecond)
	}
	if code := p.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	time.Sleep(100 * time.Millisecond)
	stop()
	if !p.said(`^xDS: Envoy "demo/gw" \(envoy .*, delta\) asks for Gateway demo/gw$`) || p.said(`^(warning|error): xDS`) {
		t.Errorf("it says:\n%s", strings.Join(p.lines, "\n"))
	}
}

func ready(t *testing.T, url string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if r, err := http.Get(url); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("Envoy is not ready")
		}
	}
}

// freeAddresses returns addresses that nobody listens to.
func freeAddresses(t *testing.T, n int) (out []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		out = append(out, l.Addr().String())
	}
	return out
}
