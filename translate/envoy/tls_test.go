package envoy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
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

// tlsCalls are calls by SNI and authority, and what becomes of them.
var tlsCalls = []struct {
	sni, authority, service string
	want                    codes.Code
}{
	{"a.ex.com", "a.ex.com", "p.Good", codes.OK},
	{"b.ex.com", "b.ex.com", "p.Good", codes.OK},
	{"b.ex.com", "c.ex.com:8443", "p.Good", codes.OK},
	{"a.ex.com", "a.ex.com", "p.SAN", codes.OK},
	{"a.ex.com", "a.ex.com", "p.Name", codes.Unavailable},
	{"a.ex.com", "a.ex.com", "p.CA", codes.Unavailable},
	{"a.ex.com", "a.ex.com", "p.None", codes.Unimplemented},
	{"b.ex.com", "a.ex.com", "p.Good", codes.Unknown}, // misdirected
	{"a.ex.com", "b.ex.com", "p.Good", codes.Unknown},
	{"a.ex.com", "other.org", "p.Good", codes.Unimplemented},
	{"other.org", "other.org", "p.Good", codes.Unimplemented},
	{"other.org", "a.ex.com", "p.Good", codes.Unknown},
}

func TestTLSOnBothSides(t *testing.T) {
	agreement.Envoy(t)
	own, ownKey := pem(t, "gateway.ex.com")
	theirs, theirKey := pem(t, "localhost")
	quote := func(b []byte) string { out, _ := json.Marshal(string(b)); return string(out) }
	table := compile(t, fmt.Sprintf(secured, quote(own), quote(ownKey), quote(theirs))+
		fmt.Sprintf(policy, "good", "localhost", "ca", "")+fmt.Sprintf(policy, "name", "elsewhere.ex.com", "ca", "")+
		fmt.Sprintf(policy, "ca", "localhost", "other", "")+
		fmt.Sprintf(policy, "san", "elsewhere.ex.com", "ca", ", subjectAltNames: [{type: Hostname, hostname: localhost}]"), profile.Spec)
	pair, err := tls.X509KeyPair(theirs, theirKey)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(own)
	at := backend(t, "tls", grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
		// The test's certificate is for servers and clients alike.
	})))
	free := agreement.Addresses(t, 2)
	o := envoy.Options{Admin: free[0], Listen: map[string]string{"d/gw:443": free[1]}, Backends: map[string][]string{}}
	for _, name := range []string{"good", "name", "ca", "san"} {
		o.Backends["d/"+name+":1"] = []string{at}
	}
	b, notes, err := envoy.Translate([]*routing.Table{table}, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range notes {
		t.Logf("%s: %s", notes[i].Severity, notes[i].Message)
	}
	run(t, b, o.Admin)
	for _, c := range tlsCalls {
		cc, err := grpc.NewClient(free[1], grpc.WithAuthority(c.authority), withSNI(c.sni))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		err = cc.Invoke(ctx, "/"+c.service+"/M", &emptypb.Empty{}, &emptypb.Empty{})
		cancel()
		_ = cc.Close()
		if status.Code(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
		r := &routing.Request{Gateway: "d/gw", Port: 443, SNI: c.sni, Authority: c.authority, Path: "/" + c.service + "/M"}
		if got := table.Lookup(r); got.Answer != nil && got.Answer.GRPC != int(c.want) {
			t.Errorf("%+v: explain says %d", c, got.Answer.GRPC)
		}
	}
}

// TestDeadlinesPass: a call may take as long as its client says, and no longer.
func TestDeadlinesPass(t *testing.T) {
	agreement.Envoy(t)
	slow := make(chan struct{})
	defer close(slow)
	at := backend(t, "slow", grpc.StreamInterceptor(func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		select {
		case <-slow:
		case <-s.Context().Done():
		}
		return next(srv, s)
	}))
	table := compile(t, `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec: {gatewayClassName: c, listeners: [{name: a, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: s, port: 1}]}]}
`, profile.Spec)
	free := agreement.Addresses(t, 2)
	b, _, err := envoy.Translate([]*routing.Table{table}, envoy.Options{
		Admin: free[0], Listen: map[string]string{"d/gw:80": free[1]}, Backends: map[string][]string{"d/s:1": {at}},
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, b, free[0])
	cc, err := grpc.NewClient(free[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cc.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	err = cc.Invoke(ctx, "/p.S/M", &emptypb.Empty{}, &emptypb.Empty{})
	if took := time.Since(begin); status.Code(err) != codes.DeadlineExceeded || took < 200*time.Millisecond || took > 10*time.Second {
		t.Errorf("%v after %s", err, took)
	}
}
