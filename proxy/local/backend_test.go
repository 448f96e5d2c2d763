package local_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

const plainGateway = "{name: a, port: 8080, protocol: HTTP}"

// sliceText is an EndpointSlice of Service app.
func sliceText(name, family, port, endpoints string) string {
	return "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " + name + ", namespace: demo, labels: {kubernetes.io/service-name: app}}\naddressType: " +
		family + "\nports: [" + port + "]\nendpoints:\n" + endpoints
}

func TestEndpointSlices(t *testing.T) {
	_, port := backend(t)
	named := fmt.Sprintf("{name: grpc, port: %d}", port)
	ready := "- {addresses: [127.0.0.1]}\n"
	for name, test := range map[string]struct {
		slices []string
		fails  string
	}{
		"ready":            {slices: []string{sliceText("s", "IPv4", named, ready)}},
		"others not ready": {slices: []string{sliceText("s", "IPv4", named, ready+"- {addresses: [127.0.0.99], conditions: {ready: false}}\n")}},
		"another port":     {slices: []string{sliceText("s", "IPv4", "{name: metrics, port: 1}, "+named, ready)}},
		"several slices": {slices: []string{sliceText("s", "IPv4", named, "- {addresses: [127.0.0.99], conditions: {ready: false}}\n"),
			sliceText("t", "IPv4", named, ready)}},
		"names are no addresses": {slices: []string{sliceText("s", "FQDN", named, "- {addresses: [localhost]}\n")}, fails: "--backend demo/app:50051="},
		"no such port":           {slices: []string{sliceText("s", "IPv4", fmt.Sprintf("{name: other, port: %d}", port), ready)}, fails: "--backend demo/app:50051="},
		"none ready":             {slices: []string{sliceText("s", "IPv4", named, "- {addresses: [127.0.0.1], conditions: {ready: false}}\n")}, fails: "no backendRef with a weight can be used"},
	} {
		t.Run(name, func(t *testing.T) {
			texts := append(test.slices, gatewayText("gw", plainGateway), routeText("r", "{name: gw}", "", "app"), serviceText)
			g := open(t, compile(t, texts...), local.Options{Addresses: free("gw")})
			where := address(t, g, "demo/gw", 8080)
			if test.fails == "" {
				for range 3 {
					works(t, where, "a.example.com", nil)
				}
				return
			}
			fails(t, where, "a.example.com", nil, test.fails)
		})
	}
}

// TestPrecedence: --backend before EndpointSlices before stand-ins.
func TestPrecedence(t *testing.T) {
	at, port := backend(t)
	texts := []string{gatewayText("gw", plainGateway), routeText("r", "{name: gw}", "", "app"), serviceText}
	dead := sliceText("s", "IPv4", "{name: grpc, port: 1}", "- {addresses: [127.0.0.1]}\n")
	live := sliceText("s", "IPv4", fmt.Sprintf("{name: grpc, port: %d}", port), "- {addresses: [127.0.0.1]}\n")
	mocks := func(address string, err error) func(*topology.Backend) (string, error) {
		return func(*topology.Backend) (string, error) { return address, err }
	}
	for name, test := range map[string]struct {
		slice string
		o     local.Options
		fails string
	}{
		"backend before slice": {slice: dead, o: local.Options{Backends: to(at)}},
		"slice before mock":    {slice: live, o: local.Options{Mock: mocks("127.0.0.1:1", nil)}},
		"mock":                 {o: local.Options{Mock: mocks(at, nil)}},
		"mock fails":           {o: local.Options{Mock: mocks("", errors.New("no room for it"))}, fails: "no room for it"},
		"nothing":              {fails: "no address is known"},
	} {
		t.Run(name, func(t *testing.T) {
			all := texts
			if test.slice != "" {
				all = append(all[:len(all):len(all)], test.slice)
			}
			test.o.Addresses = free("gw")
			g := open(t, compile(t, all...), test.o)
			if test.fails == "" {
				works(t, address(t, g, "demo/gw", 8080), "a.example.com", nil)
				if found := g.Backends(); len(found) != 1 || found[0].Err != nil || found[0].Ref != app {
					t.Errorf("backends %v", found)
				}
				return
			}
			fails(t, address(t, g, "demo/gw", 8080), "a.example.com", nil, test.fails)
			if found := g.Backends(); len(found) != 1 || found[0].Err == nil || !strings.Contains(found[0].Err.Error(), test.fails) {
				t.Errorf("backends %v", found)
			}
		})
	}
}

func policyText(validation string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p, namespace: demo}\nspec:\n  targetRefs: [{group: '', kind: Service, name: app}]\n  validation: {" +
		validation + "}\n"
}

const trustsCA = "caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}], hostname: app.internal"

