package pingora_test

import (
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/internal/grpcurl"
	"github.com/grpcroute/grpcroute/translate/pingora"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

// raw leaves messages as bytes.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)    { return *v.(*[]byte), nil }
func (raw) Name() string                     { return "raw" }
func (raw) Unmarshal(in []byte, v any) error { *v.(*[]byte) = in; return nil }

// TestGrpcurlSends: the JSON form goes to a proxy by grpcurl with the schema, as the
// documentation says, and arrives as the binary form.
func TestGrpcurlSends(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var method string
	var got []byte
	s := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		method, _ = grpc.MethodFromServerStream(s)
		if err := s.RecvMsg(&got); err != nil {
			return err
		}
		// success: true, applied_version: 7.
		return s.SendMsg(&[]byte{0x08, 1, 0x18, 7})
	}))
	go func() { _ = s.Serve(l) }()
	defer s.Stop()
	text, err := pingora.JSON(everything)
	if err != nil {
		t.Fatal(err)
	}
	out, ok := grpcurl.Run(t, "-plaintext", "-import-path", ".", "-proto", "routing.proto", "-d", string(text), l.Addr().String(), "routing.v1.RoutingService/UpdateRoutes")
	if !ok || !strings.Contains(out, `"success": true`) || !strings.Contains(out, `"appliedVersion": "7"`) {
		t.Fatalf("grpcurl: %s", out)
	}
	if method != "/routing.v1.RoutingService/UpdateRoutes" {
		t.Errorf("it calls %s", method)
	}
	// Field order may differ.
	m := dynamicpb.NewMessage(compiled(t, fromTable()))
	if err := proto.Unmarshal(got, m); err != nil {
		t.Fatal(err)
	}
	back, err := pingora.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(everything, back); diff != "" {
		t.Errorf("it arrives otherwise:\n%s", diff)
	}
}
