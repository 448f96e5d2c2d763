package kgateway_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/translate/kgateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// secure are two HTTPS listeners of a port, and a backend with TLS.
func secure(t testing.TB, certificate, key, ca []byte) string {
	t.Helper()
	secret := fmt.Sprintf("---\napiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: d}\ntype: kubernetes.io/tls\ndata: {tls.crt: %s, tls.key: %s}\n",
		base64.StdEncoding.EncodeToString(certificate), base64.StdEncoding.EncodeToString(key))
	route := func(name, section, backend string) string {
		return fmt.Sprintf("---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: %s, namespace: d}\n"+
			"spec: {parentRefs: [{name: gw, sectionName: %s}], rules: [{backendRefs: [{name: %s, port: 80}]}]}\n", name, section, backend)
	}
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: kgateway\n  listeners:\n" +
		"  - {name: one, port: 443, protocol: HTTPS, hostname: a.ex.com, tls: {certificateRefs: [{name: cert}]}}\n" +
		"  - {name: rest, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}\n" + secret +
		route("a", "one", "tls") + route("b", "rest", "plain") +
		"---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p, namespace: d}\nspec:\n" +
		"  targetRefs: [{group: '', kind: Service, name: tls}]\n  validation: {hostname: backend.d, caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}\n" +
		"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca, namespace: d}\ndata:\n  ca.crt: |\n    " + strings.ReplaceAll(strings.TrimSpace(string(ca)), "\n", "\n    ") +
		"\n---\napiVersion: v1\nkind: Service\nmetadata: {name: tls, namespace: d}\nspec: {ports: [{name: grpc, port: 80}]}\n" +
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: plain, namespace: d}\nspec: {ports: [{name: grpc, port: 80}]}\n"
}

// TestTLS: the SNI chooses the filter chain, whatever the authority is, and a
// policy's backend is dialled with TLS.
func TestTLS(t *testing.T) {
	certificate, key := agreement.PEM(t, "a.ex.com")
	own, ownKey := agreement.PEM(t, "backend.d")
	table := compile(read(t, secure(t, certificate, key, own)))
	r, notes, err := kgateway.Translate(table, kgateway.Options{})
	if err != nil || len(notes) > 0 {
		t.Fatalf("%v %v", err, notes)
	}
	if !r.HoldsKey() {
		t.Error("the key is not noticed")
	}
	pair, err := tls.X509KeyPair(own, ownKey)
	if err != nil {
		t.Fatal(err)
	}
	secured := agreement.Backend(t, "tls", grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	plain := agreement.Backend(t, "plain")
	at := ""
	for try := 0; ; try++ {
		free := agreement.Addresses(t, 2)
		stand := newStandIn(t)
		stand.endpoint = func(name string) string {
			return map[string]string{"kube_d_tls_80": secured, "kube_d_plain_80": plain}[name]
		}
		at = free[0]
		stand.add(r, "", func(uint32) string { return at })
		inUse := stand.tryRun(free[1])
		if inUse == "" {
			break
		}
		if try == 5 {
			t.Fatal(inUse)
		}
	}
	for _, tt := range []struct{ sni, authority, want string }{
		{"a.ex.com", "a.ex.com", "tls"},
		{"b.ex.com", "b.ex.com", "plain"},
		{"b.ex.com", "a.ex.com", "plain"}, // kgateway looks at the SNI alone
		{"a.ex.com", "b.ex.com", "Unimplemented"},
	} {
		if got := dial(t, at, tt.sni, tt.authority); got != tt.want {
			t.Errorf("SNI %s, authority %s: %s, want %s", tt.sni, tt.authority, got, tt.want)
		}
	}
}

// dial makes a call and returns who answered, or the code.
func dial(t testing.TB, at, sni, authority string) string {
	t.Helper()
	cc, err := grpc.NewClient(at, grpc.WithTransportCredentials(insecure.NewCredentials()), named(sni), grpc.WithAuthority(authority))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cc.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var head metadata.MD
	err = cc.Invoke(ctx, "/p.A/Get", &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&head))
	if code := status.Code(err); code != codes.OK {
		if code != codes.Unimplemented {
			t.Log(err)
		}
		return code.String()
	}
	return strings.Join(head.Get("backend"), ",")
}

// named shows an SNI of its own, whatever the authority is.
func named(sni string) grpc.DialOption {
	return grpc.WithContextDialer(func(ctx context.Context, at string) (net.Conn, error) {
		d := tls.Dialer{Config: &tls.Config{ServerName: sni, InsecureSkipVerify: true, NextProtos: []string{"h2"}}} //nolint:gosec // the test's own certificate
		return d.DialContext(ctx, "tcp", at)
	})
}
