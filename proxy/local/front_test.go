package local_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/proxy/local"
)

func TestCleartext(t *testing.T) {
	at, _ := backend(t)
	g := open(t, compile(t, gatewayText("gw", "{name: a, port: 8080, protocol: HTTP}"), routeText("r", "{name: gw}", "a.example.com", "app"), serviceText),
		local.Options{Addresses: free("gw"), Backends: to(at)})
	works(t, address(t, g, "demo/gw", 8080), "a.example.com", nil)
	fails(t, address(t, g, "demo/gw", 8080), "b.example.com", nil, "")
	if notes := g.Notes(); len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
}

// TestSecretsAndIsolation: the SNI chooses the listener, whose certificate is shown
// and whose routes alone are consulted.
func TestSecretsAndIsolation(t *testing.T) {
	at, _ := backend(t)
	ca := newAuthority(t)
	g := open(t, compile(t,
		gatewayText("gw",
			"{name: a, port: 443, protocol: HTTPS, hostname: a.example.com, tls: {certificateRefs: [{name: a}]}}",
			"{name: wild, port: 443, protocol: HTTPS, hostname: '*.example.com', tls: {certificateRefs: [{name: wild}]}}"),
		routeText("r", "{name: gw, sectionName: a}", "", "app"), routeText("w", "{name: gw, sectionName: wild}", "", "app"),
		ca.secret(t, "a", "a.example.com"), ca.secret(t, "wild", "*.example.com"), serviceText,
	), local.Options{Addresses: free("gw"), Backends: to(at)})
	where := address(t, g, "demo/gw", 443)
	for _, sni := range []string{"a.example.com", "b.example.com"} {
		works(t, where, sni, &tls.Config{RootCAs: ca.pool(), ServerName: sni})
		nc, err := tls.Dial("tcp", where, &tls.Config{RootCAs: ca.pool(), ServerName: sni, NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"a.example.com": "a.example.com", "b.example.com": "*.example.com"}[sni]
		state := nc.ConnectionState()
		if got := state.PeerCertificates[0].DNSNames; !slices.Equal(got, []string{want}) || state.NegotiatedProtocol != "h2" {
			t.Errorf("SNI %s is shown the certificate of %v, protocol %q", sni, got, state.NegotiatedProtocol)
		}
		nc.Close()
	}
	// A call for one listener on a connection to the other: 421 (RFC 9110, 15.5.20).
	fails(t, where, "a.example.com", &tls.Config{RootCAs: ca.pool(), ServerName: "b.example.com"}, "belongs to another listener")
	// Without a usable name clients are shown a certificate, and refuse it.
	fails(t, where, "c.other.org", &tls.Config{RootCAs: ca.pool(), ServerName: "c.other.org"}, "c.other.org")
}

func TestSelfSigned(t *testing.T) {
	at, _ := backend(t)
	dir := filepath.Join(t.TempDir(), "tls")
	own, err := local.OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	tables := compile(t, gatewayText("gw", "{name: a, port: 443, protocol: HTTPS, hostname: '*.example.com', tls: {certificateRefs: [{name: gone}]}}"),
		routeText("r", "{name: gw}", "", "app"), serviceText)
	g := open(t, tables, local.Options{Addresses: free("gw"), Backends: to(at), Authority: own})
	text, err := os.ReadFile(g.AuthorityFile())
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	if !trust.AppendCertsFromPEM(text) {
		t.Fatalf("%s holds no certificate", own.File)
	}
	where := address(t, g, "demo/gw", 443)
	for _, name := range []string{"a.example.com", "deep.a.example.com"} {
		works(t, where, name, &tls.Config{RootCAs: trust, ServerName: name})
	}
	nc, err := tls.Dial("tcp", where, &tls.Config{RootCAs: trust}) // by address, which is no SNI
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	fails(t, where, "a.example.org", &tls.Config{RootCAs: trust, ServerName: "a.example.org"}, "a.example.org")
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("ca.key: %v, %v", info.Mode(), err)
	}
	again, err := local.OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(again.File); err != nil || string(now) != string(text) {
		t.Errorf("a second start has another authority (%v)", err)
	}
	if notes := g.Notes(); len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
	// Without the authority nobody can connect, and it is said.
	g = open(t, tables, local.Options{Addresses: free("gw"), Backends: to(at)})
	if notes := strings.Join(g.Notes(), "\n"); !strings.Contains(notes, "--tls-self-signed") {
		t.Errorf("notes %q", notes)
	}
	fails(t, address(t, g, "demo/gw", 443), "a.example.com", &tls.Config{RootCAs: trust, ServerName: "a.example.com"}, "")
}

