package proxy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/proxy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

const unservedRules = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec: {gatewayClassName: any, listeners: [{name: front, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.example.com]
  rules:
  - matches: [{method: {service: u.Session}}]
    sessionPersistence: {sessionName: s}
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: interop, port: 1}}}]
    backendRefs: [{name: interop, port: 1}]
  - matches: [{method: {service: u.Rule}}]
    filters: [{type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: few}}]
    backendRefs: [{name: interop, port: 1}]
  - matches: [{method: {service: u.Backend}}]
    backendRefs:
    - {name: interop, port: 1, filters: [{type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: few}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: h, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  hostnames: [b.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /u.Web}}]
    retry: {attempts: 3}
    filters: [{type: URLRewrite, urlRewrite: {hostname: c.example.com}}]
    backendRefs: [{name: interop, port: 1}]
`

// TestGaps: what is not served is said, and a filter is never skipped.
func TestGaps(t *testing.T) {
	table := compile(t, unservedRules)
	want := []proxy.Gap{
		{Route: "GRPCRoute demo/r", Rule: 0, Says: "sessionPersistence is not served: calls are carried without it"},
		{Route: "GRPCRoute demo/r", Rule: 1, Says: "filter ExtensionRef is not served: calls are answered with gRPC status 2", Fails: true},
		{Route: "GRPCRoute demo/r", Rule: 2, Says: "filter ExtensionRef of backendRefs[0] is not served: its calls are answered with gRPC status 2", Fails: true},
		{Route: "HTTPRoute demo/h", Rule: 0, Says: "retry is not served: calls are carried without it"},
		{Route: "HTTPRoute demo/h", Rule: 0, Says: "filter URLRewrite is not served: calls are answered with gRPC status 2", Fails: true},
	}
	if diff := cmp.Diff(want, proxy.Gaps(table)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	address, tally, _ := anything(t)
	g := serveTable(t, table, map[string]string{"interop": address}, proxy.Options{})
	for target, code := range map[string]codes.Code{
		"a.example.com/u.Session": codes.OK, "a.example.com/u.Rule": codes.Unknown, "a.example.com/u.Backend": codes.Unknown, "b.example.com/u.Web": codes.Unknown,
	} {
		host, service, _ := strings.Cut(target, "/")
		err := dial(t, g.address).Invoke(short(t), "/"+service+"/Call", &testpb.Empty{}, &testpb.Empty{}, grpc.CallAuthority(host))
		if status.Code(err) != code {
			t.Errorf("%s: got %v, want %v", target, err, code)
		}
	}
	for _, service := range []string{"u.Rule", "u.Backend", "u.Web"} {
		if n := tally.count("/" + service + "/Call"); n != 0 {
			t.Errorf("%d calls to %s reached the backend without the filter", n, service)
		}
	}
}
