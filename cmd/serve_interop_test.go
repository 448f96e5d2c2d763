package cmd_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/interop"
	"github.com/grpcroute/grpcroute/proxy/local"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

const secureGateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec:
  gatewayClassName: any
  listeners:
  - {name: tls, port: 443, protocol: HTTPS, hostname: calls.example.com, tls: {certificateRefs: [{name: front}]}}
`

const securePolicy = `apiVersion: v1
kind: Service
metadata: {name: app, namespace: demo}
spec: {selector: {app: app}, ports: [{name: grpc, port: 50051}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: app, namespace: demo}
spec:
  targetRefs: [{group: '', kind: Service, name: app}]
  validation: {hostname: app.internal, caCertificateRefs: [{group: '', kind: ConfigMap, name: vouched}]}
`

const anyCall = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules: [{backendRefs: [{name: app, port: 50051}]}]
`

// indented is a block scalar's text.
func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
}

// pemOf writes a certificate and its key.
func pemOf(t *testing.T, c *tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// authority makes an authority of its own folder and returns its certificate's text.
func authority(t *testing.T) (*local.Authority, string) {
	t.Helper()
	a, err := local.OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(a.File)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(text)
}

func signed(t *testing.T, a *local.Authority, name string) *tls.Certificate {
	t.Helper()
	c, err := a.Leaf(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// trusting is a client's side of TLS that trusts the certificates of a file.
func trusting(t *testing.T, file, name string) credentials.TransportCredentials {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatalf("%s holds no certificate", file)
	}
	return credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: name})
}

// interopServer starts the official test server until the test ends.
func interopServer(t *testing.T, o ...grpc.ServerOption) string {
	t.Helper()
	address, stop, err := interop.Serve(o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return address
}

// TestServeInterop runs the official client's cases through the process: in the
// clear, and with TLS on both sides, with a Secret and with certificates that it
// signs itself.
func TestServeInterop(t *testing.T) {
	t.Run("h2c", func(t *testing.T) {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "all.yaml"), serveGateway+"---\n"+anyCall)
		p := startServe(t, "--backend", "demo/app:50051="+interopServer(t), "--gateway-address", "demo/gw=127.0.0.1:0", dir)
		interopCases(t, p.socket(t, "8080"), insecure.NewCredentials())
	})
	for _, selfSigned := range []bool{false, true} {
		t.Run(map[bool]string{false: "Secret", true: "self-signed"}[selfSigned], func(t *testing.T) {
			backendCA, backendText := authority(t)
			at := interopServer(t, grpc.Creds(credentials.NewServerTLSFromCert(signed(t, backendCA, "app.internal"))))
			dir, keys := t.TempDir(), t.TempDir()
			put(t, filepath.Join(dir, "all.yaml"), strings.Join([]string{secureGateway, anyCall, securePolicy,
				"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vouched, namespace: demo}\ndata:\n  ca.crt: |\n" + indented(backendText)}, "---\n"))
			args := []string{"--backend", "demo/app:50051=" + at, "--gateway-address", "demo/gw=127.0.0.1:0", dir}
			trusted := filepath.Join(keys, "ca.crt")
			if selfSigned {
				args = append(args, "--tls-self-signed", "--tls-dir", keys)
			} else {
				frontCA, _ := authority(t)
				cert, key := pemOf(t, signed(t, frontCA, "calls.example.com"))
				put(t, filepath.Join(dir, "secret.yaml"), "apiVersion: v1\nkind: Secret\nmetadata: {name: front, namespace: demo}\ntype: kubernetes.io/tls\nstringData:\n"+
					"  tls.crt: |\n"+indented(cert)+"  tls.key: |\n"+indented(key))
				trusted = frontCA.File
			}
			p := startServe(t, args...)
			if !p.said(`^backend demo/app:50051 → \S+ \(--backend\), TLS by its policy$`) {
				t.Errorf("it does not say that the backend is dialled with TLS:\n%s", strings.Join(p.lines, "\n"))
			}
			interopCases(t, p.socket(t, "443"), trusting(t, trusted, "calls.example.com"))
			if text := strings.Join(p.lines, "\n"); strings.Contains(text, "PRIVATE KEY") {
				t.Errorf("a key is in its output:\n%s", text)
			}
		})
	}
}

func interopCases(t *testing.T, address string, creds credentials.TransportCredentials) {
	t.Helper()
	more := func(o ...grpc.DialOption) *grpc.ClientConn {
		cc, err := grpc.NewClient("passthrough:"+address, append(o, grpc.WithTransportCredentials(creds))...)
		if err != nil {
			t.Fatal(err)
		}
		return cc
	}
	cc := more()
	defer cc.Close()
	for _, c := range interop.Cases {
		t.Run(c.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			c.Run(ctx, cc, more)
		})
	}
}
