package cmd_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// twoClasses are Gateways of two implementations.
func twoClasses(left, right string) string {
	gateway := func(name, class string) string {
		return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: " + name + ", namespace: demo}\nspec:\n  gatewayClassName: " + class +
			"\n  listeners: [{name: a, port: 8080, protocol: HTTP}]\n"
	}
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: one}\nspec: {controllerName: kgateway.dev/kgateway}\n" + gateway("left", left) + gateway("right", right)
}

// bothRoute is a route on both; they differ in what they answer to a rule without
// backends.
func bothRoute(pattern string) string {
	return `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: demo}
spec:
  parentRefs: [{name: left}, {name: right}]
  rules:
  - matches: [{method: {service: grpc.testing.TestService}}]
    backendRefs: [{name: app, port: 50051}]
  - matches: [{method: {service: empty.Service}, headers: [{name: way, type: RegularExpression, value: '` + pattern + `'}]}]
`
}

// TestServeTwoImplementations: with --profile auto each Gateway behaves as its own
// implementation does, both at once, over edits too.
func TestServeTwoImplementations(t *testing.T) {
	dir := t.TempDir()
	gateways, route := filepath.Join(dir, "gateways.yaml"), filepath.Join(dir, "route.yaml")
	put(t, gateways, twoClasses("one", "pingora"))
	put(t, route, bothRoute("wide"))
	p := startServe(t, "--watch", "--access-log", "off", "--admin", "127.0.0.1:0", "--backend", "demo/app:50051="+serveBackend(t, interop.NewTestServer()),
		"--gateway-address", "demo/left=127.0.0.1:0", "--gateway-address", "demo/right=127.0.0.1:0", dir)
	left, right := dial(t, p.gatewaySocket(t, "demo/left")), dial(t, p.gatewaySocket(t, "demo/right"))
	answer := func(way string, fromLeft, fromRight codes.Code) {
		t.Helper()
		for name, cc := range map[string]*grpc.ClientConn{"left": left, "right": right} {
			if err := empty(cc); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			want := map[string]codes.Code{"left": fromLeft, "right": fromRight}[name]
			if err := on(cc, "/empty.Service/Call", "way", way); status.Code(err) != want {
				t.Errorf("%s: a rule without backends: %v, want %s", name, err, want)
			}
		}
	}
	served := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, profiles(t, p)); diff != "" {
			t.Errorf("profiles (-want +got):\n%s", diff)
		}
	}
	answer("wide", codes.Unknown, codes.Unimplemented)
	served("kgateway demo/left", "pingora demo/right")
	// A pattern that kgateway's proxy cannot compile would block the one Gateway: the
	// edit is served by neither.
	put(t, route, bothRoute("(?=n)narrow"))
	p.says(t, `^error: Gateway demo/left.* would take no update: rule `)
	p.says(t, `^error: the edit is not served`)
	answer("wide", codes.Unknown, codes.Unimplemented)
	put(t, route, bothRoute("narrow"))
	p.says(t, `^reloaded: changed GRPCRoute demo/r$`)
	answer("narrow", codes.Unknown, codes.Unimplemented)
	answer("wide", codes.Unimplemented, codes.Unimplemented)
	put(t, gateways, twoClasses("one", "one"))
	p.says(t, `^reloaded: changed Gateway demo/right$`)
	p.says(t, `^Gateway demo/right `)
	right = dial(t, p.gatewaySocket(t, "demo/right"))
	answer("narrow", codes.Unknown, codes.Unknown)
	served("kgateway demo/left", "kgateway demo/right")
	counts(t, p.adminURL(t), `grpcroute_reloads_total{result="taken"} 2`, `grpcroute_reloads_total{result="refused"} 1`)
}

// TestServeBlockedFromTheStart: what cannot be compiled is told of, and edits may
// come nonetheless.
func TestServeBlockedFromTheStart(t *testing.T) {
	dir := t.TempDir()
	gateways, route := filepath.Join(dir, "gateways.yaml"), filepath.Join(dir, "route.yaml")
	put(t, gateways, twoClasses("one", "one"))
	put(t, route, bothRoute("(?=n)narrow"))
	p := startServe(t, "--watch", "--access-log", "off", "--mock", "--gateway-address", "demo/left=127.0.0.1:0", "--gateway-address", "demo/right=127.0.0.1:0", dir)
	p.told(t, `^warning: Gateway demo/left.* serves nothing: rule `)
	put(t, route, bothRoute("(?=m)narrow"))
	p.says(t, `^reloaded: changed GRPCRoute demo/r$`)
	put(t, route, bothRoute("narrow"))
	p.says(t, `^reloaded: changed GRPCRoute demo/r$`)
	if err := empty(dial(t, p.gatewaySocket(t, "demo/left"))); err != nil {
		t.Error(err)
	}
}

// on makes a call with one header.
func on(cc *grpc.ClientConn, path, name, value string) error {
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(context.Background(), name, value), 5*time.Second)
	defer cancel()
	return cc.Invoke(ctx, path, &testpb.Empty{}, &testpb.Empty{})
}

// gatewaySocket is the last address that a Gateway was said to have.
func (p *process) gatewaySocket(t *testing.T, name string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	re := regexp.MustCompile(`^Gateway ` + name + ` :\d+ → (\S+),`)
	for _, line := range slices.Backward(p.lines) {
		if m := re.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	t.Fatalf("no socket of Gateway %s", name)
	return ""
}

// profiles lists what /table says of each Gateway's implementation.
func profiles(t *testing.T, p *process) []string {
	t.Helper()
	var table struct {
		Servers []struct {
			Profile  string
			Gateways []string
		}
	}
	_, _, body := get(t, p.adminURL(t)+"/table")
	if err := json.Unmarshal([]byte(body), &table); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range table.Servers {
		out = append(out, s.Profile+" "+strings.Join(s.Gateways, ","))
	}
	return out
}

// TestServeTellsProgramsOfNewSockets in the form of those at the start.
func TestServeTellsProgramsOfNewSockets(t *testing.T) {
	dir, _ := manifests(t)
	p := startServeUntil(t, `"msg":"ready"`, "--log-format", "json", "--log-level", "error", "--watch", "--mock", "--access-log", "off", "--gateway-address", "demo/gw=127.0.0.1:0", dir)
	p.told(t, `"msg":"listening","address":"\S+","gateway":"demo/gw","port":8080}$`)
	put(t, filepath.Join(dir, "gateway.yaml"), strings.Replace(serveGateway, "[{", "[{name: b, port: 9090, protocol: HTTP}, {", 1))
	at := p.says(t, `"msg":"listening","address":"([^"]+)","gateway":"demo/gw","port":9090}$`)[1]
	if err := empty(dial(t, at)); err != nil {
		t.Error(err)
	}
	put(t, filepath.Join(dir, "route.yaml"), "kind: [")
	p.says(t, `"level":"error","msg":"the edit is not served: `)
	p.mu.Lock()
	defer p.mu.Unlock()
	if all := strings.Join(p.lines, "\n"); strings.Count(all, `"port":8080}`) != 1 || slices.ContainsFunc(p.lines, func(line string) bool { return !strings.HasPrefix(line, "{") }) {
		t.Errorf("it says:\n%s", all)
	}
}
