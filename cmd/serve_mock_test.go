package cmd_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/grpcurl"
	"github.com/rogpeppe/go-internal/txtar"
)

// serving starts `grpcroute serve` in a folder made of an archive and returns the
// addresses of its sockets by "NS/NAME:PORT". It must end well on SIGTERM.
func serving(t *testing.T, archive string, args ...string) map[string]string {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, f := range txtar.Parse([]byte(archive)).Files {
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("grpcroute", append([]string{"serve", "--log-format", "json"}, args...)...)
	c.WaitDelay = time.Second
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(time.Minute, func() { _ = c.Process.Kill() })
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			t.Errorf("grpcroute serve: %v", err)
		}
		limit.Stop()
	})
	found := map[string]string{}
	lines := bufio.NewScanner(errs)
	for lines.Scan() {
		var line struct {
			Msg, Address, Gateway string
			Port                  json.Number
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		switch line.Msg {
		case "listening":
			found[line.Gateway+":"+line.Port.String()] = line.Address
		case "ready":
			go func() {
				for lines.Scan() { // so that it never waits for us
				}
			}()
			return found
		}
	}
	t.Fatal("it did not get ready")
	return nil
}

// step is one grpcurl command, and what users must see, once each.
type step struct {
	args  string // GATEWAY is the address; a part in quotes is one argument
	fails bool
	wants []string
}

func follow(t *testing.T, at string, steps []step) {
	t.Helper()
	for _, s := range steps {
		var args []string
		for i, part := range strings.Split(s.args, "'") {
			if i%2 == 1 {
				args = append(args, part)
			} else {
				args = append(args, strings.Fields(strings.ReplaceAll(part, "GATEWAY", at))...)
			}
		}
		out, ok := grpcurl.Run(t, args...)
		if ok == s.fails {
			t.Errorf("grpcurl %s: ended well: %t\n%s", s.args, ok, out)
		}
		for _, want := range s.wants {
			if strings.Count(out, want) != 1 {
				t.Errorf("grpcurl %s:\n%s\nwant %q once", s.args, out, want)
			}
		}
	}
}

const canary = `-- gateway.yaml --
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: kgateway}
spec: {controllerName: kgateway.dev/kgateway}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front}
spec:
  gatewayClassName: kgateway
  listeners:
  - name: https
    protocol: HTTPS
    port: 443
    hostname: grpc.example.com
    tls: {mode: Terminate, certificateRefs: [{name: front-cert}]}
-- routes.yaml --
apiVersion: v1
kind: Service
metadata: {name: echo}
spec: {selector: {app: echo}, ports: [{name: grpc, port: 9000}]}
---
apiVersion: v1
kind: Service
metadata: {name: echo-next}
spec: {selector: {app: echo, version: next}, ports: [{name: grpc, port: 9000}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: echo}
spec:
  parentRefs: [{name: front}]
  hostnames: [grpc.example.com]
  rules:
  - matches: [{headers: [{type: Exact, name: env, value: canary}]}]
    backendRefs: [{name: echo-next, port: 9000}]
  - matches: [{method: {service: echo.Echo, method: EchoV2}}]
    backendRefs: [{name: echo-next, port: 9000}]
  - matches: [{method: {service: grpc.reflection.v1alpha.ServerReflection}}]
    backendRefs: [{name: echo, port: 9000}]
  - backendRefs: [{name: echo, port: 9000}]
-- protos/echo.proto --
syntax = "proto3";
package echo;
service Echo {
  rpc Echo(EchoRequest) returns (EchoResponse);
  rpc EchoV2(EchoRequest) returns (EchoResponse);
}
message EchoRequest { string text = 1; }
message EchoResponse { string text = 1; string source = 2; }
`

// TestServeCanaryTour is what a guide for an HTTPS Gateway shows: calls by host, by
// header and by method, then reflection. The guide skips the check of certificates,
// a client with the authority's does not need to.
func TestServeCanaryTour(t *testing.T) {
	at := serving(t, canary, "-f", ".", "--mock", "--proto", "protos", "--tls-self-signed", "--tls-dir", "tls")["default/front:443"]
	old, next := "grpcroute-backend: default/echo:9000", "grpcroute-backend: default/echo-next:9000"
	const tls = "-insecure -authority grpc.example.com "
	follow(t, at, []step{
		{args: tls + `-v -d '{"text": "hello world"}' GATEWAY echo.Echo/Echo`, wants: []string{`"text": "hello world"`, `"source": "`, old, "grpcroute-route: GRPCRoute default/echo\n", "grpcroute-rule: 3\n"}},
		{args: tls + `-v -H 'env: canary' -d '{"text": "hello canary"}' GATEWAY echo.Echo/Echo`, wants: []string{`"text": "hello canary"`, next, "grpcroute-rule: 0\n"}},
		{args: tls + `-v -d '{"text": "hello method"}' GATEWAY echo.Echo/EchoV2`, wants: []string{`"text": "hello method"`, next, "grpcroute-rule: 1\n"}},
		{args: tls + "GATEWAY list", wants: []string{"echo.Echo\n", "grpc.reflection.v1alpha.ServerReflection\n"}},
		{args: tls + "GATEWAY describe echo.Echo", wants: []string{"echo.Echo is a service:", "rpc EchoV2 ( .echo.EchoRequest ) returns ( .echo.EchoResponse );"}},
		{args: tls + "GATEWAY describe echo.EchoRequest", wants: []string{"echo.EchoRequest is a message:", "string text = 1;"}},
		{args: "-cacert tls/ca.crt -authority grpc.example.com -v GATEWAY echo.Echo/Echo", wants: []string{old}},
		{args: "-insecure -authority other.example.com GATEWAY list", fails: true},
	})
}

