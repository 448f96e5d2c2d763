package mock_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/grpcurl"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/mock"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

func compile(t *testing.T, manifests string) *routing.Table {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(manifests)})
	if err != nil || len(set.Problems) > 0 {
		t.Fatal(err, set.Problems)
	}
	return routing.Compile(topology.Resolve(set, topology.Options{Assume: topology.AssumePresent}))
}

// TestRouted finds backends and the services that reach them by name.
func TestRouted(t *testing.T) {
	table := compile(t, cleartextManifests)
	want := map[string]string{"acme": "", "health": "grpc.health.v1.Health", "rest": "", "user": "user.UserService", "user-canary": "user.UserService"}
	found := mock.Backends(table, table)
	if len(found) != len(want) {
		t.Errorf("%d backends, want %d", len(found), len(want))
	}
	for i, b := range found {
		if i > 0 && found[i-1].Name+":" >= b.Name+":" {
			t.Errorf("%s stands before %s", found[i-1].Name, b.Name)
		}
		if got := strings.Join(mock.Routed(b, table), " "); got != want[b.Name] {
			t.Errorf("%s: services %q, want %q", b.Name, got, want[b.Name])
		}
	}
}

// gateway serves manifests with mocks behind them and returns its address.
func gateway(t *testing.T, manifests string, l proxy.Listener, o mock.Options) string {
	t.Helper()
	table := compile(t, manifests)
	mocks := start(t, o)
	s := proxy.New(proxy.Config{Table: table, Backend: func(_ *routing.Server, b *topology.Backend) proxy.Backend {
		address, err := mocks.Address(b)
		if err != nil {
			t.Error(err)
		}
		return proxy.Backend{Addresses: []string{address}}
	}}, proxy.Options{ExplainHeader: true})
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(socket, l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		<-done
	})
	return socket.Addr().String()
}

// step is one command of a guide, and what users must see.
type step struct {
	args  []string
	wants []string
}

func follow(t *testing.T, common []string, at string, steps []step) {
	t.Helper()
	for _, s := range steps {
		args := append([]string{}, common...)
		for _, a := range s.args {
			args = append(args, strings.Replace(a, "GATEWAY", at, 1))
		}
		out, ok := grpcurl.Run(t, args...)
		if !ok {
			t.Errorf("grpcurl %s: %s", strings.Join(s.args, " "), out)
		}
		for _, want := range s.wants {
			if strings.Count(out, want) != 1 {
				t.Errorf("grpcurl %s:\n%s\nwant %q once", strings.Join(s.args, " "), out, want)
			}
		}
	}
}

const echoProto = `syntax = "proto3";
package echo;
service Echo {
  rpc Echo(EchoRequest) returns (EchoResponse);
  rpc EchoV2(EchoRequest) returns (EchoResponse);
}
message EchoRequest { string text = 1; }
message EchoResponse { string text = 1; string source = 2; }
`

const echoManifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: tour}
spec:
  gatewayClassName: any
  listeners:
  - {name: https, port: 443, protocol: HTTPS, hostname: grpc.example.com, tls: {certificateRefs: [{name: cert}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: echo, namespace: tour}
spec:
  parentRefs: [{name: edge}]
  hostnames: [grpc.example.com]
  rules:
  - matches: [{headers: [{name: env, value: canary}]}]
    backendRefs: [{name: echo-two, port: 9000}]
  - matches: [{method: {service: echo.Echo, method: EchoV2}}]
    backendRefs: [{name: echo-two, port: 9000}]
  - matches: [{method: {service: grpc.reflection.v1alpha.ServerReflection}}]
    backendRefs: [{name: echo-one, port: 9000}]
  - backendRefs: [{name: echo-one, port: 9000}]
`

// TestTourOverTLS is the tour of a canary by header and by method, with reflection,
// over TLS.
func TestTourOverTLS(t *testing.T) {
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS()
	defer web.Close()
	at := gateway(t, echoManifests, proxy.Listener{Gateway: "tour/edge", Port: 443, TLS: &tls.Config{Certificates: web.TLS.Certificates}},
		mock.Options{Descriptors: setOf(t, echoProto)})
	one, two := "grpcroute-backend: tour/echo-one:9000", "grpcroute-backend: tour/echo-two:9000"
	route := "grpcroute-route: GRPCRoute tour/echo"
	follow(t, []string{"-insecure", "-authority", "grpc.example.com"}, at, []step{
		{[]string{"-v", "-d", `{"text": "hello"}`, "GATEWAY", "echo.Echo/Echo"}, []string{`"text": "hello"`, `"source": "source `, one, route, "grpcroute-rule: 3"}},
		{[]string{"-v", "-H", "env: canary", "-d", `{"text": "canary"}`, "GATEWAY", "echo.Echo/Echo"}, []string{`"text": "canary"`, two, "grpcroute-rule: 0"}},
		{[]string{"-v", "-d", `{"text": "method"}`, "GATEWAY", "echo.Echo/EchoV2"}, []string{`"text": "method"`, two, "grpcroute-rule: 1"}},
		{[]string{"GATEWAY", "list"}, []string{"echo.Echo\n", "grpc.reflection.v1alpha.ServerReflection\n", "grpc.reflection.v1.ServerReflection\n"}},
		{[]string{"GATEWAY", "describe", "echo.Echo"}, []string{"rpc Echo ( .echo.EchoRequest ) returns ( .echo.EchoResponse );", "rpc EchoV2 ( .echo.EchoRequest ) returns ( .echo.EchoResponse );"}},
		{[]string{"GATEWAY", "describe", "echo.EchoRequest"}, []string{"message EchoRequest {", "string text = 1;"}},
	})
}