func TestAuthorityThatIsBroken(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := local.OpenAuthority(dir); err == nil {
		t.Error("a folder with half an authority is taken")
	}
	if text, err := os.ReadFile(filepath.Join(dir, "ca.crt")); err != nil || string(text) != "mine" {
		t.Errorf("ca.crt is now %q, %v", text, err)
	}
}

// TestPorts: Gateways side by side, ports that are not to be had, and routes
// without a Gateway.
func TestPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := int32(taken.Addr().(*net.TCPAddr).Port)
	listener := fmt.Sprintf("{name: a, port: %d, protocol: HTTP}", port)
	at, _ := backend(t)
	tables := compile(t, gatewayText("one", listener), gatewayText("two", listener), gatewayText("three", listener),
		routeText("r", "{name: one}, {name: two}, {name: three}, {name: absent}, {name: other}", "", "app"), serviceText)
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen.Close()
	g := open(t, tables, local.Options{
		Addresses: map[string]string{"demo/one": "127.1.0.1", "demo/two": "127.1.0.2"}, Backends: to(at), Listen: listen.Addr().String(),
	})
	for _, s := range g.Sockets() {
		works(t, s.Address, "any.example.com", nil)
		switch s.Gateway {
		case "demo/one", "demo/two":
			want := map[string]string{"demo/one": "127.1.0.1", "demo/two": "127.1.0.2"}[s.Gateway]
			if s.Address != fmt.Sprintf("%s:%d", want, port) || s.Moved {
				t.Errorf("%+v", s)
			}
		case "demo/three":
			if !s.Moved || !strings.HasPrefix(s.Address, "127.0.0.1:") {
				t.Errorf("%+v", s)
			}
			if want := fmt.Sprintf("127.0.0.1:%d", port+8000); port+8000 <= 65535 && s.Address != want {
				t.Logf("%s instead of %s, which may be in use", s.Address, want)
			}
		case "demo/absent":
			if s.Address != listen.Addr().String() {
				t.Errorf("%+v, want %s", s, listen.Addr())
			}
		}
	}
	if n := len(g.Sockets()); n != 5 {
		t.Errorf("%d sockets", n)
	}
	// Where an address is given, the port must be free.
	if _, err := local.Open(tables, local.Options{Addresses: map[string]string{"demo/one": "127.0.0.1"}}); err == nil || !strings.Contains(err.Error(), "demo/one") {
		t.Errorf("an occupied port gives %v", err)
	}
	if _, err := local.Open(tables, local.Options{Listen: taken.Addr().String()}); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("an occupied --listen gives %v", err)
	}
}

func TestNotServed(t *testing.T) {
	g := open(t, compile(t, gatewayText("gw", "{name: a, port: 0, protocol: HTTP}", "{name: b, port: 9001, protocol: TCP}",
		"{name: c, port: 9002, protocol: TLS, tls: {mode: Passthrough}}", "{name: d, port: 9003, protocol: UDP}")), local.Options{})
	notes := strings.Join(g.Notes(), "\n")
	for _, want := range []string{"protocol TCP carries no gRPC", "passthrough", "protocol UDP"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
}

// TestClientsWithCertificates: spec.tls.frontend of the Gateway.
func TestClientsWithCertificates(t *testing.T) {
	at, _ := backend(t)
	ca, other := newAuthority(t), newAuthority(t)
	gateway := gatewayText("gw", "{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}", "{name: b, port: 444, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}") +
		"  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}]}}, perPort: [{port: 444, tls: {validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: gone}]}}}]}}\n"
	g := open(t, compile(t, gateway, routeText("r", "{name: gw}", "", "app"), serviceText, ca.secret(t, "a", "a.example.com"), ca.configMap("clients")),
		local.Options{Addresses: free("gw"), Backends: to(at)})
	config := func(from *authority) *tls.Config {
		c := &tls.Config{RootCAs: ca.pool(), ServerName: "a.example.com"}
		if from != nil {
			pair, _, _ := from.leaf(t, "client")
			c.Certificates = []tls.Certificate{pair}
		}
		return c
	}
	works(t, address(t, g, "demo/gw", 443), "a.example.com", config(ca))
	fails(t, address(t, g, "demo/gw", 443), "a.example.com", config(nil), "")
	fails(t, address(t, g, "demo/gw", 443), "a.example.com", config(other), "")
	fails(t, address(t, g, "demo/gw", 444), "a.example.com", config(ca), "")
	if notes := strings.Join(g.Notes(), "\n"); !strings.Contains(notes, "ConfigMap demo/gone") {
		t.Errorf("notes %q", notes)
	}
}
