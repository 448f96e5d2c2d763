package proxy_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"
)

const manifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec:
  gatewayClassName: any
  listeners:
  - {name: grpc, port: 8080, protocol: HTTP}
  - {name: grpcs, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: front}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: interop, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - matches: [{method: {service: grpc.testing.TestService}}]
    backendRefs: [{name: interop, port: 50051}]
  - matches: [{method: {service: down.Service}}]
    backendRefs: [{name: down, port: 50051}]
  - matches: [{method: {service: grpc.testing.TestService}, headers: [{name: x-edit, value: "yes"}]}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier:
        set: [{name: x-set, value: replaced}, {name: X-Set, value: rule}, {name: X-Both, value: rule}]
        add: [{name: x-grpc-test-echo-initial, value: added}]
        remove: [X-Secret]
    - type: ResponseHeaderModifier
      responseHeaderModifier:
        set: [{name: x-both, value: rule}]
        add: [{name: x-answer, value: from-rule}]
        remove: [x-grpc-test-echo-initial]
    backendRefs:
    - name: interop
      port: 50051
      filters:
      - type: RequestHeaderModifier
        requestHeaderModifier: {set: [{name: x-both, value: backend}]}
      - type: ResponseHeaderModifier
        responseHeaderModifier: {set: [{name: x-both, value: backend}]}
  - matches: [{method: {service: filtered.Service}}]
    filters:
    - {type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: few}}
    backendRefs: [{name: interop, port: 50051}]
`

// compile makes a table of manifests in which everything is assumed to exist.
func compile(t testing.TB, text string) *routing.Table {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	return routing.Compile(topology.Resolve(set, topology.Options{Assume: topology.AssumePresent}))
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// gateway is a proxy in front of addresses by backend name.
type gateway struct {
	*proxy.Server
	address string
	table   *routing.Table

	mu      sync.Mutex
	records []proxy.Record
}

func serve(t testing.TB, addresses map[string]string, o proxy.Options) *gateway {
	t.Helper()
	return serveTable(t, compile(t, manifests), addresses, o)
}

func serveTable(t testing.TB, table *routing.Table, addresses map[string]string, o proxy.Options) *gateway {
	t.Helper()
	g := &gateway{table: table}
	o.Done = func(r *proxy.Record) {
		g.mu.Lock()
		if len(g.records) < 50000 { // a soak test makes more calls than it asks about
			g.records = append(g.records, *r)
		}
		g.mu.Unlock()
	}
	g.Server = proxy.New(g.config(addresses), o)
	l := listen(t)
	g.address = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- g.Serve(l, proxy.Listener{Gateway: "demo/gw", Port: 8080}) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_ = g.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return g
}

func (g *gateway) config(addresses map[string]string) proxy.Config {
	return proxy.Config{Table: g.table, Backend: func(_ *routing.Server, b *topology.Backend) proxy.Backend {
		if a := addresses[b.Name]; a != "" {
			return proxy.Backend{Addresses: strings.Split(a, ",")}
		}
		return proxy.Backend{}
	}}
}

// backend is a grpc-go server with the official test service.
func backend(t testing.TB, o ...grpc.ServerOption) (string, *grpc.Server) {
	t.Helper()
	l := listen(t)
	s := grpc.NewServer(o...)
	testpb.RegisterTestServiceServer(s, interop.NewTestServer())
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String(), s
}

func dial(t testing.TB, address string) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

func short(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func sizeOf(m proto.Message) int { return proto.Size(m) }