const shopProtos = `syntax = "proto3";
package helloworld;
service Greeter { rpc SayHello(HelloRequest) returns (HelloReply); }
message HelloRequest { string name = 1; }
message HelloReply { string message = 1; string name = 2; }
`

const userProto = `syntax = "proto3";
package user;
service UserService { rpc GetUser(GetUserRequest) returns (User); }
message GetUserRequest { string id = 1; }
message User { string id = 1; string email = 2; }
`

const cleartextManifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: system}
spec:
  gatewayClassName: any
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: services, namespace: default}
spec:
  parentRefs: [{name: edge, namespace: system}]
  hostnames: [grpc.example.com]
  rules:
  - matches: [{method: {service: grpc.health.v1.Health}}]
    backendRefs: [{name: health, port: 50051}]
  - matches: [{method: {service: user.UserService}, headers: [{name: x-canary, value: "true"}]}]
    backendRefs: [{name: user-canary, port: 50051}]
  - matches: [{method: {service: user.UserService}}]
    backendRefs: [{name: user, port: 50051, weight: 95}, {name: user-canary, port: 50051, weight: 5}]
  - matches: [{headers: [{name: x-tenant-id, value: acme}]}]
    backendRefs: [{name: acme, port: 50051}]
  - backendRefs: [{name: rest, port: 50051}]
`

// TestTourInCleartext is the tour of services, canaries, tenants and health, in
// cleartext.
func TestTourInCleartext(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir+"/hello.proto", shopProtos)
	writeFile(t, dir+"/user.proto", userProto)
	at := gateway(t, cleartextManifests, proxy.Listener{Gateway: "system/edge", Port: 80}, mock.Options{Descriptors: folder(t, dir)})
	backend := func(name string) string { return "grpcroute-backend: default/" + name + ":50051" }
	common := []string{"-plaintext", "-authority", "grpc.example.com"}
	follow(t, common, at, []step{
		{[]string{"GATEWAY", "list"}, []string{"helloworld.Greeter\n", "user.UserService\n", "grpc.health.v1.Health\n"}},
		{[]string{"-v", "-d", `{"name": "World"}`, "GATEWAY", "helloworld.Greeter/SayHello"}, []string{`"name": "World"`, `"message": "message `, backend("rest")}},
		{[]string{"-v", "-rpc-header", "x-canary: true", "-d", `{"id": "1"}`, "GATEWAY", "user.UserService/GetUser"}, []string{`"id": "1"`, `@example.com"`, backend("user-canary")}},
		{[]string{"-v", "-H", "x-tenant-id: acme", "-d", "{}", "GATEWAY", "helloworld.Greeter/SayHello"}, []string{backend("acme")}},
		{[]string{"-v", "GATEWAY", "grpc.health.v1.Health/Check"}, []string{`"status": "SERVING"`, backend("health")}},
	})
	// The same without descriptors: the client brings its own.
	at = gateway(t, cleartextManifests, proxy.Listener{Gateway: "system/edge", Port: 80}, mock.Options{
		Services: func(*topology.Backend) []string { return []string{"user.UserService"} }})
	follow(t, common, at, []step{
		{[]string{"GATEWAY", "list"}, []string{"user.UserService\n"}},
		{[]string{"-v", "-import-path", dir, "-proto", "hello.proto", "-d", `{"name": "World"}`, "GATEWAY", "helloworld.Greeter/SayHello"}, []string{"\n{}\n", backend("rest")}},
	})
	// What grpcurl uses of two backends with weights is one of both.
	out, _ := grpcurl.Run(t, append(common, "-v", "-import-path", dir, "-proto", "user.proto", at, "user.UserService/GetUser")...)
	if !regexp.MustCompile(`grpcroute-backend: default/user(-canary)?:50051`).MatchString(out) {
		t.Errorf("a call to two backends:\n%s", out)
	}
}
