package agreement

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// secured are two HTTPS listeners, and backends that are dialled with TLS: one
// whose certificate the policy trusts, one whose name is another, one whose
// authority is.
const secured = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec:
  gatewayClassName: c
  tls: {backend: {clientCertificateRef: {kind: Secret, group: "", name: own}}}
  listeners:
  - {name: a, port: 443, protocol: HTTPS, hostname: a.ex.com, tls: {certificateRefs: [{name: own}]}}
  - {name: wild, port: 443, protocol: HTTPS, hostname: '*.ex.com', tls: {certificateRefs: [{name: own}]}}
---
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: d}
type: kubernetes.io/tls
stringData: {tls.crt: %[1]s, tls.key: %[2]s}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca, namespace: d}
data: {ca.crt: %[3]s}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: d}
data: {ca.crt: %[1]s}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec:
  parentRefs: [{name: gw}]
  rules:
  - {matches: [{method: {service: p.Good}}], backendRefs: [{name: good, port: 1}]}
  - {matches: [{method: {service: p.Name}}], backendRefs: [{name: name, port: 1}]}
  - {matches: [{method: {service: p.CA}}], backendRefs: [{name: ca, port: 1}]}
  - {matches: [{method: {service: p.SAN}}], backendRefs: [{name: san, port: 1}]}
