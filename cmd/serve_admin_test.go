package cmd_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// told returns what the groups of a pattern match in the first of all lines that it
// matches.
func (p *process) told(t *testing.T, pattern string) []string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	re := regexp.MustCompile(pattern)
	for _, line := range p.lines {
		if m := re.FindStringSubmatch(line); m != nil {
			return m
		}
	}
	t.Fatalf("no line matches %s:\n%s", pattern, strings.Join(p.lines, "\n"))
	return nil
}

// adminURL is where --admin is served, without the last slash.
func (p *process) adminURL(t *testing.T) string {
	t.Helper()
	return p.told(t, `^metrics, table and a page for people: (http://\S+)/$`)[1]
}

func get(t *testing.T, url string) (code int, kind, body string) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Header.Get("Content-Type"), string(data)
}

// counts waits until metrics have lines, and fails with those of the same kind.
func counts(t *testing.T, admin string, wants ...string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, _, body := get(t, admin+"/metrics")
		lines := strings.Split(body, "\n")
		missing := slices.DeleteFunc(slices.Clone(wants), func(want string) bool { return slices.Contains(lines, want) })
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			lines = slices.DeleteFunc(lines, func(line string) bool {
				return !strings.HasPrefix(line, "grpcroute_") || strings.Contains(line, "_bucket")
			})
			t.Fatalf("metrics lack\n%s\nand have\n%s", strings.Join(missing, "\n"), strings.Join(lines, "\n"))
		}
	}
}

const adminRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - matches: [{method: {service: grpc.testing.TestService, method: EmptyCall}}]
    backendRefs: [{name: app, port: 50051}]
  - name: down
    matches: [{method: {service: down.Service}}]
    backendRefs: [{name: down, port: 50051, weight: 3}, {name: gone, port: 50051, weight: 1}]
  - matches: [{headers: [{name: x-tier, value: gold}]}, {headers: [{name: x-tier, value: silver}, {name: x-beta, value: "1"}]}]
    backendRefs: [{name: app, port: 50051}]