func TestBackendTLSPolicy(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	pair, _, _ := ca.leaf(t, "app.internal", "alt.internal", "spiffe://demo/app")
	at, _ := backend(t, grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	plain, _ := backend(t)
	for name, test := range map[string]struct {
		policy, more string
		to           string
		fails        string
	}{
		"right":              {policy: trustsCA, more: ca.configMap("ca")},
		"wrong CA":           {policy: trustsCA, more: other.configMap("ca"), fails: "certificate signed by unknown authority"},
		"wrong hostname":     {policy: strings.Replace(trustsCA, "app.internal", "wrong.internal", 1), more: ca.configMap("ca"), fails: "wrong.internal"},
		"another SAN":        {policy: strings.Replace(trustsCA, "app.internal", "sni.internal", 1) + ", subjectAltNames: [{type: Hostname, hostname: alt.internal}]", more: ca.configMap("ca")},
		"URI SAN":            {policy: strings.Replace(trustsCA, "app.internal", "sni.internal", 1) + ", subjectAltNames: [{type: URI, uri: 'spiffe://demo/app'}]", more: ca.configMap("ca")},
		"wrong SAN":          {policy: trustsCA + ", subjectAltNames: [{type: URI, uri: 'spiffe://demo/other'}]", more: ca.configMap("ca"), fails: "subjectAltNames"},
		"SAN with wrong CA":  {policy: trustsCA + ", subjectAltNames: [{type: URI, uri: 'spiffe://demo/app'}]", more: other.configMap("ca"), fails: "unknown authority"},
		"system CAs":         {policy: "wellKnownCACertificates: System, hostname: app.internal", fails: "certificate"},
		"CA missing":         {policy: trustsCA, to: plain, fails: "no CA certificate"},
		"CA is broken":       {policy: trustsCA, more: strings.Replace(ca.configMap("ca"), "ca.crt", "ca.pem", 1), to: plain, fails: "no backendRef with a weight can be used"},
		"backend has no TLS": {policy: trustsCA, more: ca.configMap("ca"), to: plain, fails: "TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			texts := []string{gatewayText("gw", plainGateway), routeText("r", "{name: gw}", "", "app"), serviceText, policyText(test.policy)}
			if test.more != "" {
				texts = append(texts, test.more)
			}
			if test.to == "" {
				test.to = at
			}
			g := open(t, compile(t, texts...), local.Options{Addresses: free("gw"), Backends: to(test.to)})
			if test.fails == "" {
				works(t, address(t, g, "demo/gw", 8080), "a.example.com", nil)
				return
			}
			fails(t, address(t, g, "demo/gw", 8080), "a.example.com", nil, test.fails)
		})
	}
}

// TestSNIOfBackends: the policy's hostname is the SNI, also where other names are
// verified.
func TestSNIOfBackends(t *testing.T) {
	ca := newAuthority(t)
	pair, _, _ := ca.leaf(t, "alt.internal")
	seen := make(chan string, 10)
	at, _ := backend(t, grpc.Creds(credentials.NewTLS(&tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		seen <- h.ServerName
		return &pair, nil
	}})))
	g := open(t, compile(t, gatewayText("gw", plainGateway), routeText("r", "{name: gw}", "", "app"), serviceText, ca.configMap("ca"),
		policyText(trustsCA+", subjectAltNames: [{type: Hostname, hostname: alt.internal}]")), local.Options{Addresses: free("gw"), Backends: to(at)})
	works(t, address(t, g, "demo/gw", 8080), "a.example.com", nil)
	if sni := <-seen; sni != "app.internal" {
		t.Errorf("SNI %q", sni)
	}
}

// TestClientCertificate: the backend asks for the Gateway's certificate. Two
// Gateways share a route, and each presents its own.
func TestClientCertificate(t *testing.T) {
	ca := newAuthority(t)
	pair, _, _ := ca.leaf(t, "app.internal")
	seen := make(chan string, 100)
	at, _ := backend(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(),
		VerifyConnection: func(s tls.ConnectionState) error { seen <- s.PeerCertificates[0].DNSNames[0]; return nil },
	})))
	client := func(name string) string {
		return "  tls: {backend: {clientCertificateRef: {name: " + name + "}}}\n"
	}
	g := open(t, compile(t,
		gatewayText("one", plainGateway)+client("one"), gatewayText("two", plainGateway)+client("two"), gatewayText("none", plainGateway), gatewayText("lost", plainGateway)+client("lost"),
		routeText("r", "{name: one}, {name: two}, {name: none}, {name: lost}", "", "app"), serviceText, policyText(trustsCA), ca.configMap("ca"),
		ca.secret(t, "one", "gateway.one"), ca.secret(t, "two", "gateway.two"),
	), local.Options{Addresses: free("one", "two", "none", "lost"), Backends: to(at)})
	for _, name := range []string{"one", "two"} {
		works(t, address(t, g, "demo/"+name, 8080), "a.example.com", nil)
		if got := <-seen; got != "gateway."+name {
			t.Errorf("Gateway %s presents %q", name, got)
		}
	}
	fails(t, address(t, g, "demo/none", 8080), "a.example.com", nil, "")
	fails(t, address(t, g, "demo/lost", 8080), "a.example.com", nil, "client certificate of Gateway demo/lost")
}