`

const policy = `---
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: d}
spec: {ports: [{port: 1}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: %[1]s, namespace: d}
spec:
  targetRefs: [{group: "", kind: Service, name: %[1]s}]
  validation: {hostname: %[2]s, caCertificateRefs: [{group: "", kind: ConfigMap, name: %[3]s}]%[4]s}
`

type tlsCall struct {
	sni, authority, service string
	want                    codes.Code
}

// tlsCalls are calls by SNI and authority, and what becomes of them.
var tlsCalls = []tlsCall{
	{"a.ex.com", "a.ex.com", "p.Good", codes.OK},
	{"b.ex.com", "b.ex.com", "p.Good", codes.OK},
	{"b.ex.com", "c.ex.com:8443", "p.Good", codes.OK},
	{"a.ex.com", "a.ex.com", "p.Name", codes.Unavailable},
	{"a.ex.com", "a.ex.com", "p.CA", codes.Unavailable},
	{"a.ex.com", "a.ex.com", "p.None", codes.Unimplemented},
	{"b.ex.com", "a.ex.com", "p.Good", codes.Unknown}, // misdirected
	{"a.ex.com", "b.ex.com", "p.Good", codes.Unknown},
	{"a.ex.com", "other.org", "p.Good", codes.Unimplemented},
	{"other.org", "other.org", "p.Good", codes.Unimplemented},
	{"other.org", "a.ex.com", "p.Good", codes.Unknown},
}

// TLS makes calls through listeners with TLS to backends with TLS. Those to a
// backend whose certificate is to have another name than the SNI fail: that is not
// expressed.
func (p *Target) TLS(t *testing.T) {
	p.Need(t)
	TLS(t, p.start, codes.Unavailable)
}

// Start runs a data plane for a table until the test ends. It listens at addresses.
type Start func(t *testing.T, table *routing.Table, o plan.Options, addresses ...string)

// TLS is [Target.TLS] for any data plane; san is what becomes of calls to a backend
// whose certificate is to have another name than the SNI.
func TLS(t *testing.T, start Start, san codes.Code) {
	own, ownKey := PEM(t, "gateway.ex.com")
	theirs, theirKey := PEM(t, "localhost")
	quote := func(b []byte) string { out, _ := json.Marshal(string(b)); return string(out) } // of a string, which never fails
	table := Compile(t, fmt.Sprintf(secured, quote(own), quote(ownKey), quote(theirs))+
		fmt.Sprintf(policy, "good", "localhost", "ca", "")+fmt.Sprintf(policy, "name", "elsewhere.ex.com", "ca", "")+
		fmt.Sprintf(policy, "ca", "localhost", "other", "")+
		fmt.Sprintf(policy, "san", "elsewhere.ex.com", "ca", ", subjectAltNames: [{type: Hostname, hostname: localhost}]"), profile.Spec)
	pair, err := tls.X509KeyPair(theirs, theirKey)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(own)
	at := Backend(t, "tls", grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
		// The test's certificate is for servers and clients alike.
	})))
	address := Addresses(t, 1)[0]
	o := plan.Options{Listen: map[string]string{"d/gw:443": address}, Backends: map[string][]string{}}
	for _, name := range []string{"good", "name", "ca", "san"} {
		o.Backends["d/"+name+":1"] = []string{at}
	}
	start(t, table, o, address)
	for _, c := range append(tlsCalls, tlsCall{"a.ex.com", "a.ex.com", "p.SAN", san}) {
		if err := callOnce(address, "/"+c.service+"/M", grpc.WithAuthority(c.authority), withSNI(c.sni)); status.Code(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
		r := &routing.Request{Gateway: "d/gw", Port: 443, SNI: c.sni, Authority: c.authority, Path: "/" + c.service + "/M"}
		if got := table.Lookup(r); got.Answer != nil && got.Answer.GRPC != int(c.want) {
			t.Errorf("%+v: explain says %d", c, got.Answer.GRPC)
		}
	}
}

// start runs the proxy for a table, and tells what the translation said.
func (p *Target) start(t *testing.T, table *routing.Table, o plan.Options, addresses ...string) {
	t.Helper()
	text, notes, files, err := p.Translate([]*routing.Table{table}, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range notes {
		t.Logf("%s: %s", notes[i].Severity, notes[i].Message)
	}
	if _, inUse := p.TryRun(t, text, files, addresses); inUse != "" {
		t.Fatal(inUse)
	}
}

// callOnce makes a call on a connection of its own.
func callOnce(address, path string, o ...grpc.DialOption) error {
	cc, err := grpc.NewClient(address, o...)
	if err != nil {
		return err
	}
	defer func() { _ = cc.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return cc.Invoke(ctx, path, &emptypb.Empty{}, &emptypb.Empty{})
}

// asking is an HTTPS listener that asks clients for a certificate.
const asking = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec:
  gatewayClassName: c
  tls: {frontend: {default: {validation: {mode: %s, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}}}
  listeners: [{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: own}]}}]
---
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: d}
type: kubernetes.io/tls
stringData: {tls.crt: %s, tls.key: %s}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca, namespace: d}
data: {ca.crt: %s}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: s, port: 1}]}]}
`

// Clients makes calls to listeners that ask clients for a certificate: one that is
// trusted, one that is not, and none.
func (p *Target) Clients(t *testing.T) {
	p.Need(t)
	own, ownKey := PEM(t, "a.ex.com")
	good, goodKey := PEM(t, "client")
	bad, badKey := PEM(t, "client")
	quote := func(b []byte) string { out, _ := json.Marshal(string(b)); return string(out) } // of a string, which never fails
	for mode, want := range map[string][3]bool{"AllowValidOnly": {true, false, false}, "AllowInsecureFallback": {true, true, true}} {
		table := Compile(t, fmt.Sprintf(asking, mode, quote(own), quote(ownKey), quote(good)), profile.Spec)
		address := Addresses(t, 1)[0]
		p.start(t, table, plan.Options{
			Listen: map[string]string{"d/gw:443": address}, Backends: map[string][]string{"d/s:1": {Backend(t, "s")}},
		}, address)
		for i, pair := range [3][2][]byte{{good, goodKey}, {bad, badKey}, {}} {
			c := &tls.Config{InsecureSkipVerify: true, ServerName: "a.ex.com"} //nolint:gosec // whose certificate it is does not matter here
			if pair[0] != nil {
				shown, err := tls.X509KeyPair(pair[0], pair[1])
				if err != nil {
					t.Fatal(err)
				}
				// Whatever authorities the proxy names.
				c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown, nil }
			}
			err := callOnce(address, "/p.S/M", grpc.WithTransportCredentials(credentials.NewTLS(c)))
			if (err == nil) != want[i] {
				t.Errorf("%s, client %d: %v", mode, i, err)
			}
		}
	}
}
