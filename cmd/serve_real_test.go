package cmd_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/grpcroute/grpcroute/internal/grpcurl"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
)

// real is a grpc-go server with reflection in both versions that says its name and
// remembers which methods it was asked for.
type real struct {
	testpb.TestServiceServer
	name, address string

	mu    sync.Mutex
	asked map[string]int
	last  metadata.MD // of the last unary call
}

func realServer(t *testing.T, name string, o ...grpc.ServerOption) *real {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &real{TestServiceServer: interop.NewTestServer(), name: name, address: l.Addr().String(), asked: map[string]int{}}
	s := grpc.NewServer(append(o,
		grpc.UnaryInterceptor(func(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			r.note(info.FullMethod)
			return next(ctx, in)
		}),
		grpc.StreamInterceptor(func(server any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			r.note(info.FullMethod)
			return next(server, ss)
		}))...)
	testpb.RegisterTestServiceServer(s, r)
	reflection.Register(s)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return r
}

func (r *real) note(method string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[method]++
}

// calls returns how often a method was asked for.
func (r *real) calls(method string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[method]
}

// header returns what the last unary call had of a header.
func (r *real) header(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last.Get(name)
}

// UnaryCall says which server answers.
func (r *real) UnaryCall(ctx context.Context, _ *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, _ = metadata.FromIncomingContext(ctx)
	return &testpb.SimpleResponse{ServerId: r.name}, nil
}

const (
	reflectionV1    = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	reflectionAlpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
	unaryMethod     = "/grpc.testing.TestService/UnaryCall"
)

// released is the canary of a release: by a header, by a method, and by weights.
const released = `-- all.yaml --
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: release}
spec:
  gatewayClassName: any
  listeners: [{name: calls, port: 8080, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: calls, namespace: release}
spec:
  parentRefs: [{name: door}]
  hostnames: [calls.example.com]
  rules:
  - matches: [{method: {service: grpc.testing.TestService}, headers: [{name: stage, value: trial}]}]
    backendRefs: [{name: trial, port: 7000}]
  - matches: [{method: {service: grpc.testing.TestService, method: StreamingInputCall}}]
    backendRefs: [{name: trial, port: 7000}]
  - matches: [{method: {service: grpc.testing.TestService}}]
    backendRefs: [{name: steady, port: 7000}]
  - matches: [{method: {service: grpc.reflection.v1.ServerReflection}}]
    backendRefs: [{name: steady, port: 7000}]
  - matches: [{method: {service: grpc.reflection.v1alpha.ServerReflection}}]
    backendRefs: [{name: trial, port: 7000}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: split, namespace: release}
spec:
  parentRefs: [{name: door}]
  hostnames: [split.example.com]
  rules:
  - matches: [{method: {service: grpc.testing.TestService}}]
    backendRefs: [{name: steady, port: 7000, weight: 80}, {name: trial, port: 7000, weight: 20}, {name: trial, port: 7001, weight: 0}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: old-tools, namespace: release}
spec:
  parentRefs: [{name: door}]
  hostnames: [old.example.com]
  rules:
  - matches: [{method: {service: grpc.reflection.v1alpha.ServerReflection}}]
    backendRefs: [{name: trial, port: 7000}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: closed, namespace: release}
spec:
  parentRefs: [{name: door}]
  hostnames: [closed.example.com]
  rules:
  - matches: [{method: {service: grpc.testing.TestService}}]
    backendRefs: [{name: steady, port: 7000}]
`

// TestServeRealServers is a tour with grpcurl of two grpc-go servers behind routes:
// reflection in both versions, calls of the four kinds, a canary, weights.
func TestServeRealServers(t *testing.T) {
	grpcurl.Run(t, "-help") // skips where it cannot be built
	steady, trial := realServer(t, "steady"), realServer(t, "trial")
	at := serving(t, released, "--backend", "release/steady:7000="+steady.address, "--backend", "release/trial:7000="+trial.address,
		"--explain-headers", "--access-log", "off", "--gateway-address", "release/door=127.0.0.1:0", "all.yaml")["release/door:8080"]
	const calls, service = "-plaintext -authority calls.example.com ", "GATEWAY grpc.testing.TestService/"
	by := func(name string) string { return "grpcroute-backend: release/" + name + ":7000\n" }
	follow(t, at, []step{
		{args: calls + "GATEWAY list", wants: []string{"grpc.testing.TestService\n", "grpc.reflection.v1.ServerReflection\n"}},
		{args: calls + "GATEWAY describe grpc.testing.TestService", wants: []string{"grpc.testing.TestService is a service:", "rpc FullDuplexCall ("}},
		{args: calls + "GATEWAY describe .grpc.testing.EchoStatus", wants: []string{"grpc.testing.EchoStatus is a message:", "int32 code = 1;"}},
		{args: calls + "-v " + service + "UnaryCall", wants: []string{`"serverId": "steady"`, by("steady"), "grpcroute-rule: 2\n"}},
		{args: calls + "-v -H 'stage: trial' " + service + "UnaryCall", wants: []string{`"serverId": "trial"`, by("trial"), "grpcroute-rule: 0\n"}},
		{args: calls + "-v -H 'stage: trials' " + service + "UnaryCall", wants: []string{`"serverId": "steady"`}},
		{args: calls + `-v -d '{"responseParameters": [{"size": 1}, {"size": 2}, {"size": 3}]}' ` + service + "StreamingOutputCall", wants: []string{by("steady"), "received 3 responses"}},
		{args: calls + `-v -d '{"payload": {"body": "AAAA"}} {"payload": {"body": "AAAA"}}' ` + service + "StreamingInputCall", wants: []string{by("trial"), "grpcroute-rule: 1\n", `"aggregatedPayloadSize": 6`, "Sent 2 requests"}},
		{args: calls + `-v -d '{"responseParameters": [{"size": 1}]} {"responseParameters": [{"size": 2}]}' ` + service + "FullDuplexCall", wants: []string{by("steady"), "Sent 2 requests and received 2 responses"}},
		{args: "-plaintext -authority old.example.com GATEWAY list", wants: []string{"grpc.testing.TestService\n"}},
		{args: "-plaintext -authority closed.example.com GATEWAY list", fails: true, wants: []string{"server does not support the reflection API"}},
	})
	// Calls without -proto ask reflection, too: each of the nine that name calls.example.com.
	for _, want := range []struct {
		server *real
		method string
		least  int
	}{{steady, reflectionV1, 9}, {trial, reflectionAlpha, 1}, {steady, unaryMethod, 2}, {trial, unaryMethod, 1}} {
		if n := want.server.calls(want.method); n < want.least {
			t.Errorf("%s was asked %d times for %s, want %d", want.server.name, n, want.method, want.least)
		}
	}
	if n := steady.calls(reflectionAlpha) + trial.calls(reflectionV1); n != 0 {
		t.Errorf("%d calls of reflection went to the wrong server", n)
	}
	weights(t, at)
}

// weights makes calls to a rule that sends eight of ten to one server, two to the
// other, and none to a third that is not there. Where calls go is random: the bounds
// are five standard deviations away.
func weights(t *testing.T, at string) {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:"+at, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("split.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	got := map[string]int{}
	for range 500 {
		out, err := testpb.NewTestServiceClient(cc).UnaryCall(context.Background(), &testpb.SimpleRequest{})
		if err != nil {
			t.Fatal(err)
		}
		got[out.GetServerId()]++
	}
	if n := got["trial"]; n < 55 || n > 145 || got["steady"] != 500-n {
		t.Errorf("of 500 calls: %v; want some 400 to steady and 100 to trial", got)
	}
}
