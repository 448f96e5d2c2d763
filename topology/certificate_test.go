package topology_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var certificatePEM, keyPEM = makeCertificate()

func makeCertificate() (certificate, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"grpc.example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		panic(err)
	}
	bytes, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: bytes}))
}

func tlsSecret(namespace, secretType, certificate, key string) string {
	data := ""
	if certificate != "" {
		data += "  tls.crt: |\n" + indent(certificate)
	}
	if key != "" {
		data += "  tls.key: |\n" + indent(key)
	}
	return object("v1", "Secret", namespace, "cert", "type: "+secretType+"\nstringData:\n"+data)
}

func TestCertificateRefs(t *testing.T) {
	const tlsType = "kubernetes.io/tls"
	_, otherKey := makeCertificate()
	good := tlsSecret("ns", tlsType, certificatePEM, keyPEM)
	grant := referenceGrant("v1", "vault", "  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: ns}]\n  to: [{group: '', kind: Secret, name: cert}]\n")
	for _, tt := range []struct {
		name, ref string
		objects   []string
		profile   *profile.Profile
		assume    topology.Assume
		want      string
		unusable  bool
	}{
		{name: "good", ref: "{name: cert}", objects: []string{good}},
		{name: "missing", ref: "{name: cert}", want: "InvalidCertificateRef?"},
		{name: "missing, complete", ref: "{name: cert}", assume: topology.AssumeAbsent, want: "InvalidCertificateRef~", unusable: true},
		{name: "missing, assumed", ref: "{name: cert}", assume: topology.AssumePresent},
		{name: "kind", ref: "{kind: ConfigMap, name: cert}", want: "InvalidCertificateRef", unusable: true},
		{name: "type", ref: "{name: cert}", objects: []string{tlsSecret("ns", "Opaque", certificatePEM, keyPEM)}, want: "InvalidCertificateRef", unusable: true},
		{name: "no key", ref: "{name: cert}", objects: []string{tlsSecret("ns", tlsType, certificatePEM, "")}, want: "InvalidCertificateRef", unusable: true},
		{name: "another's key", ref: "{name: cert}", objects: []string{tlsSecret("ns", tlsType, certificatePEM, otherKey)}, want: "InvalidCertificateRef", unusable: true},
		{name: "no PEM", ref: "{name: cert}", objects: []string{tlsSecret("ns", tlsType, "hidden", "hidden")}, want: "InvalidCertificateRef", unusable: true},
		{name: "encrypted", ref: "{name: cert}", objects: []string{tlsSecret("ns", tlsType, "ENC[AES256_GCM,data:hidden]", "ENC[AES256_GCM,data:hidden]")}, want: "InvalidCertificateRef?"},
		{name: "key filled in later", ref: "{name: cert}", objects: []string{tlsSecret("ns", tlsType, certificatePEM, "${KEY}")}, assume: topology.AssumeAbsent, want: "InvalidCertificateRef?"},
		{name: "encrypted, type", ref: "{name: cert}", objects: []string{tlsSecret("ns", "Opaque", "ENC[hidden]", "ENC[hidden]")}, want: "InvalidCertificateRef", unusable: true},
		{name: "other namespace", ref: "{name: cert, namespace: vault}", objects: []string{tlsSecret("vault", tlsType, certificatePEM, keyPEM)}, want: "RefNotPermitted?"},
		{name: "other namespace, complete", ref: "{name: cert, namespace: vault}", objects: []string{tlsSecret("vault", tlsType, certificatePEM, keyPEM)}, assume: topology.AssumeAbsent, want: "RefNotPermitted~", unusable: true},
		{name: "other namespace, granted", ref: "{name: cert, namespace: vault}", objects: []string{tlsSecret("vault", tlsType, certificatePEM, keyPEM), grant}, assume: topology.AssumeAbsent},
		{name: "no TLS, cloudflare-tunnel", profile: profile.CloudflareTunnel, ref: "{name: cert}", assume: topology.AssumeAbsent, want: "InvalidCertificateRef~"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := load(t, append(tt.objects, gateway("ns", "gw", "  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: ["+tt.ref+"]}}\n"))...)
			l := topology.Resolve(set, topology.Options{Profile: tt.profile, Assume: tt.assume}).Gateways[0].Listeners[0]
			r := l.Certificates[0].Refusal
			if got := word(r); got != tt.want {
				t.Fatalf("refusal = %q (%+v), want %q", got, r, tt.want)
			}
			if l.Usable() == tt.unusable {
				t.Errorf("usable %v; refusals %v", l.Usable(), l.Refusals)
			}
			if r == nil {
				return
			}
			if len(l.Problems) != 1 || r.Field() != "spec.listeners[0].tls.certificateRefs[0]" {
				t.Errorf("problems %v at %s", l.Problems, r.Field())
			}
			for _, secret := range []string{"hidden", strings.Split(keyPEM, "\n")[1]} {
				if strings.Contains(r.Message, secret) {
					t.Errorf("the message shows the Secret: %s", r.Message)
				}
			}
		})
	}
}

func TestOneUsableCertificate(t *testing.T) {
	set := load(t, tlsSecret("ns", "kubernetes.io/tls", certificatePEM, keyPEM),
		gateway("ns", "gw", "  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: nope}, {name: cert}]}}\n"))
	l := topology.Resolve(set, topology.Options{Assume: topology.AssumeAbsent}).Gateways[0].Listeners[0]
	if !l.Usable() || len(l.Problems) != 1 {
		t.Errorf("usable %v, problems %v", l.Usable(), l.Problems)
	}
}

func TestHTTPSWithoutTLS(t *testing.T) {
	gw := gateway("ns", "gw", "  - {name: https, port: 443, protocol: HTTPS}\n")
	if l := resolve(t, nil, gw).Gateways[0].Listeners[0]; l.Usable() || word(l.Refusals[0]) != "Invalid" {
		t.Errorf("spec: %v", l.Refusals)
	}
	if l := resolve(t, profile.CloudflareTunnel, gw).Gateways[0].Listeners[0]; !l.Usable() {
		t.Errorf("cloudflare-tunnel: %v", l.Refusals)
	}
}

func TestClientCertificate(t *testing.T) {
	gw := strings.Replace(gateway("ns", "gw", httpListener+"}\n"), "spec:\n", "spec:\n  tls: {backend: {clientCertificateRef: {name: cert, namespace: vault}}}\n", 1)
	g := topology.Resolve(load(t, gw), topology.Options{Assume: topology.AssumeAbsent}).Gateways[0]
	c := g.ClientCertificate
	if c == nil || c.Namespace != "vault" || word(c.Refusal) != "RefNotPermitted~" || word(g.Refusals[0]) != "Pending~" || !g.Listeners[0].Usable() {
		t.Errorf("%+v", c)
	}
}
