package conformance

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/gateway-api/conformance/echo-basic/grpcechoserver"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

// podName is how a Deployment would name its pod: tests take the hashes off.
func podName(deployment string) string { return deployment + "-7c9d8f6b5-x2x4z" }

// pod stands for the echo server of a backend: tests wait until it is ready.
func pod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: suite.InfrastructureNamespace, Name: podName(name)},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
}

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
		Context:              &grpcechoserver.Context{Namespace: suite.InfrastructureNamespace, Pod: podName(s.pod)},
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
