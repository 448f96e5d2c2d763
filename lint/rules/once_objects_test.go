package rules_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// The objects that onceCases are made of.

const clientCert = "  tls: {backend: {clientCertificateRef: {name: client}}}\n"

const isolated = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: example
  listeners:
  - {name: wild, port: 80, protocol: HTTP, hostname: "*.example.com", allowedRoutes: {namespaces: {from: All}}}
  - {name: wilder, port: 80, protocol: HTTP, hostname: "*.com", allowedRoutes: {namespaces: {from: All}}}
  - {name: api, port: 80, protocol: HTTP, hostname: "api.example.com", allowedRoutes: {namespaces: {from: All}}}
`

var backendServices = objects(strings.Replace(service("users", ""), "shop", "backends", 1), strings.Replace(service("orders", ""), "shop", "backends", 1))

func objects(texts ...string) string { return strings.Join(texts, "---\n") }

func listOf(texts ...string) string {
	out := "apiVersion: v1\nkind: List\nitems:\n"
	for _, text := range texts {
		out += "- " + strings.TrimSuffix(strings.ReplaceAll(text, "\n", "\n  "), "  ")
	}
	return out
}

// edge is a Gateway with one listener, and further fields of its spec.
func edge(class, more string) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
  namespace: infra
spec:
  gatewayClassName: %s
%s  listeners:
  - name: http
    port: 80
    protocol: HTTP
    allowedRoutes:
      namespaces:
        from: All
`, class, more)
}

// secure is the Gateway with an HTTPS listener.
func secure(hostname string) string {
	tls := "protocol: HTTPS\n    tls:\n      certificateRefs: [{name: cert}]"
	if hostname != "" {
		tls += fmt.Sprintf("\n    hostname: %q", hostname)
	}
	return strings.Replace(edge("example", ""), "protocol: HTTP", tls, 1)
}

// route is a GRPCRoute of the Gateway for a service of package shop.
func route(namespace, name, backend, service string) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: %s
  namespace: %s
spec:
  parentRefs:
  - name: edge
    namespace: infra
  hostnames: [api.example.com]
  rules:
  - matches:
    - method:
        service: shop.%s
    backendRefs:
    - name: %s
      port: 50051
`, name, namespace, service, backend)
}

// users is a route to Service users, for a host and a service of its own.
func users(name string) string {
	return strings.Replace(route("shop", name, "users", strings.ToUpper(name)), "api.example.com", name+".example.com", 1)
}

func aside(name string) string { return strings.Replace(users(name), "name: edge", "name: aside", 1) }

func inBackends(name, backend string) string {
	return strings.Replace(users(name), "- name: users", "- name: "+backend+"\n      namespace: backends", 1)
}

func hosts(name string, hosts ...string) string {
	return strings.Replace(users(name), "["+name+".example.com]", `["`+strings.Join(hosts, `", "`)+`"]`, 1)
}

func onListener(name, listener, service string) string {
	text := strings.Replace(route("shop", name, "users", "X"), "shop.X", service, 1)
	return strings.Replace(text, "namespace: infra", "namespace: infra\n    sectionName: "+listener, 1)
}

func manyRules(name string) string {
	text := users(name)
	head, rule, _ := strings.Cut(text, "  - matches:\n")
	for i := range 17 {
		head += strings.Replace("  - matches:\n"+rule, "shop.", fmt.Sprintf("shop.v%d.", i), 1)
	}
	return head
}

// service is a Service with one port, and a further field of it.
func service(name, field string) string {
	if field != "" {
		field = "    " + field + "\n"
	}
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  namespace: shop\nspec:\n  selector: {app: a}\n  ports:\n  - port: 50051\n%s", name, field)
}

func grant(kind, namespace string) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata:
  name: open
  namespace: %s
spec:
  from:
  - {group: gateway.networking.k8s.io, kind: %s, namespace: shop}
  to:
  - {group: "", kind: Service}
`, namespace, kind)
}

// policy is a BackendTLSPolicy whose certificate authority is not there.
func policy(service string) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: %s, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: %[1]s}]
  validation:
    hostname: a.example.com
    caCertificateRefs: [{group: "", kind: ConfigMap, name: not-there}]
`, service)
}

// secret is the Secret of the HTTPS listener, with a certificate for some names.
func secret(names ...string) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err.Error() // the case that uses it fails
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err.Error()
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err.Error()
	}
	encoded := func(kind string, bytes []byte) string {
		return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: infra}\ntype: kubernetes.io/tls\ndata:\n  tls.crt: %s\n  tls.key: %s\n",
		encoded("CERTIFICATE", cert), encoded("PRIVATE KEY", private))
}