`

// TestServeAdmin asks the process for what it does: health, metrics over reloads,
// the table, explanations, the page.
func TestServeAdmin(t *testing.T) {
	dir, route := manifests(t)
	put(t, route, adminRoute)
	p := startServe(t, "--admin", "127.0.0.1:0", "--watch", "--access-log", "off", "--backend", "demo/app:50051="+serveBackend(t, interop.NewTestServer()),
		"--gateway-address", "demo/gw=127.0.0.1:0", dir)
	admin := p.adminURL(t)
	for path, want := range map[string]string{"/healthz": "200 text/plain; charset=utf-8 ok\n", "/readyz": "200 text/plain; charset=utf-8 ready\n"} {
		if code, kind, body := get(t, admin+path); http.StatusText(code) != "OK" || "200 "+kind+" "+body != want {
			t.Errorf("%s: %d %s %q", path, code, kind, body)
		}
	}
	if code, kind, body := get(t, admin+"/"); code != 200 || !strings.HasPrefix(kind, "text/html") || !strings.Contains(body, "/explain") {
		t.Errorf("the page: %d %s %.200s", code, kind, body)
	}
	cc := dial(t, p.socket(t, "8080"))
	call := func(times int, path string, want codes.Code) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		for range times {
			if err := cc.Invoke(ctx, path, &testpb.Empty{}, &testpb.Empty{}); status.Code(err) != want {
				t.Errorf("%s: %v, want %s", path, err, want)
			}
		}
	}
	const emptyCall = "/grpc.testing.TestService/EmptyCall"
	call(3, emptyCall, codes.OK)
	call(1, "/no.Service/Call", codes.Unimplemented)
	counts(t, admin,
		`grpcroute_calls_total{backend="demo/app:50051",code="OK",route="GRPCRoute demo/r",rule="0"} 3`,
		`grpcroute_calls_total{backend="",code="UNIMPLEMENTED",route="",rule=""} 1`,
		`grpcroute_call_duration_seconds_count{backend="demo/app:50051",route="GRPCRoute demo/r",rule="0"} 3`,
		`grpcroute_reloads_total{result="taken"} 0`, `grpcroute_reloads_total{result="refused"} 0`,
		`grpcroute_client_connections 1`, `grpcroute_open_calls 0`)
	adminTable(t, admin)
	adminExplains(t, admin, dir)
	put(t, route, "kind: [")
	p.says(t, `^error: the edit is not served`)
	call(1, emptyCall, codes.OK)
	put(t, route, strings.Replace(adminRoute, "name: x-tier", "name: x-level", 1))
	p.says(t, `^reloaded: changed GRPCRoute demo/r$`)
	call(2, emptyCall, codes.OK)
	counts(t, admin,
		`grpcroute_calls_total{backend="demo/app:50051",code="OK",route="GRPCRoute demo/r",rule="0"} 6`,
		`grpcroute_reloads_total{result="taken"} 1`, `grpcroute_reloads_total{result="refused"} 1`)
	if _, _, body := get(t, admin+"/table"); !strings.Contains(body, "x-level: gold") {
		t.Errorf("the table is that of before the edit: %s", body)
	}
	adminExplains(t, admin, dir)
}

// adminTable reads /table as programs do.
func adminTable(t *testing.T, admin string) {
	t.Helper()
	var table struct {
		Schema    string
		Listeners []struct {
			Gateway, Address string
			Port             int
			TLS              bool
		}
		Servers []struct {
			Profile  string
			Gateways []string
			Hosts    []struct {
				Entries []struct {
					Route, RuleName, Path, Code string
					Rule                        int
					Headers                     []string
					Backends                    []struct{ Name, Share string }
				}
			}
		}
	}
	code, kind, body := get(t, admin+"/table")
	if err := json.Unmarshal([]byte(body), &table); err != nil || code != 200 || kind != "application/json" {
		t.Fatalf("%d %s %v: %s", code, kind, err, body)
	}
	if table.Schema != "grpcroute.table/v1" || len(table.Listeners) != 1 || len(table.Servers) != 1 || len(table.Servers[0].Hosts) != 1 {
		t.Fatalf("the table is %s", body)
	}
	if l := table.Listeners[0]; l.Gateway != "demo/gw" || l.Port != 8080 || l.TLS || l.Address == "" {
		t.Errorf("listener %+v", l)
	}
	var got []string
	for _, e := range table.Servers[0].Hosts[0].Entries {
		line := strings.Join(append([]string{e.Route, e.RuleName, e.Path}, e.Headers...), "|")
		for _, b := range e.Backends {
			line += " → " + b.Name + " " + b.Share
		}
		got = append(got, line)
	}
	want := []string{
		"GRPCRoute demo/r||/grpc.testing.TestService/EmptyCall → demo/app:50051 1/1",
		"GRPCRoute demo/r|down|/down.Service/* → demo/down:50051 3/4 → demo/gone:50051 1/4",
		"GRPCRoute demo/r|||x-tier: silver|x-beta: 1 → demo/app:50051 1/1",
		"GRPCRoute demo/r|||x-tier: gold → demo/app:50051 1/1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// adminExplains compares /explain with what the command prints.
func adminExplains(t *testing.T, admin, dir string) {
	t.Helper()
	for _, call := range [][]string{
		{"a.example.com/grpc.testing.TestService/EmptyCall"},
		{"a.example.com/down.Service/Call"},
		{"a.example.com/no.Service/Call"},
		{"a.example.com/no.Service/Call", "x-tier: silver", "X-Beta: 1"},
		{"/no.Service/Call", "x-tier: gold"},
	} {
		query, args := url.Values{"call": call[:1], "header": call[1:], "gateway": {"demo/gw"}, "port": {"8080"}},
			[]string{"explain", "-o", "json", "-f", dir, "--gateway", "demo/gw", "--port", "8080", call[0]}
		for _, h := range call[1:] {
			args = append(args, "-H", h)
		}
		want, err := exec.Command("grpcroute", args...).Output()
		if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
			t.Fatalf("grpcroute %q: %v", args, err)
		}
		code, kind, body := get(t, admin+"/explain?"+query.Encode())
		if code != 200 || kind != "application/json" {
			t.Fatalf("%q: %d %s %s", call, code, kind, body)
		}
		if diff := cmp.Diff(document(t, want), document(t, []byte(body))); diff != "" {
			t.Errorf("%q (-command +serve):\n%s", call, diff)
		}
	}
	if code, _, body := get(t, admin+"/explain?call=nonsense"); code != 400 || !strings.Contains(body, `"error"`) {
		t.Errorf("a call that is none: %d %s", code, body)
	}
}

func document(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// TestServeNotReadyWhileItDrains: whoever asks is told that no new call should come.
func TestServeNotReadyWhileItDrains(t *testing.T) {
	dir, _ := manifests(t)
	s := &slow{begun: make(chan struct{}, 1), takes: 700 * time.Millisecond}
	p := startServe(t, "--admin", "127.0.0.1:0", "--backend", "demo/app:50051="+serveBackend(t, s), "--gateway-address", "demo/gw=127.0.0.1:0", dir)
	admin, cc := p.adminURL(t), dial(t, p.socket(t, "8080"))
	result := make(chan error, 1)
	go func() { result <- empty(cc) }()
	<-s.begun
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.says(t, `calls in flight have`)
	if code, _, body := get(t, admin+"/readyz"); code != http.StatusServiceUnavailable || body != "not ready\n" {
		t.Errorf("/readyz: %d %q", code, body)
	}
	if code, _, _ := get(t, admin+"/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d", code)
	}
	if err := <-result; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
}

// TestServeRefusesWrongAddresses before anything is opened.
func TestServeRefusesWrongAddresses(t *testing.T) {
	dir, _ := manifests(t)
	for flag, want := range map[string]string{
		"--admin=here":            `--admin "here": expected HOST:PORT`,
		"--admin=127.0.0.1:high":  `--admin "127.0.0.1:high": expected a port number`,
		"--listen=127.0.0.1:high": `--listen "127.0.0.1:high": expected a port number`,
	} {
		out, err := exec.Command("grpcroute", "serve", flag, dir).CombinedOutput()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", flag, err, out)
		}
	}
}
