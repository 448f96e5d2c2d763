package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/admin"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

const manifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec: {gatewayClassName: any, listeners: [{name: grpc, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: shop, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  hostnames: [shop.example.org]
  rules:
  - name: carts
    matches: [{method: {service: shop.Cart, method: Add}, headers: [{name: X-Tier, value: gold}]}, {method: {type: RegularExpression, service: 'shop\..*'}}]
    backendRefs: [{name: cart, port: 1, weight: 3}, {name: none, kind: ConfigMap, port: 1}]
  - matches: [{method: {service: empty.Service}}]
`

// world is a proxy with its Admin.
type world struct {
	admin *admin.Admin
	web   *httptest.Server
	calls *grpc.ClientConn
}

func open(t *testing.T) *world {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(manifests)})
	if err != nil {
		t.Fatal(err)
	}
	table := routing.Compile(topology.Resolve(set, topology.Options{Assume: topology.AssumePresent}))
	backend := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		_ = s.RecvMsg(&emptypb.Empty{}) // whatever it is
		return s.SendMsg(&emptypb.Empty{})
	}))
	at := listen(t)
	go func() { _ = backend.Serve(at) }()
	t.Cleanup(backend.Stop)

	w := &world{}
	var server *proxy.Server
	w.admin = admin.New(admin.Options{
		Tables: func() []*routing.Table { return []*routing.Table{table} },
		Listeners: func() []admin.Listener {
			return []admin.Listener{{Gateway: "demo/gw", Port: 8080, Address: "127.0.0.1:8080"}}
		},
		Stats: func() proxy.Stats { return server.Stats() },
		Explain: func(c admin.Call) ([]byte, error) {
			if c.Target == "bad" {
				return nil, errors.New("bad is no call")
			}
			return json.Marshal(map[string]any{"outcome": "routed", "target": c.Target, "headers": c.Headers, "port": c.Port, "witness": c.Witness,
				"route": map[string]string{"namespace": "demo", "name": "shop", "kind": "GRPCRoute"}, "rule": 0,
				"backends": []any{map[string]any{"namespace": "demo", "name": "cart", "port": 1, "share": "3/4"}}})
		},
	})
	server = proxy.New(proxy.Config{Table: table, Backend: func(*routing.Server, *topology.Backend) proxy.Backend {
		return proxy.Backend{Addresses: []string{at.Addr().String()}}
	}}, proxy.Options{Done: w.admin.Done})
	front := listen(t)
	go func() { _ = server.Serve(front, proxy.Listener{Gateway: "demo/gw", Port: 8080}) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = server.Shutdown(ctx)
	})
	w.web = httptest.NewServer(w.admin)
	t.Cleanup(w.web.Close)
	w.calls, err = grpc.NewClient(front.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("shop.example.org"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.calls.Close() })
	return w
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// call makes calls and counts those that failed.
func (w *world) call(t *testing.T, method string, n int) (failed int) {
	t.Helper()
	for range n {
		if err := w.calls.Invoke(t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
			failed++
		}
	}
	return failed
}

// get asks the Admin and wants a status.
func (w *world) get(t *testing.T, path string, status int) string {
	t.Helper()
	r, err := http.Get(w.web.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != status {
		t.Errorf("%s: status %d, want %d: %s", path, r.StatusCode, status, body)
	}
	return string(body)
}

// TestCallsAreCounted compares metrics with the calls that were made.
func TestCallsAreCounted(t *testing.T) {
	w := open(t)
	const calls = 40
	failed := w.call(t, "/shop.Cart/Get", calls)
	w.call(t, "/empty.Service/A", 2)
	w.call(t, "/nobody.Service/A", 3)
	w.admin.Reloaded(true)
	w.admin.Reloaded(false)
	text := w.get(t, "/metrics", 200)
	var got struct {
		Calls []struct {
			Route, Backend, Code string
			Rule, Count          int
		}
		Clients int
	}
	if err := json.Unmarshal([]byte(w.get(t, "/calls", 200)), &got); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, c := range got.Calls {
		counts[c.Route+" "+c.Backend+" "+c.Code] += c.Count
	}
	if ok := counts["GRPCRoute demo/shop demo/cart:1 OK"]; ok != calls-failed || counts["GRPCRoute demo/shop demo/none:1 UNAVAILABLE"] != failed || ok == 0 {
		t.Errorf("%d calls with %d failed were counted as %v", calls, failed, counts)
	}
	if counts["GRPCRoute demo/shop  UNIMPLEMENTED"] != 2 || counts["  UNIMPLEMENTED"] != 3 || got.Clients != 1 {
		t.Errorf("calls without a backend were counted as %v, %d clients", counts, got.Clients)
	}
	for _, want := range []string{
		`grpcroute_calls_total{backend="",code="UNIMPLEMENTED",route="",rule=""} 3`,
		`grpcroute_call_duration_seconds_count{backend="",route="GRPCRoute demo/shop",rule="1"} 2`,
		`grpcroute_reloads_total{result="refused"} 1`, `grpcroute_client_connections 1`, `grpcroute_open_calls 0`,
		`grpcroute_backend_connections{address="127.0.0.1:`, `go_goroutines`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

// TestTable reads the table back.
func TestTable(t *testing.T) {
	w := open(t)
	var got struct {
		Schema  string
		Servers []struct {
			Profile string
			Hosts   []struct {
				Host    string
				Entries []struct {
					Route, Path, Code, Why string
					Match                  *int
					Headers                []string
					Backends               []struct{ Name, Share, Code string }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(w.get(t, "/table", 200)), &got); err != nil {
		t.Fatal(err)
	}
	host := got.Servers[0].Hosts[0]
	if got.Schema != "grpcroute.table/v1" || got.Servers[0].Profile != "spec" || host.Host != "shop.example.org" || len(host.Entries) != 3 {
		t.Fatalf("table %+v", got)
	}
	paths := map[string]bool{}
	for _, e := range host.Entries {
		paths[e.Path] = true
		switch e.Path {
		case "/shop.Cart/Add":
			if e.Headers[0] != "x-tier: gold" || e.Backends[0].Share != "3/4" || e.Backends[0].Name != "demo/cart:1" || e.Backends[1].Code != "UNAVAILABLE" {
				t.Errorf("entry %+v", e)
			}
		case "/empty.Service/*":
			if e.Code != "UNIMPLEMENTED" || e.Why == "" || *e.Match != 0 {
				t.Errorf("entry %+v", e)
			}
		}
	}
	if !paths[`/~shop\..*/*`] {
		t.Errorf("paths %v", paths)
	}
}

// TestAnswers: health, readiness, explanations, and what is refused.
func TestAnswers(t *testing.T) {
	w := open(t)
	w.get(t, "/healthz", 200)
	w.get(t, "/readyz", 503)
	w.admin.SetReady(true)
	w.get(t, "/readyz", 200)
	w.get(t, "/nothing", 404)
	if got := w.get(t, "/explain?call=a/b.C/D&header=x:+1&header=y:+2&port=8080", 200); !strings.Contains(got, `"headers":["x: 1","y: 2"]`) || !strings.Contains(got, `"port":8080`) {
		t.Errorf("explain got %s", got)
	}
	for path, want := range map[string]string{
		"/explain": "no call given", "/explain?call=bad": "bad is no call", "/explain?call=a&port=x": "port x is not a number",
	} {
		if got := w.get(t, path, 400); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	post := func(body string) string {
		r, err := http.Post(w.web.URL+"/explain", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		return string(text)
	}
	if got := post(`{"authority":"a","path":"/b.C/D","headers":{"x":"1"}}`); !strings.Contains(got, `"path":"/b.C/D"`) {
		t.Errorf("a witness got %s", got)
	}
	if got := post(`{"authorty":"a"}`); !strings.Contains(got, `unknown field \"authorty\"`) {
		t.Errorf("a wrong witness got %s", got)
	}
	r, err := http.NewRequest("GET", w.web.URL+"/table", nil)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"evil.example": 421, "localhost:1": 200, "[::1]:9": 200} {
		r.Host = host
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _ = got.Body.Close(); got.StatusCode != want {
			t.Errorf("host %s: status %d, want %d", host, got.StatusCode, want)
		}
	}
}

// TestCodeName: numbers that are no status do not become labels of their own.
func TestCodeName(t *testing.T) {
	for code, want := range map[int]string{0: "OK", 14: "UNAVAILABLE", 16: "UNAUTHENTICATED", 17: "OTHER", -1: "OTHER"} {
		if got := admin.CodeName(code); got != want {
			t.Errorf("%d is %s, want %s", code, got, want)
		}
	}
}

// BenchmarkDone counts a call of a series that is known.
func BenchmarkDone(b *testing.B) {
	a := admin.New(admin.Options{})
	r := &proxy.Record{Route: "GRPCRoute demo/shop", Backend: "demo/cart:1", RequestBytes: 100, ResponseBytes: 100}
	b.ReportAllocs()
	for b.Loop() {
		a.Done(r)
	}
}
