package mock_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/grpcurl"
	"github.com/grpcroute/grpcroute/proxy/mock"
	"github.com/grpcroute/grpcroute/topology"
)

// curl runs grpcurl against one mock; ADDRESS stands for its address.
func curl(t *testing.T, address string, ok bool, args ...string) string {
	t.Helper()
	all := []string{"-plaintext"}
	for _, a := range args {
		if a == "ADDRESS" {
			a = address
		}
		all = append(all, a)
	}
	out, fine := grpcurl.Run(t, all...)
	if fine != ok {
		t.Errorf("grpcurl %s: ended well: %t, want %t\n%s", strings.Join(args, " "), fine, ok, out)
	}
	return out
}

func address(t *testing.T, s *mock.Servers) string {
	t.Helper()
	a, err := s.Address(cart)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const own = "grpc.health.v1.Health\ngrpc.reflection.v1.ServerReflection\ngrpc.reflection.v1alpha.ServerReflection\n"

func TestGrpcurlTyped(t *testing.T) {
	at := address(t, start(t, mock.Options{Descriptors: shopSet(t)}))
	if got := curl(t, at, true, "ADDRESS", "list"); got != own+"shop.v1.Cart\n" {
		t.Errorf("list:\n%s", got)
	}
	if got := curl(t, at, true, "ADDRESS", "list", "shop.v1.Cart"); got != "shop.v1.Cart.Chat\nshop.v1.Cart.Create\nshop.v1.Cart.Get\nshop.v1.Cart.List\nshop.v1.Cart.Upload\n" {
		t.Errorf("list shop.v1.Cart:\n%s", got)
	}
	for symbol, want := range map[string]string{
		"shop.v1.Cart":                                "rpc Upload ( stream .shop.v1.Item ) returns ( .shop.v1.Summary );",
		"shop.v1.Item":                                ".google.protobuf.Timestamp created = 6;",
		"google.protobuf.Timestamp":                   "int64 seconds = 1;",
		"grpc.health.v1.Health":                       "rpc Watch",
		"grpc.reflection.v1.ServerReflection":         "rpc ServerReflectionInfo",
		"grpc.reflection.v1alpha.ListServiceResponse": "repeated .grpc.reflection.v1alpha.ServiceResponse service = 1;",
	} {
		if got := curl(t, at, true, "ADDRESS", "describe", symbol); !strings.Contains(got, want) {
			t.Errorf("describe %s:\n%s\nwant %s", symbol, got, want)
		}
	}
	tests := []struct {
		args  []string
		ok    bool
		want  string
		times int
	}{
		{[]string{"-d", `{"id": "7"}`, "ADDRESS", "shop.v1.Cart/Get"}, true, `"id": "7"`, 1},
		{[]string{"-d", `{"id": "7"}`, "ADDRESS", "shop.v1.Cart.List"}, true, `"id": "7"`, 3},
		{[]string{"-d", `{"name": "a"} {"name": "b"}`, "ADDRESS", "shop.v1.Cart/Upload"}, true, `"name": "b"`, 1},
		{[]string{"-d", `{"name": "a"} {"name": "b"}`, "ADDRESS", "shop.v1.Cart/Chat"}, true, `"parent": {`, 2},
		{[]string{"ADDRESS", "shop.v1.Cart/None"}, false, `service "shop.v1.Cart" does not include a method named "None"`, 1},
		{[]string{"ADDRESS", "grpc.health.v1.Health/Check"}, true, `"status": "SERVING"`, 1},
		{[]string{"-d", `{"service": "shop.v1.Cart"}`, "ADDRESS", "grpc.health.v1.Health/Check"}, true, `"status": "SERVING"`, 1},
		{[]string{"-d", `{"service": "shop.v1.Carts"}`, "ADDRESS", "grpc.health.v1.Health/Check"}, false, "NotFound", 1},
	}
	for _, tt := range tests {
		if got := curl(t, at, tt.ok, tt.args...); strings.Count(got, tt.want) != tt.times {
			t.Errorf("%v:\n%s\nwant %s %d times", tt.args, got, tt.want, tt.times)
		}
	}
}

func TestGrpcurlUntyped(t *testing.T) {
	at := address(t, start(t, mock.Options{Services: func(b *topology.Backend) []string {
		return []string{b.Namespace + ".v1.Named"}
	}}))
	if got := curl(t, at, true, "ADDRESS", "list"); got != own+"shop.v1.Named\n" {
		t.Errorf("list:\n%s", got)
	}
	if got := curl(t, at, false, "ADDRESS", "describe", "shop.v1.Named"); !strings.Contains(got, "not found") {
		t.Errorf("describe:\n%s", got)
	}
	if got := curl(t, at, true, "-d", `{"service": "shop.v1.Named"}`, "ADDRESS", "grpc.health.v1.Health/Check"); !strings.Contains(got, "SERVING") {
		t.Errorf("health:\n%s", got)
	}
	// A client with its own descriptors gets empty messages.
	dir := t.TempDir()
	writeFile(t, dir+"/shop.proto", shop)
	for method, want := range map[string]int{"Get": 1, "List": 1, "Upload": 1, "Chat": 1} {
		got := curl(t, at, true, "-import-path", dir, "-proto", "shop.proto", "-d", "{}", "ADDRESS", "shop.v1.Cart/"+method)
		if strings.Count(got, "{}") != want {
			t.Errorf("%s: %q, want %d empty messages", method, got, want)
		}
	}
}
