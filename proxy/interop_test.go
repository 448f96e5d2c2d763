package proxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/orca"
)

// dialer makes another client of the proxy.
type dialer func(...grpc.DialOption) *grpc.ClientConn

// interopCases are the cases of the official interop client that need no
// credentials of a cloud. A case that fails ends the process. orca_oob is left
// out: a server outside gRPC's own module cannot be set up to report often enough.
var interopCases = []struct {
	name string
	run  func(context.Context, *grpc.ClientConn, dialer)
}{
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
	{"unimplemented_method", func(ctx context.Context, cc *grpc.ClientConn, _ dialer) {
		interop.DoUnimplementedMethod(ctx, cc)
	}},
	{"unimplemented_service", func(ctx context.Context, cc *grpc.ClientConn, _ dialer) {
		interop.DoUnimplementedService(ctx, testpb.NewUnimplementedServiceClient(cc))
	}},
	{"pick_first_unary", func(ctx context.Context, cc *grpc.ClientConn, _ dialer) {
		interop.DoPickFirstUnary(ctx, testpb.NewTestServiceClient(cc))
	}},
	{"orca_per_rpc", func(ctx context.Context, _ *grpc.ClientConn, more dialer) {
		cc := more(grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]}`))
		interop.DoORCAPerRPCTest(ctx, testpb.NewTestServiceClient(cc))
		_ = cc.Close()
	}},
	{"rpc_soak", func(ctx context.Context, cc *grpc.ClientConn, _ dialer) {
		interop.DoSoakTest(ctx, soak(func() (*grpc.ClientConn, func()) { return cc, func() {} }))
	}},
	{"channel_soak", func(ctx context.Context, _ *grpc.ClientConn, more dialer) {
		interop.DoSoakTest(ctx, soak(func() (*grpc.ClientConn, func()) {
			cc := more()
			return cc, func() { _ = cc.Close() }
		}))
	}},
}

func onClient(f func(context.Context, testpb.TestServiceClient, ...grpc.CallOption)) func(context.Context, *grpc.ClientConn, dialer) {
	return func(ctx context.Context, cc *grpc.ClientConn, _ dialer) {
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

// named fills in what pick_first_unary asks for and grpc-go's test server lacks.
func named(ctx context.Context, in any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
	out, err := h(ctx, in)
	if r, ok := out.(*testpb.SimpleResponse); ok && in.(*testpb.SimpleRequest).GetFillServerId() {
		r.ServerId = "one"
	}
	return out, err
}

// TestInterop runs the cases in the clear, and with TLS on both sides.
func TestInterop(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "h2c", true: "TLS"}[secure], func(t *testing.T) {
			options := []grpc.ServerOption{orca.CallMetricsServerOption(nil), grpc.ChainUnaryInterceptor(named)}
			dialled := proxy.Backend{}
			listener := proxy.Listener{Gateway: "demo/gw", Port: 8080}
			client := insecure.NewCredentials()
			if secure {
				own := certificate(t, "backend.example.com")
				options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&own)))
				dialled.TLS = &tls.Config{RootCAs: pool(t, own), ServerName: "backend.example.com"}
				front := certificate(t, "localhost")
				listener.Port, listener.TLS = 8443, &tls.Config{Certificates: []tls.Certificate{front}}
				client = credentials.NewTLS(&tls.Config{RootCAs: pool(t, front), ServerName: "localhost"})
			}
			address, _ := backend(t, options...)
			dialled.Addresses = []string{address}
			s := proxy.New(proxy.Config{Table: compile(t, manifests), Backend: func(*routing.Server, *topology.Backend) proxy.Backend { return dialled }}, proxy.Options{})
			socket := listen(t)
			go func() { _ = s.Serve(socket, listener) }()
			more := func(o ...grpc.DialOption) *grpc.ClientConn {
				cc, err := grpc.NewClient(socket.Addr().String(), append(o, grpc.WithTransportCredentials(client))...)
				if err != nil {
					t.Fatal(err)
				}
				return cc
			}
			cc := more()
			for _, c := range interopCases {
				t.Run(c.name, func(t *testing.T) { c.run(short(t), cc, more) })
			}
			_ = cc.Close()
			if err := s.Shutdown(short(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// pool trusts one certificate.
func pool(t testing.TB, c tls.Certificate) *x509.CertPool {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	trust.AddCert(leaf)
	return trust
}
