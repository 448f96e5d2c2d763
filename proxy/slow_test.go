package proxy_test

import (
	"crypto/tls"
	"io"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// TestSlowReader: a client that reads nothing for a while holds up its own call
// alone, and then gets every byte, in the clear and over TLS.
func TestSlowReader(t *testing.T) {
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	own := certificate(t, "localhost")
	secure, _ := g.another(t, proxy.Listener{Gateway: "demo/gw", Port: 8443, TLS: &tls.Config{Certificates: []tls.Certificate{own}}})
	overTLS := func() *grpc.ClientConn {
		cc, err := grpc.NewClient(secure.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool(t, own), ServerName: "localhost"})))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cc.Close() })
		return cc
	}
	for name, client := range map[string]func() *grpc.ClientConn{
		"h2c": func() *grpc.ClientConn { return dial(t, g.address) },
		"TLS": overTLS,
	} {
		t.Run(name, func(t *testing.T) {
			slow, err := testpb.NewTestServiceClient(client()).StreamingOutputCall(short(t), &testpb.StreamingOutputCallRequest{
				ResponseParameters: repeat(&testpb.ResponseParameters{Size: 64 << 10}, 64),
			})
			if err != nil {
				t.Fatal(err)
			}
			tc := testpb.NewTestServiceClient(client())
			for range 100 {
				if _, err := tc.UnaryCall(short(t), &testpb.SimpleRequest{ResponseSize: 10000}); err != nil {
					t.Fatal(err)
				}
			}
			for range 64 {
				out, err := slow.Recv()
				if err != nil {
					t.Fatal(err)
				}
				if n := len(out.GetPayload().GetBody()); n != 64<<10 {
					t.Fatalf("got %d bytes", n)
				}
			}
		})
	}
}

// TestSlowSocketOverTLS: a socket that takes nothing for a while gets its records
// whole and in order afterwards.
func TestSlowSocketOverTLS(t *testing.T) {
	g := serve(t, map[string]string{"interop": floodingBackend(t)}, proxy.Options{})
	own := certificate(t, "localhost")
	secure, _ := g.another(t, proxy.Listener{Gateway: "demo/gw", Port: 8443, TLS: &tls.Config{Certificates: []tls.Certificate{own}}})
	nc, err := tls.Dial("tcp", secure.Addr().String(), &tls.Config{RootCAs: pool(t, own), ServerName: "localhost", NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	r := rawPeer(nc)
	if _, err := io.WriteString(nc, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 64 << 20}); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteWindowUpdate(0, 64<<20); err != nil {
		t.Fatal(err)
	}
	takes(t, r, 20<<20, 500*time.Millisecond)
	g.settled(t)
	g.deserted(t)
}
