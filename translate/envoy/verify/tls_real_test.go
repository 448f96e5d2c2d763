package verify

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/routing"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// pair makes a certificate that signs itself, and its key, as JSON strings.
func pair(t testing.TB) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	quote := func(kind string, data []byte) string {
		out, _ := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))) // a string never fails
		return string(out)
	}
	return quote("CERTIFICATE", der), quote("PRIVATE KEY", text)
}

// TestChainsAreChosenAsEnvoyDoes connects with many SNIs to listeners whose chains have
// names, protocols and a default.
func TestChainsAreChosenAsEnvoyDoes(t *testing.T) {
	matches := [][]string{
		{"server_names: [a.ex.com]", "server_names: ['*.ex.com']", "server_names: ['*.a.ex.com', b.org]"},
		{"server_names: [a.ex.com], application_protocols: [h2]", "server_names: [a.ex.com]", "transport_protocol: tls", "application_protocols: [http/1.1]"},
		{"server_names: [A.ex.com, '*.com'], transport_protocol: raw_buffer", "server_names: ['*.ex.com'], transport_protocol: tls", "application_protocols: [h2], server_names: ['*.ex.com']"},
		{"server_names: ['*.ex.com'], application_protocols: [http/1.1]", ""},
	}
	certificate, key := pair(t)
	var text string
	at := start(t, 2*len(matches), func(addresses []string) string {
		var b strings.Builder
		host, port, _ := net.SplitHostPort(addresses[0])
		fmt.Fprintf(&b, "admin: {address: {socket_address: {address: %s, port_value: %s}}}\nstatic_resources:\n  listeners:\n", host, port)
		chain := func(match, name string) string {
			return fmt.Sprintf(`{%s filters: [{name: h, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager, stat_prefix: x,
        http_filters: [{name: r, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}],
        route_config: {virtual_hosts: [{name: v, domains: ['*'], routes: [{name: %s, match: {prefix: /}, direct_response: {status: 503, body: {inline_string: %s}}}]}]}}}],
      transport_socket: {name: tls, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext, common_tls_context: {alpn_protocols: [h2, http/1.1],
        tls_certificates: [{certificate_chain: {inline_string: %s}, private_key: {inline_string: %s}}]}}}}`, match, name, name, certificate, key)
		}
		for i, address := range addresses[1:] {
			host, port, _ := net.SplitHostPort(address)
			fmt.Fprintf(&b, "  - name: l%d\n    address: {socket_address: {address: %s, port_value: %s}}\n    listener_filters: [{name: i, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector}}]\n    filter_chains:\n", i, host, port)
			for j, m := range matches[i/2] {
				if m != "" {
					m = fmt.Sprintf("filter_chain_match: {%s},", m)
				}
				fmt.Fprintf(&b, "    - %s\n", chain(m, fmt.Sprintf("l%d-c%d", i, j)))
			}
			if i%2 == 0 {
				fmt.Fprintf(&b, "    default_filter_chain: %s\n", chain("", fmt.Sprintf("l%d-default", i)))
			}
		}
		text = b.String()
		return text
	})
	config := readText(t, text)
	x := newComparing(config, nil, Options{})
	var seen []string
	for i, l := range config.listeners {
		for _, sni := range []string{"a.ex.com", "b.ex.com", "c.b.ex.com", "x.a.ex.com", "ex.com", "b.org", "x.com", "other.net"} {
			effect, _ := x.Decide(l, &routing.Request{SNI: sni, Authority: sni, Path: "/p.S/M"})
			want := strings.TrimPrefix(effect.Who, "route ")
			cc, err := grpc.NewClient(at[i], grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{ServerName: sni, InsecureSkipVerify: true}))) //nolint:gosec // whose certificate it is does not matter here
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			err = cc.Invoke(ctx, "/p.S/M", &emptypb.Empty{}, &emptypb.Empty{})
			cancel()
			_ = cc.Close()
			got := status.Convert(err).Message()
			if !strings.HasPrefix(got, "l") || strings.Contains(got, " ") {
				got = "" // the connection was closed
			}
			seen = append(seen, got)
			if got != want {
				t.Errorf("listener %s, SNI %s: Envoy takes %q, we say %q (%v)", l.name, sni, got, want, err)
			}
		}
	}
	slices.Sort(seen)
	if n := len(slices.Compact(seen)); n < 8 {
		t.Errorf("%d chains were taken: %v", n, seen)
	}
}
