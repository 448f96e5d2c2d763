package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// process is a running `grpcroute serve`.
type process struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	ended  chan error

	mu    sync.Mutex
	lines []string // of the standard error
	read  int
}

// startServe runs serve until the test ends and waits for "ready".
func startServe(t *testing.T, args ...string) *process {
	t.Helper()
	return startServeUntil(t, `^ready$`, args...)
}

// startServeUntil waits for another line.
func startServeUntil(t *testing.T, ready string, args ...string) *process {
	t.Helper()
	return startProcess(t, ready, append([]string{"serve"}, args...)...)
}

// startProcess runs a command until the test ends and waits for a line.
func startProcess(t *testing.T, ready string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command("grpcroute", args...), ended: make(chan error, 1)}
	p.cmd.Stdout = &p.stdout
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.gather(stderr)
	t.Cleanup(p.end)
	p.says(t, ready)
	return p
}

// end kills it, if it has not ended.
func (p *process) end() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

func (p *process) gather(stderr io.Reader) {
	for s := bufio.NewScanner(stderr); s.Scan(); {
		p.mu.Lock()
		p.lines = append(p.lines, s.Text())
		p.mu.Unlock()
	}
	p.ended <- p.cmd.Wait()
	close(p.ended)
}

// says waits for a line after those that were waited for before, and returns what
// its groups match.
func (p *process) says(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		p.mu.Lock()
		for i := p.read; i < len(p.lines); i++ {
			if m := re.FindStringSubmatch(p.lines[i]); m != nil {
				p.read = i + 1
				p.mu.Unlock()
				return m
			}
		}
		all := strings.Join(p.lines, "\n")
		p.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("no line matches %s:\n%s", pattern, all)
		}
	}
}

// said reports whether a line matched so far.
func (p *process) said(pattern string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.lines, regexp.MustCompile(pattern).MatchString)
}

