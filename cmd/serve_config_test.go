package cmd_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// configured is a proxy's configuration; the addresses of direct, copied and secure,
// and a CA bundle in JSON are filled in.
const configured = `{"version": 3, "hasGrpcRoute": true, "rules": [
  {"hostnames": ["shop.example.com"],
   "matches": [{"path": {"type": "Exact", "value": "/grpc.testing.TestService/UnaryCall"}, "headers": [{"type": "Exact", "name": "Tier", "value": "gold"}]}],
   "backends": [{"url": "http://gold.shop.svc.cluster.local:7000", "weight": 1, "protocol": "h2c"}]},
  {"hostnames": ["*.example.com"],
   "matches": [{"path": {"type": "PathPrefix", "value": "/grpc.testing.TestService/"}}],
   "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-from", "value": "proxy"}], "add": [{"name": "x-also", "value": "2"}], "remove": ["x-secret"]}},
               {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": "x-by", "value": "rule one"}]}},
               {"type": "RequestMirror", "requestMirror": {"backendUrl": "http://%[2]s", "protocol": "h2c"}}],
   "backends": [{"url": "http://%[1]s", "weight": 1, "protocol": "h2c"}]},
  {"matches": [{"path": {"type": "PathPrefix", "value": "/down.Service/"}}], "unavailableStatus": 503, "backends": null},
  {"hostnames": ["split.example.org"],
   "backends": [{"url": "http://gold.shop.svc.cluster.local:7000", "weight": 3, "protocol": "h2c"},
                {"url": "http://gone.shop.svc.cluster.local:7000", "weight": 1, "unavailableStatus": 503},
                {"url": "http://%[1]s", "weight": 0, "protocol": "h2c"}]},
  {"hostnames": ["secure.example.org"], "backends": [{"url": "https://%[3]s", "weight": 1, "tls": {"serverName": "app.internal", "caBundle": %[4]s}}]},
  {"hostnames": ["fooled.example.org"], "backends": [{"url": "https://%[3]s", "weight": 1, "tls": {"serverName": "other.internal", "caBundle": %[4]s}}]},
  {"hostnames": ["web.example.org"], "backends": [{"url": "http://%[1]s", "weight": 1}]}
]}`

// fleet is a configuration's backends, and its file.
type fleet struct {
	gold, direct, copied, secure *real
	file, text                   string
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	ca, bundle := authority(t)
	quoted, err := json.Marshal(bundle)
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{
		gold: realServer(t, "gold"), direct: realServer(t, "direct"), copied: realServer(t, "copied"),
		secure: realServer(t, "secure", grpc.Creds(credentials.NewServerTLSFromCert(signed(t, ca, "app.internal")))),
		file:   filepath.Join(t.TempDir(), "proxy.json"),
	}
	f.text = fmt.Sprintf(configured, f.direct.address, f.copied.address, f.secure.address, quoted)
	put(t, f.file, f.text)
	return f
}

// proxySocket is where a configuration is served.
func (p *process) proxySocket(t *testing.T) string {
	t.Helper()
	return p.told(t, `^Gateway proxy/proxy .* → (\S+), http2 without TLS$`)[1]
}

// unary makes a call and returns which server answered, and the answer's headers.
func unary(t *testing.T, cc *grpc.ClientConn, host string, headers ...string) (string, metadata.MD, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(context.Background(), headers...), 5*time.Second)
	defer cancel()
	var h, trailer metadata.MD
	out, err := testpb.NewTestServiceClient(cc).UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.CallAuthority(host), grpc.Header(&h), grpc.Trailer(&trailer))
	return out.GetServerId(), metadata.Join(h, trailer), err
}

// TestServeConfig serves the configuration of a tunnel controller's proxy.
func TestServeConfig(t *testing.T) {
	f := newFleet(t)
	p := startServe(t, "--config", f.file, "--listen", "127.0.0.1:0", "--explain-headers", "--backend", "shop/gold:7000="+f.gold.address)
	cc := dial(t, p.proxySocket(t))
	for _, tt := range []struct {
		host    string
		headers []string
		server  string
		code    codes.Code
		rule    string
	}{
		{"shop.example.com", []string{"tier", "gold"}, "gold", codes.OK, "0"},
		{"SHOP.example.com:443", []string{"tier", "silver"}, "direct", codes.OK, "1"},
		{"a.b.example.com", nil, "direct", codes.OK, "1"},
		{"other.example.org", nil, "", codes.Unimplemented, ""},
		{"secure.example.org", nil, "secure", codes.OK, "4"},
		{"fooled.example.org", nil, "", codes.Unavailable, "5"},
		{"web.example.org", nil, "", codes.Unavailable, ""}, // over HTTP/1.1: HTTP status 502, whose headers the client does not show
	} {
		server, h, err := unary(t, cc, tt.host, tt.headers...)
		if server != tt.server || status.Code(err) != tt.code || strings.Join(h.Get("grpcroute-rule"), ",") != tt.rule {
			t.Errorf("%s %q: %q, rule %q, %v; want %q, rule %s, %s", tt.host, tt.headers, server, h.Get("grpcroute-rule"), err, tt.server, tt.rule, tt.code)
		}
	}
	if err := cc.Invoke(context.Background(), "/down.Service/Call", &testpb.Empty{}, &testpb.Empty{}, grpc.CallAuthority("any")); status.Code(err) != codes.Unavailable {
		t.Errorf("a rule with a status: %v", err)
	}
	configFilters(t, cc, f)
	got := map[string]int{}
	for range 400 {
		server, _, err := unary(t, cc, "split.example.org")
		got[server+" "+status.Code(err).String()]++
	}
	if n := got["gold OK"]; n < 257 || n > 343 || got[" Unavailable"] != 400-n {
		t.Errorf("of 400 calls: %v; want some 300 to gold, and the others refused", got)
	}
}

