// Package interop holds the cases of the official gRPC interop client, for tests
// that run them through the data plane.
package interop

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/orca"
)

// Dialer makes another client of the proxy.
type Dialer func(...grpc.DialOption) *grpc.ClientConn

// Case is one case of the official interop client. One that fails ends the process.
type Case struct {
	Name string
	Run  func(context.Context, *grpc.ClientConn, Dialer)
}

// Cases are those that need no credentials of a cloud. orca_oob is left out: a
// server outside gRPC's own module cannot be set up to report often enough.
var Cases = []Case{
	{"empty_unary", onClient(interop.DoEmptyUnaryCall)},
	{"large_unary", onClient(interop.DoLargeUnaryCall)},
	{"client_streaming", onClient(interop.DoClientStreaming)},
	{"server_streaming", onClient(interop.DoServerStreaming)},
	{"ping_pong", onClient(interop.DoPingPong)},
	{"empty_stream", onClient(interop.DoEmptyStream)},
	{"timeout_on_sleeping_server", onClient(interop.DoTimeoutOnSleepingServer)},
	{"cancel_after_begin", onClient(interop.DoCancelAfterBegin)},
	{"cancel_after_first_response", onClient(interop.DoCancelAfterFirstResponse)},
	{"custom_metadata", onClient(interop.DoCustomMetadata)},
	{"status_code_and_message", onClient(interop.DoStatusCodeAndMessage)},
	{"special_status_message", onClient(interop.DoSpecialStatusMessage)},
	{"unimplemented_method", func(ctx context.Context, cc *grpc.ClientConn, _ Dialer) {
		interop.DoUnimplementedMethod(ctx, cc)
	}},
	{"unimplemented_service", func(ctx context.Context, cc *grpc.ClientConn, _ Dialer) {
		interop.DoUnimplementedService(ctx, testpb.NewUnimplementedServiceClient(cc))
	}},
	{"pick_first_unary", func(ctx context.Context, cc *grpc.ClientConn, _ Dialer) {
		interop.DoPickFirstUnary(ctx, testpb.NewTestServiceClient(cc))
	}},
	{"orca_per_rpc", func(ctx context.Context, _ *grpc.ClientConn, more Dialer) {
		cc := more(grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]}`))
		interop.DoORCAPerRPCTest(ctx, testpb.NewTestServiceClient(cc))
		_ = cc.Close()
	}},
	{"rpc_soak", func(ctx context.Context, cc *grpc.ClientConn, _ Dialer) {
		interop.DoSoakTest(ctx, soak(func() (*grpc.ClientConn, func()) { return cc, func() {} }))
	}},
	{"channel_soak", func(ctx context.Context, _ *grpc.ClientConn, more Dialer) {
		interop.DoSoakTest(ctx, soak(func() (*grpc.ClientConn, func()) {
			cc := more()
			return cc, func() { _ = cc.Close() }
		}))
	}},
}

func onClient(f func(context.Context, testpb.TestServiceClient, ...grpc.CallOption)) func(context.Context, *grpc.ClientConn, Dialer) {
	return func(ctx context.Context, cc *grpc.ClientConn, _ Dialer) {
		f(ctx, testpb.NewTestServiceClient(cc))
	}
}

func soak(channel func() (*grpc.ClientConn, func())) interop.SoakTestConfig {
	return interop.SoakTestConfig{
		RequestSize: 271828, ResponseSize: 314159, // the official defaults
		PerIterationMaxAcceptableLatency: 10 * time.Second,
		OverallTimeout:                   20 * time.Second,
		NumWorkers:                       2,
		Iterations:                       6,
		ChannelForTest:                   channel,
	}
}

// Serve starts grpc-go's test server on a free port of 127.0.0.1 with what the cases
// ask for, and returns its address and what stops it. The error is that of the
// socket.
func Serve(o ...grpc.ServerOption) (address string, stop func(), err error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := grpc.NewServer(append(o, Options()...)...)
	testpb.RegisterTestServiceServer(s, interop.NewTestServer())
	go func() { _ = s.Serve(socket) }() // it ends when it is stopped
	return socket.Addr().String(), s.Stop, nil
}

// Options are what a server of grpc-go needs for the cases: load reports, and a name
// of the server.
func Options() []grpc.ServerOption {
	return []grpc.ServerOption{orca.CallMetricsServerOption(nil), grpc.ChainUnaryInterceptor(named)}
}

// named fills in what pick_first_unary asks for and grpc-go's test server lacks.
func named(ctx context.Context, in any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
	out, err := h(ctx, in)
	if r, ok := out.(*testpb.SimpleResponse); ok && in.(*testpb.SimpleRequest).GetFillServerId() {
		r.ServerId = "one"
	}
	return out, err
}
