package pingora_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/pingora"
)

const shop = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: pingora
  listeners:
  - {name: a, port: 443, protocol: HTTPS, hostname: '*.example.com', tls: {certificateRefs: [{name: c}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [grpc.example.com]
  rules:
  - name: adding
    matches:
    - method: {service: shop.Cart, method: Add}
      headers: [{name: x-tier, value: gold}]
    - headers: [{type: RegularExpression, name: x-tier, value: 'g.*'}]
    backendRefs:
    - {name: cart-a, port: 50051, weight: 80}
    - {name: cart-b, namespace: other, port: 50051, weight: 0}
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {remove: [x]}
    sessionPersistence: {type: Header}
  - backendRefs:
    - {kind: ConfigMap, name: c, port: 1}
    - {name: cart-a, port: 50051, filters: [{type: RequestMirror, requestMirror: {backendRef: {name: cart-b, port: 1}}}]}
  - {}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: all, namespace: shop, creationTimestamp: '2026-01-01T00:00:00Z'}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: all, group: other.io, kind: Service, port: 1}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: away, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: ['*.com']
  rules: [{backendRefs: [{name: all, port: 1}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [x.example.com, y.org]
  rules:
  - timeouts: {request: 1m, backendRequest: 10s}
    matches: [{}, {path: {type: Exact, value: /a}, method: GET, queryParams: [{name: q, value: '1'}]}]
    backendRefs: [{name: web, port: 80}]
`

// said are the diagnostics, without those of the proxy as built.
func said(notes diag.List) []string {
	var out []string
	for i := range notes {
		if n := &notes[i]; n.Range.File != "" {
			out = append(out, strings.TrimPrefix(n.Range.String(), "in.yaml:")+" "+n.Severity.String()+" "+n.Field+": "+n.Message)
		}
	}
	return out
}

// TestMessage pins the message of each mode, and what is said of it.
func TestMessage(t *testing.T) {
	table := compileNothing(t, shop)
	m, notes := pingora.Translate(table, pingora.Options{Version: 1})
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "httpRoutes": [
  {"id": "shop/web", "hostnames": ["x.example.com", "y.org"], "rules": [
   {"matches": [
     {"path": {"type": "PATH_MATCH_TYPE_PREFIX", "value": "/"}},
     {"path": {"type": "PATH_MATCH_TYPE_EXACT", "value": "/a"}, "queryParams": [{"name": "q", "value": "1", "type": "QUERY_PARAM_MATCH_TYPE_EXACT"}], "method": "GET"}],
    "backends": [{"address": "web.shop.svc.cluster.local:80", "weight": 1, "protocol": "BACKEND_PROTOCOL_HTTP"}],
    "timeoutMs": "60000"}]}],
 "grpcRoutes": [
  {"id": "shop/all", "rules": [
   {"backends": [{"address": "all.shop.svc.cluster.local:1", "weight": 1, "protocol": "BACKEND_PROTOCOL_HTTP"}]}]},
  {"id": "shop/cart", "hostnames": ["grpc.example.com"], "rules": [
   {"matches": [
     {"method": {"type": "GRPC_METHOD_MATCH_TYPE_EXACT", "service": "shop.Cart", "method": "Add"},
      "headers": [{"name": "x-tier", "value": "gold", "type": "HEADER_MATCH_TYPE_EXACT"}]},
     {"headers": [{"name": "x-tier", "value": "g.*", "type": "HEADER_MATCH_TYPE_REGEX"}]}],
    "backends": [
     {"address": "cart-a.shop.svc.cluster.local:50051", "weight": 80, "protocol": "BACKEND_PROTOCOL_HTTP"},
     {"address": "cart-b.other.svc.cluster.local:50051", "weight": 1, "protocol": "BACKEND_PROTOCOL_HTTP"}]},
   {"backends": [{"address": "cart-a.shop.svc.cluster.local:50051", "weight": 1, "protocol": "BACKEND_PROTOCOL_HTTP"}]},
   {}]}],
 "version": "1"}`
	if diff := cmp.Diff(squeezed(want), squeezed(string(text))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(losses), "\n"), said(notes)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	meant, notes := pingora.Translate(table, pingora.Options{Version: 1, Intended: true, ClusterDomain: "example.net."})
	backends := meant.GRPCRoutes[1].Rules[0].Backends
	if diff := cmp.Diff([]pingora.Backend{{Address: "cart-a.shop.svc.example.net:50051", Weight: 80, Protocol: "BACKEND_PROTOCOL_H2C"}}, backends); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	all := strings.Join(said(notes), "\n")
	if strings.Contains(all, "HTTP/1.1") || !strings.Contains(all, "info spec.rules[0].backendRefs[1].weight: the reference is left out") {
		t.Errorf("it says\n%s", all)
	}
}

const losses = `
7:36 warning spec.listeners[0].protocol: listener "a" has no TLS: the proxy has one port, without TLS
16:11 info spec.rules[0].name: the rule's name is not sent
20:24 warning spec.rules[0].matches[1].headers[0].type: the expression is sent as it is: whether it must match all or a part is not defined
23:33 warning spec.rules[0].backendRefs[1].namespace: it is sent although no ReferenceGrant in the input allows it: the controller asks for none
23:61 warning spec.rules[0].backendRefs[1].weight: weight 0 is sent as 1, so that the backend gets calls
25:7 warning spec.rules[0].filters[0]: filter RequestHeaderModifier is not sent: calls are served without it
27:25 warning spec.rules[0].sessionPersistence: session persistence is not sent
29:14 warning spec.rules[1].backendRefs[0].kind: the reference is left out, weight and all: the controller knows no kind but Service
30:45 warning spec.rules[1].backendRefs[1].filters[0]: filter RequestMirror is not sent: calls are served without it
31:5 warning spec.rules[2]: the rule is sent without a backend: the proxy passes over it, and its calls go to another rule or get 404
33:1 warning : listener "a" of Gateway shop/edge takes "*.example.com" alone, and the route is sent without a hostname: it is served for any host
38:26 warning spec.rules[0].backendRefs[0]: sent with protocol HTTP, which is HTTP/1.1 and carries no gRPC: --intended writes H2C (4 references in all)
38:45 warning spec.rules[0].backendRefs[0].group: the group "other.io" is not looked at: core Service shop/all is sent
44:16 warning spec.parentRefs[0]: the route is not sent: none of the route's hostnames meets "*.example.com" of listener "a" of Gateway shop/edge
53:30 warning spec.hostnames[1]: "y.org" is sent as it is, although listener "a" of Gateway shop/edge takes "*.example.com" alone
55:25 info spec.rules[0].timeouts.request: the timeout is sent, and the proxy (lexfrei/pingora-proxy 722b44f) does not apply it
55:45 warning spec.rules[0].timeouts.backendRequest: the timeout of a backend's answer is not sent
`

func squeezed(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' }), "")
}

// compileNothing compiles manifests without assuming anything.
func compileNothing(t testing.TB, text string) *routing.Table {
	t.Helper()
	return routing.Compile(topology.Resolve(read(t, text), topology.Options{Profile: profile.Pingora}))
}

// TestRuleWithoutBackends: the proxy passes over it, and another rule takes the
// call.
func TestRuleWithoutBackends(t *testing.T) {
	table := compileNothing(t, shop)
	r := &routing.Request{Gateway: "shop/edge", Authority: "b.org", Path: "/a.B/C"}
	if got := table.Lookup(r); got.Entry == nil || got.Entry.Route.Name != "all" {
		t.Errorf("b.org: %s", got.Outcome)
	}
	without := strings.Replace(shop, "  - {}\n", "  - matches: [{method: {service: a.B, method: C}}]\n", 1)
	r.Authority = "grpc.example.com"
	if got := compileNothing(t, without).Lookup(r); got.Entry == nil || got.Entry.Route.Name != "cart" || got.Entry.Rule.Index != 1 {
		t.Errorf("a rule without backends takes a call: %s %+v", got.Outcome, got.Entry)
	}
}

// BenchmarkTranslate10000 writes the bytes of many routes.
func BenchmarkTranslate10000(b *testing.B) {
	table := compileNothing(b, many(10_000))
	for b.Loop() {
		m, _ := pingora.Translate(table, pingora.Options{Version: 1})
		if data, err := pingora.Binary(m); err != nil || len(data) < 500_000 {
			b.Fatal(len(data), err)
		}
	}
}

func many(n int) string {
	var out strings.Builder
	out.WriteString(shop)
	for i := range n {
		out.WriteString(strings.ReplaceAll("---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: rN, namespace: shop}\n"+
			"spec: {parentRefs: [{name: edge}], hostnames: [grpc.example.com], rules: [{matches: [{method: {service: a.BN, method: C}}], backendRefs: [{name: s, port: 1}]}]}\n",
			"N", strconv.Itoa(i)))
	}
	return out.String()
}