// stop sends a signal and returns the exit code.
func (p *process) stop(t *testing.T, s os.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(15 * time.Second):
		t.Fatal("serve does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// socket returns the address of a Gateway's port.
func (p *process) socket(t *testing.T, port string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	re := regexp.MustCompile(`:` + port + ` → (\S+),`)
	for _, line := range slices.Backward(p.lines) {
		if m := re.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	t.Fatalf("no socket for port %s:\n%s", port, strings.Join(p.lines, "\n"))
	return ""
}

func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:"+address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("a.example.com"), grpc.WithDisableRetry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

func empty(cc *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := testpb.NewTestServiceClient(cc).EmptyCall(ctx, &testpb.Empty{})
	return err
}

const serveGateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec:
  gatewayClassName: any
  listeners: [{name: a, port: 8080, protocol: HTTP}]
`

func serveRoute(service string) string {
	return `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - matches: [{method: {service: ` + service + `}}]
    backendRefs: [{name: app, port: 50051}]
`
}

const testService = "grpc.testing.TestService"

// manifests writes a folder with a Gateway and a route.
func manifests(t *testing.T) (dir, route string) {
	t.Helper()
	dir = t.TempDir()
	route = filepath.Join(dir, "route.yaml")
	put(t, filepath.Join(dir, "gateway.yaml"), serveGateway)
	put(t, route, serveRoute(testService))
	return dir, route
}

// put writes a file as editors do: beside it, then renamed.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+"~", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

func TestServeMockAndAccessLog(t *testing.T) {
	dir, _ := manifests(t)
	began := time.Now()
	p := startServe(t, "--mock", "--access-log", "json", "--gateway-address", "demo/gw=127.0.0.1:0", dir)
	t.Logf("ready after %s, the process's start included", time.Since(began))
	cc := dial(t, p.socket(t, "8080"))
	if err := empty(cc); err != nil {
		t.Error(err)
	}
	if err := cc.Invoke(context.Background(), "/other.Service/M", &testpb.Empty{}, &testpb.Empty{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("a call without a route: %v", err)
	}
	if code := p.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	var codes []string
	for line := range strings.Lines(p.stdout.String()) {
		var r struct{ Path, Authority, Route, Backend, Code, Client, Message string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		codes = append(codes, r.Path+" "+r.Code+" "+r.Route+" "+r.Backend)
		if r.Authority != "a.example.com" || r.Client == "" {
			t.Errorf("%s", line)
		}
	}
	want := []string{"/grpc.testing.TestService/EmptyCall OK GRPCRoute demo/r demo/app:50051", "/other.Service/M UNIMPLEMENTED  "}
	if !slices.Equal(codes, want) {
		t.Errorf("access log %q, want %q", codes, want)
	}
	if !p.said(`^try: grpcurl -plaintext .* grpc\.testing\.TestService/METHOD$`) || !p.said(`GRPCRoute demo/r rule 0 → demo/app:50051`) {
		t.Errorf("it says:\n%s", strings.Join(p.lines, "\n"))
	}
}

// slow is the test service with a call that takes its time.
type slow struct {
	testpb.UnimplementedTestServiceServer
	begun chan struct{}
	takes time.Duration
}

func (s *slow) EmptyCall(ctx context.Context, _ *testpb.Empty) (*testpb.Empty, error) {
	s.begun <- struct{}{}
	select {
	case <-time.After(s.takes):
		return &testpb.Empty{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func serveBackend(t *testing.T, s testpb.TestServiceServer) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	testpb.RegisterTestServiceServer(server, s)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return l.Addr().String()
}

// TestServeDrains: calls in flight end after a signal; a second one cuts them off.
func TestServeDrains(t *testing.T) {
	dir, _ := manifests(t)
	for name, test := range map[string]struct {
		takes  time.Duration
		second bool
		want   codes.Code
	}{
		"once":  {takes: 500 * time.Millisecond, want: codes.OK},
		"twice": {takes: 8 * time.Second, second: true, want: codes.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := &slow{begun: make(chan struct{}, 1), takes: test.takes}
			p := startServe(t, "--backend", "demo/app:50051="+serveBackend(t, s), "--gateway-address", "demo/gw=127.0.0.1:0", dir)
			cc := dial(t, p.socket(t, "8080"))
			result := make(chan error, 1)
			go func() { result <- empty(cc) }()
			<-s.begun
			if test.second {
				time.AfterFunc(400*time.Millisecond, func() { _ = p.cmd.Process.Signal(os.Interrupt) })
			}
			began := time.Now()
			if code := p.stop(t, syscall.SIGTERM); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if err := <-result; status.Code(err) != test.want {
				t.Errorf("the call ended with %v after %s", err, time.Since(began))
			}
		})
	}
}

// TestServeWatch edits under load: good edits are served, broken ones told of, and
// no call fails.
func TestServeWatch(t *testing.T) {
	dir, route := manifests(t)
	p := startServe(t, "--watch", "--access-log", "off", "--backend", "demo/app:50051="+serveBackend(t, interop.NewTestServer()), "--gateway-address", "demo/gw=127.0.0.1:0", dir)
	cc := dial(t, p.socket(t, "8080"))
	var calls, failed atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				calls.Add(1)
				if err := empty(cc); err != nil {
					failed.Add(1)
					t.Error(err)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	good := serveRoute(testService) + "  - matches: [{method: {service: added.Service}}]\n    backendRefs: [{name: app, port: 50051}]\n"
	put(t, route, good)
	p.says(t, `^reloaded: changed GRPCRoute demo/r$`)
	for text, says := range map[string]string{
		"kind: [":                     `^error: read .*route\.yaml:1:`,
		"":                            `^error: no routes are left`,
		serveRoute("'not a service'"): `^error: the API server would refuse GRPCRoute demo/r`,
	} {
		put(t, route, text)
		p.says(t, says)
		p.says(t, `^error: the edit is not served`)
	}
	if err := os.Mkdir(filepath.Join(dir, "new"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "new", "route.yaml"), strings.Replace(good, "name: r,", "name: other,", 1))
	put(t, route, good+"    # later\n")
	p.says(t, `^reloaded: added GRPCRoute demo/other$`)
	put(t, filepath.Join(dir, "gateway.yaml"), strings.Replace(serveGateway, "[{", "[{name: b, port: 9090, protocol: HTTP}, {", 1))
	p.says(t, `^reloaded: changed Gateway demo/gw$`)
	p.says(t, `:9090 → `)
	if err := empty(dial(t, p.socket(t, "9090"))); err != nil {
		t.Errorf("a listener that was added: %v", err)
	}
	cancel()
	wg.Wait()
	if calls.Load() < 100 || failed.Load() > 0 {
		t.Errorf("%d of %d calls failed", failed.Load(), calls.Load())
	}
	if code := p.stop(t, os.Interrupt); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
