package proxy_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/grpcroute/grpcroute/internal/interop"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// TestInterop runs the cases in the clear, and with TLS on both sides.
func TestInterop(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "h2c", true: "TLS"}[secure], func(t *testing.T) {
			options := interop.Options()
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
			for _, c := range interop.Cases {
				t.Run(c.Name, func(t *testing.T) { c.Run(short(t), cc, more) })
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
