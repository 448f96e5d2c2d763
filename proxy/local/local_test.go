package local_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// compile makes the table of manifests.
func compile(t testing.TB, texts ...string) []*routing.Table {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(strings.Join(texts, "\n---\n"))})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	return []*routing.Table{routing.Compile(topology.Resolve(set, topology.Options{Profile: profile.Spec}))}
}

func open(t testing.TB, tables []*routing.Table, o local.Options) *local.Gateway {
	t.Helper()
	g, err := local.Open(tables, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = g.Shutdown(ctx)
	})
	return g
}

// address returns where a port of a Gateway is served.
func address(t testing.TB, g *local.Gateway, gateway string, port int32) string {
	t.Helper()
	for _, s := range g.Sockets() {
		if s.Gateway == gateway && s.Port == port {
			return s.Address
		}
	}
	t.Fatalf("no socket for port %d of %s: %+v", port, gateway, g.Sockets())
	return ""
}

// backend is a grpc-go server with the official test service. It returns its port
// too.
func backend(t testing.TB, o ...grpc.ServerOption) (string, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(o...)
	testpb.RegisterTestServiceServer(s, interop.NewTestServer())
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String(), l.Addr().(*net.TCPAddr).Port
}

// call makes one call; without a TLS configuration in the clear.
func call(t testing.TB, address, authority string, c *tls.Config) error {
	t.Helper()
	cred := insecure.NewCredentials()
	if c != nil {
		cred = credentials.NewTLS(c)
	}
	cc, err := grpc.NewClient(address, grpc.WithTransportCredentials(cred))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = testpb.NewTestServiceClient(cc).EmptyCall(ctx, &testpb.Empty{}, grpc.CallAuthority(authority))
	return err
}

func works(t testing.TB, address, authority string, c *tls.Config) {
	t.Helper()
	if err := call(t, address, authority, c); err != nil {
		t.Errorf("call to %s at %s: %v", authority, address, err)
	}
}

// fails makes a call that must fail with a text in its message.
func fails(t testing.TB, address, authority string, c *tls.Config, text string) {
	t.Helper()
	err := call(t, address, authority, c)
	if err == nil || !strings.Contains(status.Convert(err).Message(), text) {
		t.Errorf("call to %s: %v, want a failure with %q", authority, err, text)
	}
}

// authority is a certificate authority of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// leaf signs a certificate for names, of which those with a scheme are URIs, and
// returns it with its PEM texts.
func (a *authority) leaf(t testing.TB, names ...string) (pair tls.Certificate, cert, keyText string) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if u, err := url.Parse(name); err == nil && u.Scheme != "" {
			template.URIs = append(template.URIs, u)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	keyText = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	if pair, err = tls.X509KeyPair([]byte(cert), []byte(keyText)); err != nil {
		t.Fatal(err)
	}
	return pair, cert, keyText
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// secret is a manifest of a certificate.
func (a *authority) secret(t testing.TB, name string, names ...string) string {
	_, cert, key := a.leaf(t, names...)
	return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + ", namespace: demo}\ntype: kubernetes.io/tls\nstringData:\n" +
		"  tls.crt: |\n" + indent(cert) + "  tls.key: |\n" + indent(key)
}

// configMap is a manifest of the authority's certificate.
func (a *authority) configMap(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", namespace: demo}\ndata:\n  ca.crt: |\n" + indent(a.pem)
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
}

// gatewayText is a Gateway of namespace demo with listeners in flow style.
func gatewayText(name string, listeners ...string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: " + name + ", namespace: demo}\nspec:\n  gatewayClassName: any\n  listeners:\n  - " +
		strings.Join(listeners, "\n  - ") + "\n"
}

// routeText sends the test service at hosts of Gateways to a backend.
func routeText(name, gateways, hosts, to string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: " + name + ", namespace: demo}\nspec:\n  parentRefs: [" + gateways +
		"]\n  hostnames: [" + hosts + "]\n  rules:\n  - backendRefs: [{name: " + to + ", port: 50051}]\n"
}

const serviceText = "apiVersion: v1\nkind: Service\nmetadata: {name: app, namespace: demo}\nspec: {ports: [{name: grpc, port: 50051, targetPort: 9000}]}\n"

var app = local.Ref{Namespace: "demo", Name: "app", Port: 50051}

func to(addresses ...string) map[local.Ref][]string { return map[local.Ref][]string{app: addresses} }

// free binds a Gateway to free ports.
func free(names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		out["demo/"+name] = "127.0.0.1:0"
	}
	return out
}
