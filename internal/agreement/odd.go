package agreement

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// oddRoutes have rules for paths that differ in case, in escapes, or are none of
// gRPC calls, by host.
const oddRoutes = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec: {gatewayClassName: c, listeners: [{name: a, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.ex.com]
  rules:
  - {matches: [{method: {service: p.A, method: Get}}], backendRefs: [{name: s0, port: 1}]}
  - {matches: [{method: {service: p.A, method: get}}], backendRefs: [{name: s1, port: 1}]}
  - {matches: [{method: {service: p.a, method: Get}}], backendRefs: [{name: s2, port: 1}]}
  - {matches: [{method: {service: p.A}}], backendRefs: [{name: s3, port: 1}]}
  - {matches: [{method: {type: RegularExpression, service: '.*', method: '.*'}}], backendRefs: [{name: s4, port: 1}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: any, namespace: d}
spec:
  parentRefs: [{name: gw}]
  hostnames: ['*.any.com']
  rules:
  - {matches: [{method: {service: p.A}}], backendRefs: [{name: s3, port: 1}]}
  - {backendRefs: [{name: s4, port: 1}]}
`

// oddPaths are paths that somebody may read in another way.
var oddPaths = []string{
	"/p.A/Get", "/p.A/get", "/p.a/Get", "/p.a/get", "/P.A/GET", "/p.A/x", "/p.A/Get/", "/p.A/Get/x", "//p.A/Get", "/p.A//Get", "/p.A", "/p.A/", "/", "/x",
	"/p.A/Get?x=1", "/p.A/Get?", "/p.A?/Get", "/p.%41/Get", "/%70.A/Get", "/p.A%2FGet", "/p.A/%47et", "/p.A/Get%00", "/p.A/Get%", "/p.A/%zz",
	"/./p.A/Get", "/p.A/./Get", "/x/../p.A/Get", "/../p.A/Get", "/p.A/..", "/p.A/Get;x", "/p.A;x/Get", "/p.A/Get#x", "/p.A/Get$x", `/p.A/Get\x`, "/p.A+/Get",
}

// OddPaths makes calls whose paths are odd. A proxy may refuse one as no HTTP, and
// must not send it elsewhere.
func (p *Target) OddPaths(t *testing.T) {
	p.Need(t)
	table := Compile(t, oddRoutes, profile.Spec)
	a := New(t, p, 5)
	g := a.Open([]*routing.Table{table})
	defer g.Close()
	refused := 0
	for _, authority := range []string{"a.ex.com", "x.any.com", "A.EX.com:80", "x.y.any.com", "any.com", "10.0.0.1", "[::1]:80"} {
		for _, path := range oddPaths {
			r := &routing.Request{Gateway: "d/gw", Port: 80, Authority: authority, Path: path}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			var head metadata.MD
			err := g.client("d/gw:80", r).Invoke(ctx, path, &emptypb.Empty{}, &emptypb.Empty{}, grpc.CallAuthority(authority), grpc.Header(&head))
			cancel()
			switch {
			case status.Code(err) == codes.Internal && len(head.Get("backend")) == 0:
				refused++
			case strings.Contains(status.Convert(err).Message(), "malformed method name"): // says a backend, which tells no name
				if got := table.Lookup(r); got.Outcome != routing.Routed {
					t.Errorf("%s at %s reached a backend, and is %s", path, authority, got.Outcome)
				}
			default:
				g.Call(table, r)
			}
		}
	}
	if refused > a.Calls/4 {
		t.Errorf("%d of %d paths were refused", refused, refused+a.Calls)
	}
}
