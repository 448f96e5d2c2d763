package conformance

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"sigs.k8s.io/gateway-api/conformance/echo-basic/grpcechoserver"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

// echo starts a server that says who it is, and returns its address.
func echo(t *testing.T, pod string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	grpcechoserver.RegisterGrpcEchoServer(s, &server{pod: pod})
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

type server struct {
	grpcechoserver.UnimplementedGrpcEchoServer
	pod string
}

// Echo answers with what it was asked.
func (s *server) Echo(ctx context.Context, in *grpcechoserver.EchoRequest) (*grpcechoserver.EchoResponse, error) {
	method, _ := grpc.Method(ctx)
	a := &grpcechoserver.Assertions{
		FullyQualifiedMethod: method,
		Context:              &grpcechoserver.Context{Namespace: suite.InfrastructureNamespace, Pod: s.pod + "-0"},
	}
	md, _ := metadata.FromIncomingContext(ctx)
	for name, values := range md {
		for _, value := range values {
			a.Headers = append(a.Headers, &grpcechoserver.Header{Key: name, Value: value})
		}
	}
	return &grpcechoserver.EchoResponse{Assertions: a, Request: in}, nil
}

// EchoTwo is Echo under another name.
func (s *server) EchoTwo(ctx context.Context, in *grpcechoserver.EchoRequest) (*grpcechoserver.EchoResponse, error) {
	return s.Echo(ctx, in)
}
