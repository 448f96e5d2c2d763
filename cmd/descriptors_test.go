package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/descriptor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// descriptorSet writes the examples' .proto files as protoc would.
func descriptorSet(t *testing.T) []byte {
	t.Helper()
	set, err := descriptor.Load(descriptor.Options{Protos: []string{"../examples/proto"}})
	if err != nil {
		t.Fatal(err)
	}
	out := &descriptorpb.FileDescriptorSet{}
	set.Files().RangeFiles(func(f protoreflect.FileDescriptor) bool {
		out.File = append(out.File, protodesc.ToFileDescriptorProto(f))
		return true
	})
	data, err := proto.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestLintWithDescriptorSet: names are checked by a set from a file and from
// standard input alike, and a backend's own set may be given.
func TestLintWithDescriptorSet(t *testing.T) {
	data := descriptorSet(t)
	dir := t.TempDir()
	file, route := filepath.Join(dir, "api.binpb"), filepath.Join(dir, "route.yaml")
	const text = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: orders, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [shop.example.com]
  rules:
  - matches: [{method: {service: shop.orders.v1.Order}}]
    backendRefs: [{name: orders, port: 9000}]
`
	for name, content := range map[string][]byte{file: data, route: []byte(text)} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"lint", "--descriptor-set", file, route},
		{"lint", "--descriptor-set", "-", route},
		{"lint", "--proto", "../examples/proto", "--backend-proto", "shop/orders=" + file, route},
	} {
		s, out, errs := quiet()
		s.In = strings.NewReader(string(data))
		if code := Main(append([]string{"grpcroute"}, args...), s); code != 1 {
			t.Errorf("%v: exit code %d, %s", args, code, errs)
		}
		if !strings.Contains(out.String(), `did you mean "shop.orders.v1.Orders"? [proto-unknown-service]`) {
			t.Errorf("%v: %s", args, out)
		}
	}
}