const services = `-- all.yaml --
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
metadata: {name: all, namespace: default}
spec:
  parentRefs: [{name: edge, namespace: system}]
  hostnames: [grpc.example.com]
  rules:
  - matches: [{method: {service: grpc.health.v1.Health}}]
    backendRefs: [{name: health, port: 50051}]
  - matches: [{method: {service: user.UserService}, headers: [{name: x-canary, value: "true"}]}]
    backendRefs: [{name: user-canary, port: 50051}]
  - matches: [{method: {service: user.UserService}}]
    backendRefs: [{name: user, port: 50051, weight: 95}, {name: user-canary, port: 50051, weight: 0}]
  - matches: [{headers: [{name: x-tenant-id, value: acme}]}]
    backendRefs: [{name: acme, port: 50051}]
  - backendRefs: [{name: rest, port: 50051}]
-- protos/hello.proto --
syntax = "proto3";
package helloworld;
service Greeter {
  rpc SayHello(HelloRequest) returns (HelloReply);
  rpc Count(HelloRequest) returns (stream HelloReply);
  rpc Collect(stream HelloRequest) returns (HelloReply);
  rpc Chat(stream HelloRequest) returns (stream HelloReply);
}
message HelloRequest { string name = 1; }
message HelloReply { string message = 1; string name = 2; }
-- protos/user/user.proto --
syntax = "proto3";
package user;
service UserService { rpc GetUser(GetUserRequest) returns (User); }
message GetUserRequest { string id = 1; }
message User { string id = 1; string email = 2; }
`

const plain = "-plaintext -authority grpc.example.com "

// TestServeServicesTour is what a guide for an HTTP Gateway shows: services with
// backends of their own, a canary, a tenant, health and reflection; then calls of
// every kind.
func TestServeServicesTour(t *testing.T) {
	at := serving(t, services, "-f", "all.yaml", "--mock", "--proto", "protos", "--assume", "present")["system/edge:80"]
	backend := func(name string) string { return "grpcroute-backend: default/" + name + ":50051\n" }
	follow(t, at, []step{
		{args: plain + "GATEWAY list", wants: []string{"helloworld.Greeter\n", "user.UserService\n", "grpc.health.v1.Health\n"}},
		{args: plain + `-v -d '{"name": "World"}' GATEWAY helloworld.Greeter/SayHello`, wants: []string{`"name": "World"`, `"message": "message `, backend("rest"), "grpcroute-rule: 4\n"}},
		{args: plain + `-v -H 'x-tenant-id: acme' -d '{}' GATEWAY helloworld.Greeter/SayHello`, wants: []string{backend("acme")}},
		{args: plain + `-v -H 'x-tenant-id: acme' -d '{"id": "7"}' GATEWAY user.UserService/GetUser`, wants: []string{`"id": "7"`, `@example.com"`, backend("user")}},
		{args: plain + `-v -H 'x-canary: true' -d '{}' GATEWAY user.UserService/GetUser`, wants: []string{backend("user-canary")}},
		{args: plain + "-v GATEWAY grpc.health.v1.Health/Check", wants: []string{`"status": "SERVING"`, backend("health")}},
		{args: plain + `-v -d '{"name": "a"}' GATEWAY helloworld.Greeter/Count`, wants: []string{backend("rest"), "received 3 responses"}},
		{args: plain + `-v -d '{"name": "a"} {"name": "b"}' GATEWAY helloworld.Greeter/Collect`, wants: []string{`"name": "b"`, "Sent 2 requests and received 1 response"}},
		{args: plain + `-v -d '{"name": "a"} {"name": "b"}' GATEWAY helloworld.Greeter/Chat`, wants: []string{`"name": "a"`, `"name": "b"`, "Sent 2 requests and received 2 responses"}},
		{args: plain + `-import-path protos -proto hello.proto -d '{}' GATEWAY helloworld.Greeter/SayHello`, wants: []string{`"message": "`}},
	})
}

// TestServeWithoutDescriptors answers any method with an empty message, and is slow
// or fails on request.
func TestServeWithoutDescriptors(t *testing.T) {
	at := serving(t, services, "-f", "all.yaml", "--mock", "--assume", "present",
		"--mock-latency", "default/user=150ms..200ms", "--mock-error", "default/acme:50051=resource-exhausted")["system/edge:80"]
	const proto = "-import-path protos -proto hello.proto -proto user/user.proto "
	begun := time.Now()
	follow(t, at, []step{{args: plain + proto + `-d '{"id": "7"}' GATEWAY user.UserService/GetUser`, wants: []string{"{}"}}})
	if d := time.Since(begun); d < 150*time.Millisecond {
		t.Errorf("a call of the slow backend took %s", d)
	}
	follow(t, at, []step{
		{args: plain + proto + `-d '{"name": "a"}' GATEWAY helloworld.Greeter/SayHello`, wants: []string{"{}"}},
		{args: plain + proto + `-H 'x-tenant-id: acme' GATEWAY helloworld.Greeter/SayHello`, fails: true, wants: []string{"Code: ResourceExhausted", "backend default/acme:50051: an error by --mock-error"}},
		{args: plain + "-reflect-header 'x-canary: true' GATEWAY list", wants: []string{"grpc.health.v1.Health\n"}},
		{args: plain + "GATEWAY describe user.UserService", fails: true, wants: []string{"Symbol not found: user.UserService"}},
	})
}
