package xds_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// signed is a Gateway with an HTTPS listener, whose certificate has a serial number.
func signed(t *testing.T, serial int64) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "a.ex.com"}, DNSNames: []string{"a.ex.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(edited(rule("{method: {service: p.S}}", "name: a, port: 80")),
		"{name: h2c, port: 8080, protocol: HTTP}", "{name: tls, port: 8443, protocol: HTTPS, hostname: a.ex.com, tls: {certificateRefs: [{name: own}]}}", 1)
	return text + fmt.Sprintf("---\napiVersion: v1\nkind: Secret\nmetadata: {name: own, namespace: d}\ntype: kubernetes.io/tls\nstringData: {tls.crt: %q, tls.key: %q}\n",
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}

// TestCertificates: Envoy is given certificates as Secrets. A renewed one is shown
// to new connections, and old ones stay.
func TestCertificates(t *testing.T) {
	for name, delta := range map[string]bool{"state of the world": false, "delta": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agreement.Envoy(t)
			w := newWorld(t, "a")
			at := agreement.Addresses(t, 1)[0]
			w.options.Listen["d/gw:8443"] = at
			w.serve(signed(t, 1))
			admin := w.envoy("d/gw", delta)
			var serial int64
			secure := &tls.Config{ServerName: "a.ex.com", InsecureSkipVerify: true, NextProtos: []string{"h2"}, VerifyConnection: func(s tls.ConnectionState) error {
				serial = s.PeerCertificates[0].SerialNumber.Int64()
				return nil
			}}
			open := func() *grpc.ClientConn {
				cc, err := grpc.NewClient(at, grpc.WithTransportCredentials(credentials.NewTLS(secure)), grpc.WithAuthority("a.ex.com"))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = cc.Close() })
				if got, err := call(cc, "/p.S/M"); err != nil || got != "a" {
					t.Fatalf("backend %q, %v", got, err)
				}
				return cc
			}
			first := open()
			if serial != 1 {
				t.Errorf("the certificate is number %d", serial)
			}
			before := stat(t, admin, "listener_manager.lds.update_success")
			w.serve(signed(t, 2))
			for deadline := time.Now().Add(10 * time.Second); serial != 2 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				open()
			}
			if serial != 2 {
				t.Errorf("a renewed certificate is not shown, but number %d", serial)
			}
			if got, err := call(first, "/p.S/M"); err != nil || got != "a" {
				t.Errorf("a connection from before: backend %q, %v", got, err)
			}
			if after := stat(t, admin, "listener_manager.lds.update_success"); after != before {
				t.Errorf("listeners were sent again: %s updates, then %s", before, after)
			}
		})
	}
}

// stat returns a counter of an Envoy.
func stat(t testing.TB, admin, name string) string {
	t.Helper()
	r, err := http.Get("http://" + admin + "/stats?filter=^" + name + "$")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		if _, n, ok := strings.Cut(lines.Text(), ": "); ok {
			return n
		}
	}
	t.Fatalf("no counter %s", name)
	return ""
}

// trusting is a Gateway whose backend is dialled with TLS, and trusts a certificate.
func trusting(t *testing.T, serial int64) string {
	t.Helper()
	_, secret, _ := strings.Cut(signed(t, serial), "tls.crt: ")
	certificate, _, _ := strings.Cut(secret, ", tls.key")
	return edited(rule("{method: {service: p.S}}", "name: a, port: 80")) + fmt.Sprintf(`---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: d}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca, namespace: d}
data: {ca.crt: %s}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: a, namespace: d}
spec:
  targetRefs: [{group: "", kind: Service, name: a}]
  validation: {hostname: a.ex.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}
`, certificate)
}

// TestClusterChanges: a cluster that changes is ready at once: Envoy, which waits for
// its endpoints, is sent them.
func TestClusterChanges(t *testing.T) {
	for name, delta := range map[string]bool{"state of the world": false, "delta": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agreement.Envoy(t)
			w := newWorld(t, "a")
			w.options.Listen["d/gw:8080"] = agreement.Addresses(t, 1)[0]
			w.serve(trusting(t, 1))
			admin := w.envoy("d/gw", delta)
			for serial := range int64(3) {
				began := time.Now()
				w.serve(trusting(t, 2+serial))
				if took := time.Since(began); took > 4*time.Second {
					t.Errorf("a change took %s:\n%s", took, w.heard())
				}
			}
			if n := stat(t, admin, "cluster_manager.cluster_modified"); n != "3" {
				t.Errorf("%s changes of a cluster reached Envoy", n)
			}
			if said := w.heard(); strings.Contains(said, "no answer") || strings.Contains(said, "refuses") {
				t.Errorf("the server says:\n%s", said)
			}
		})
	}
}

// TestNames: gRPC clients look a single name up.
func TestNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	at := w.options.Backends["d/a:80"]
	at[0] = strings.Replace(at[0], "127.0.0.1", "localhost", 1)
	w.serve(edits[0].text)
	if got, err := call(w.dialXDS("d/gw", "a.ex.com"), "/p.S/M"); err != nil || got != "a" {
		t.Errorf("backend %q, %v", got, err)
	}
}
