package proxy_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// open serves a table at one listener and returns a client.
func open(t testing.TB, table *routing.Table, to func(*routing.Server, *topology.Backend) proxy.Backend, l proxy.Listener) *grpc.ClientConn {
	t.Helper()
	s := proxy.New(proxy.Config{Table: table, Backend: to}, proxy.Options{ExplainHeader: true})
	socket := listen(t)
	go func() { _ = s.Serve(socket, l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(ctx)
	})
	return dial(t, socket.Addr().String())
}

const weighted = `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: weights, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - backendRefs:
    - {name: a, port: 1, weight: 70}
    - {name: b, port: 1, weight: 20}
    - {name: c, port: 1, weight: 0}
    - {name: invalid, kind: ConfigMap, port: 1, weight: 10}
`

// TestWeights draws once per call; a reference that does not resolve fails its
// exact share.
func TestWeights(t *testing.T) {
	address, _ := backend(t)
	cc := open(t, compile(t, weighted), func(*routing.Server, *topology.Backend) proxy.Backend {
		return proxy.Backend{Addresses: []string{address}}
	}, proxy.Listener{Gateway: "demo/gw"})
	tc := testpb.NewTestServiceClient(cc)
	const calls = 4000
	got := map[string]int{}
	for range calls {
		var head metadata.MD
		_, err := tc.EmptyCall(short(t), &testpb.Empty{}, grpc.Header(&head))
		name := status.Code(err).String()
		if err == nil {
			name = head.Get("grpcroute-backend")[0]
		}
		got[name]++
	}
	for name, share := range map[string]float64{"demo/a:1": 0.7, "demo/b:1": 0.2, "demo/c:1": 0, codes.Unavailable.String(): 0.1} {
		want := share * calls
		if off := math.Abs(float64(got[name]) - want); off > 5*math.Sqrt(want*(1-share)) {
			t.Errorf("%s: %d of %d calls, expected about %.0f", name, got[name], calls, want)
		}
	}
}

// TestCallsLandWhereTheTableSays compares real calls with look-ups over the
// example manifests.
func TestCallsLandWhereTheTableSays(t *testing.T) {
	address, _ := backend(t, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil }))
	set, err := manifest.Load([]string{"../examples"}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := routing.Compile(topology.Resolve(set, topology.Options{Assume: topology.AssumePresent}))
	compared := 0
	for _, s := range table.Servers {
		if len(s.Gateways) == 0 || s.TLS {
			continue
		}
		gw := s.Gateways[0].Key()
		cc := open(t, table, func(*routing.Server, *topology.Backend) proxy.Backend {
			return proxy.Backend{Addresses: []string{address}}
		},
			proxy.Listener{Gateway: gw, Port: s.Port})
		for _, l := range s.Listeners {
			for _, h := range l.Hosts {
				for _, e := range h.Entries {
					compared += compare(t, cc, table, routing.Request{Gateway: gw, Port: s.Port, Authority: h.Name, Path: pathOf(e)})
				}
			}
		}
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// pathOf is a path that an entry is likely to take.
func pathOf(e *routing.Entry) string {
	service, method := e.Unit.Path.Service, e.Unit.Path.Method
	if service == "" {
		service = "any.Service"
	}
	if method == "" {
		method = "AnyMethod"
	}
	return "/" + service + "/" + method
}

// compare makes one call and looks it up.
func compare(t *testing.T, cc *grpc.ClientConn, table *routing.Table, r routing.Request) int {
	t.Helper()
	if r.Authority == "" {
		r.Authority = "any.example.net"
	}
	// What the client adds can be matched on.
	r.Headers = []routing.Header{{Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"}}
	want := table.Lookup(&r)
	var head metadata.MD
	err := cc.Invoke(short(t), r.Path, &testpb.Empty{}, &testpb.Empty{}, grpc.Header(&head), grpc.CallAuthority(r.Authority))
	name := fmt.Sprintf("%s%s", r.Authority, r.Path)
	switch {
	case want.Entry == nil || want.Outcome == routing.Refused:
		if code := status.Code(err); want.Answer != nil && int(code) != want.Answer.GRPC {
			t.Errorf("%s: got %v, want code %d", name, err, want.Answer.GRPC)
		}
	case len(head.Get("grpcroute-rule")) == 0:
		// The share that was drawn may fail on its own.
		if status.Code(err) == codes.OK {
			t.Errorf("%s: the answer names no rule", name)
		}
	default:
		route, rule := head.Get("grpcroute-route")[0], head.Get("grpcroute-rule")[0]
		if w := want.Entry; route != w.Route.Kind+" "+w.Route.Key() || rule != fmt.Sprint(w.Rule.Index) {
			t.Errorf("%s: landed at %s rule %s, the table says %s rule %d", name, route, rule, w.Route.Key(), w.Rule.Index)
		}
	}
	return 1
}