// configFilters: what the rule changes of a call, and where its copy goes.
func configFilters(t *testing.T, cc *grpc.ClientConn, f *fleet) {
	t.Helper()
	before := f.copied.calls(unaryMethod)
	_, h, err := unary(t, cc, "filtered.example.com", "x-from", "client", "x-also", "1", "x-secret", "s", "x-kept", "k")
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Get("x-by"); strings.Join(got, "|") != "rule one" {
		t.Errorf("the answer has x-by %q", got)
	}
	for name, want := range map[string]string{"x-from": "proxy", "x-also": "1|2", "x-secret": "", "x-kept": "k"} {
		if got := strings.Join(f.direct.header(name), "|"); got != want {
			t.Errorf("the server gets %s %q, want %q", name, got, want)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); f.copied.calls(unaryMethod) == before; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no copy arrived")
		}
	}
	if n := f.gold.calls(unaryMethod); n != 1 {
		t.Errorf("gold got %d calls, want 1", n)
	}
}

// TestServeConfigWithMocks: stand-ins for what only a cluster would know.
func TestServeConfigWithMocks(t *testing.T) {
	f := newFleet(t)
	p := startServe(t, "--config", f.file, "--listen", "127.0.0.1:0", "--mock")
	cc := dial(t, p.proxySocket(t))
	for host, want := range map[string]string{"shop.example.com": " shop/gold:7000", "a.example.com": "direct " + f.direct.address} {
		server, h, err := unary(t, cc, host, "tier", "gold")
		if got := server + " " + strings.Join(h.Get("grpcroute-backend"), ","); err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", host, got, want, err)
		}
	}
	if f.gold.calls(unaryMethod) != 0 {
		t.Error("a Service without --backend was reached")
	}
}

// TestServeConfigBackendOfAHost: --backend replaces an address that is dialled as it
// stands, too.
func TestServeConfigBackendOfAHost(t *testing.T) {
	f := newFleet(t)
	p := startServe(t, "--config", f.file, "--listen", "127.0.0.1:0", "--backend", f.direct.address+"="+f.gold.address)
	if server, _, err := unary(t, dial(t, p.proxySocket(t)), "a.example.com"); server != "gold" || err != nil {
		t.Errorf("%q answers, %v; want gold", server, err)
	}
}

// TestServeConfigRefuses a configuration that the proxy would not take.
func TestServeConfigRefuses(t *testing.T) {
	for text, wants := range map[string][]string{
		"{\"version\": 1,\n \"rules\": [\n  {\"backends\": [{\"url\": \"ftp://a\", \"weight\": -1}]}]}": {
			`proxy.json:3:25: "ftp://a" has no http or https scheme, or no host`, `proxy.json:3:46: weight -1 is negative`},
		"{\"version\": 1,\n \"rules\": [,]}": {`proxy.json:2:11: not JSON: `},
		"":                                   {`proxy.json:1:1: `},
	} {
		file := filepath.Join(t.TempDir(), "proxy.json")
		put(t, file, text)
		out, err := exec.Command("grpcroute", "serve", "--config", file).CombinedOutput()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 3 {
			t.Errorf("%s: %v", text, err)
		}
		for _, want := range wants {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s:\n%s\nwant %s", text, out, want)
			}
		}
	}
}

// TestServeConfigWatch: a good edit is served on the connections that are there, a
// broken one changes nothing.
func TestServeConfigWatch(t *testing.T) {
	f := newFleet(t)
	p := startServe(t, "--config", f.file, "--watch", "--access-log", "off", "--listen", "127.0.0.1:0", "--backend", "shop/gold:7000="+f.gold.address, "--admin", "127.0.0.1:0")
	var dials atomic.Int64
	cc, err := grpc.NewClient("passthrough:"+p.proxySocket(t), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry(),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			dials.Add(1)
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	answers := func(want string) {
		t.Helper()
		if server, _, err := unary(t, cc, "shop.example.com", "tier", "bronze"); server != want || err != nil {
			t.Errorf("%q answers, %v; want %s", server, err, want)
		}
	}
	answers("direct")
	put(t, f.file, strings.Replace(f.text, `"value": "gold"`, `"value": "bronze"`, 1))
	p.says(t, `^reloaded: changed .*proxy\.json$`)
	answers("gold")
	put(t, f.file, strings.Replace(f.text, `"Exact"`, `"Equal"`, 1))
	p.says(t, `^error: .*proxy\.json:3:\d+: type "Equal" is not known`)
	p.says(t, `^error: the edit is not served`)
	answers("gold")
	put(t, f.file, f.text)
	p.says(t, `^reloaded: changed`)
	answers("direct")
	if n := dials.Load(); n != 1 {
		t.Errorf("the client connected %d times: an edit closes no connection", n)
	}
	counts(t, p.adminURL(t), `grpcroute_reloads_total{result="taken"} 2`, `grpcroute_reloads_total{result="refused"} 1`)
}
