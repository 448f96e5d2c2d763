package rules_test

import "strings"

// onceCase is an input in which several routes show one thing, of which a rule is
// to speak once. The name begins with the rule. Line holds the options, as in a
// golden case; --proto=api.proto is [onceProto]. Want are the rule's findings as
// [finds] writes them.
type onceCase struct {
	name, line, text string
	want             []string
}

// onceProto is the .proto file that cases name.
const onceProto = `syntax = "proto3";
package shop.v1;
service Users { rpc Get(M) returns (M); }
message M {}
`

// The first route in the file is never the first by name: the latter is meant.
var onceCases = []onceCase{
	{"backend-appprotocol", "", objects(users("b"), users("a"), service("users", "appProtocol: http")), []string{
		"error Service shop/users spec.ports[0].appProtocol, see GRPCRoute shop/a",
	}},
	{"backend-appprotocol-missing", "--profile=kgateway", objects(users("b"), users("a"), service("users", "")), []string{
		"error Service shop/users spec.ports[0].port for kgateway, see GRPCRoute shop/a",
	}},
	{"backend-headless", "", objects(users("b"), users("a"), strings.Replace(service("users", ""), "spec:", "spec:\n  clusterIP: None", 1)), []string{
		"info GRPCRoute shop/a spec.rules[0].backendRefs[0].name, see Service shop/users",
	}},
	{"cleartext-listener", "", objects(edge("example", ""), users("b"), users("a")), []string{
		"warning Gateway infra/edge spec.listeners[0].protocol, see GRPCRoute shop/a",
	}},
	{"documented-not-enforced", "--profile=kgateway", objects(edge("kgateway", ""), users("b"), users("a")), []string{
		"warning Gateway infra/edge spec.listeners[0].protocol for kgateway, see GRPCRoute shop/a",
		"warning GRPCRoute shop/a spec.parentRefs[0] for kgateway",
	}},
	{"client-cert-without-policy/no policy", "", objects(edge("example", clientCert), users("b"), users("a"), service("users", "")), []string{
		"info Gateway infra/edge spec.tls.backend.clientCertificateRef",
	}},
	{"client-cert-without-policy/one has a policy", "", objects(edge("example", clientCert), users("b"), route("shop", "a", "other", "Other"),
		service("users", ""), service("other", ""), policy("other")), nil},
	{"client-cert-without-policy/one is not known", "", objects(edge("example", clientCert), users("b"), route("shop", "a", "not-there", "Other"), service("users", "")), nil},
	{"edge-grpc-disabled", "", objects(edge("cloudflare-tunnel", ""), users("b"), users("a")), []string{
		"info GRPCRoute shop/a metadata.name for cloudflare-tunnel",
	}},
	{"profile-not-served", "", objects(edge("pingora", ""), users("b"), users("a")), []string{
		"warning GRPCRoute shop/a kind for pingora",
	}},
	{"edge-http2-transport/flag", "--tunnel-protocol=quic", objects(edge("cloudflare-tunnel", ""), users("b"), users("a")), []string{
		"error GRPCRoute shop/a metadata.name for cloudflare-tunnel, see GRPCRoute shop/a",
	}},
	{"edge-http2-transport/values", "", objects(edge("cloudflare-tunnel", ""), users("b"), users("a"), "proxy:\n  tunnel:\n    protocol: quic\n"), []string{
		"error  proxy.tunnel.protocol for cloudflare-tunnel, see GRPCRoute shop/a",
	}},
	{"grant-wrong-kind", "", objects(inBackends("b", "users"), inBackends("a", "users"), grant("HTTPRoute", "backends")), []string{
		"warning ReferenceGrant backends/open spec.from[0].kind, see GRPCRoute shop/a",
	}},
	{"grant-wrong-namespace", "", objects(inBackends("b", "users"), inBackends("a", "users"), grant("GRPCRoute", "shop")), []string{
		"warning ReferenceGrant shop/open metadata.namespace, see GRPCRoute shop/a",
	}},
	{"grant-too-broad/one Service", "", objects(inBackends("b", "users"), inBackends("a", "users"), grant("GRPCRoute", "backends"), backendServices), []string{
		"warning ReferenceGrant backends/open spec.to[0]",
	}},
	{"grant-too-broad/two Services", "", objects(inBackends("b", "users"), inBackends("a", "orders"), grant("GRPCRoute", "backends"), backendServices), nil},
	{"grant-too-broad/one of two routes", "", objects(users("b"), inBackends("a", "orders"), grant("GRPCRoute", "backends"), backendServices), []string{
		"warning ReferenceGrant backends/open spec.to[0]",
	}},
	{"grant-unused/nobody", "--assume=absent", objects(users("b"), users("a"), grant("GRPCRoute", "backends"), backendServices), []string{
		"info ReferenceGrant backends/open metadata.name",
	}},
	{"grant-unused/one route", "--assume=absent", objects(users("b"), inBackends("a", "users"), grant("GRPCRoute", "backends"), backendServices), nil},
	{"grant-unused/nearly", "--assume=absent", objects(users("b"), inBackends("a", "users"), grant("HTTPRoute", "backends"), backendServices), nil},
	{"grant-missing", "", objects(inBackends("b", "users"), route("backends", "a", "users", "Users")), []string{
		"info GRPCRoute shop/b spec.rules[0].backendRefs[0].namespace",
	}},
	{"listener-isolation-divergence/two routes", "", objects(isolated, onListener("own", "api", "shop.Own"), onListener("b", "wild", "shop.B"), onListener("a", "wild", "shop.A")), []string{
		"warning Gateway infra/edge spec.listeners[2].hostname, see Gateway infra/edge, see GRPCRoute shop/a",
	}},
	{"listener-isolation-divergence/two listeners", "", objects(isolated, onListener("own", "api", "shop.Own"), onListener("a", "wilder", "shop.A"), onListener("b", "wild", "shop.B")), []string{
		"warning Gateway infra/edge spec.listeners[2].hostname, see Gateway infra/edge, see GRPCRoute shop/b",
	}},
	{"listener-protocol-incompatible", "--profile=cloudflare-tunnel", objects(strings.Replace(edge("cloudflare-tunnel", ""), "protocol: HTTP", "protocol: TCP", 1), users("b"), users("a")), []string{
		"warning Gateway infra/edge spec.listeners[0].protocol for cloudflare-tunnel",
		"error GRPCRoute shop/b spec.parentRefs[0] for cloudflare-tunnel, see Gateway infra/edge",
		"error GRPCRoute shop/a spec.parentRefs[0] for cloudflare-tunnel, see Gateway infra/edge",
	}},
	{"listener-protocol-incompatible/attached", "--profile=envoy-gateway", objects(strings.Replace(edge("envoy-gateway", ""), "protocol: HTTP", "protocol: example.com/GRPC", 1), users("b"), users("a")), []string{
		"error Gateway infra/edge spec.listeners[0].protocol for envoy-gateway",
	}},
	{"backend-tls-ca/own routes", "--assume=absent", objects(edge("example", ""), users("b"), users("a"), service("users", ""), policy("users")), []string{
		"error BackendTLSPolicy shop/users spec.validation.caCertificateRefs[0]",
	}},
	{"backend-tls-ca/no routes", "--assume=absent", objects(edge("example", ""), users("b"), users("a"), service("other", ""), policy("other")), []string{
		"error BackendTLSPolicy shop/other spec.validation.caCertificateRefs[0]",
	}},
	{"backend-tls-ca/two implementations", "--assume=absent", objects(edge("kgateway", ""), strings.Replace(edge("envoy-gateway", ""), "name: edge", "name: aside", 1),
		aside("b"), users("a"), service("users", ""), policy("users")), []string{
		"error BackendTLSPolicy shop/users spec.validation.caCertificateRefs[0] for envoy-gateway,kgateway",
	}},
	{"backend-tls-ca/another implementation", "--assume=absent", objects(edge("kgateway", ""), strings.Replace(edge("envoy-gateway", ""), "name: edge", "name: aside", 1),
		aside("b"), strings.Replace(users("a"), "- name: users", "- name: other", 1), service("users", ""), service("other", ""), policy("users")), []string{
		"error BackendTLSPolicy shop/users spec.validation.caCertificateRefs[0] for envoy-gateway",
	}},
	{"proto-unknown-service/documents", "--proto=api.proto", objects(route("shop", "a", "users", "B"), route("shop", "b", "users", "A")), []string{
		"info GRPCRoute shop/a spec.rules[0].matches[0].method.service",
	}},
	{"proto-unknown-service/items of a List", "--proto=api.proto", listOf(route("shop", "b", "users", "B"), route("shop", "a", "users", "A")), []string{
		"info GRPCRoute shop/b spec.rules[0].matches[0].method.service",
	}},
	{"selector-unknown-labels", "", objects(strings.Replace(edge("example", ""), "from: All", "from: Selector\n        selector: {matchLabels: {grpc: a}}", 1), users("b"), users("a")), []string{
		"info GRPCRoute shop/a spec.parentRefs[0]",
	}},
	{"tls-cert-name-mismatch/all hosts", "", objects(secure(""), secret("api.example.com"), hosts("b", "b.example.com"), hosts("a", "a.example.com")), []string{
		"error Gateway infra/edge spec.listeners[0].tls.certificateRefs",
	}},
	{"tls-cert-name-mismatch/one of two hosts", "", objects(secure("*.example.org"), secret("api.example.org"), hosts("b", "b.example.org"), hosts("a", "api.example.org")), []string{
		"warning Gateway infra/edge spec.listeners[0].tls.certificateRefs",
	}},
	{"tls-cert-name-mismatch/another host", "", objects(secure("api.example.org"), secret("api.example.com"), hosts("b", "b.example.com")), []string{
		"error Gateway infra/edge spec.listeners[0].tls.certificateRefs",
	}},
	{"tls-wildcard-cert-depth/known", "", objects(secure(""), secret("*.example.com"), hosts("b", "a.b.example.com"), hosts("a", "a.b.example.com")), []string{
		"warning GRPCRoute shop/a spec.hostnames[0], see Gateway infra/edge",
	}},
	{"tls-wildcard-cert-depth/not known", "", objects(secure("*.example.com"), hosts("b", "a.b.example.com"), hosts("a", "a.b.example.com")), []string{
		"info GRPCRoute shop/b spec.hostnames[0], see Gateway infra/edge",
		"info GRPCRoute shop/a spec.hostnames[0], see Gateway infra/edge",
	}},
	{"hostname-redundant", "", objects(edge("example", ""), strings.Replace(edge("example", ""), "name: edge", "name: aside", 1),
		hosts("b", "*.example.com", "api.example.com"), aside("a")), []string{
		"info GRPCRoute shop/b spec.hostnames[1], see GRPCRoute shop/b",
	}},
	{"health-not-routed/nobody", "--advice", objects(edge("example", ""), route("shop", "b", "users", "B"), route("shop", "a", "users", "A")), []string{
		"info GRPCRoute shop/a spec.hostnames[0]",
	}},
	{"health-not-routed/one route", "--advice", objects(edge("example", ""), route("shop", "b", "users", "B"), strings.Replace(route("shop", "a", "users", "A"), "shop.A", "grpc.health.v1.Health", 1)), nil},
	{"no-catch-all", "--advice", objects(edge("example", ""), route("shop", "b", "users", "B"), route("shop", "a", "users", "A")), []string{
		"info GRPCRoute shop/a spec.hostnames[0]",
	}},
	{"rules-limit-split", "", objects(edge("example", ""), manyRules("b"), hosts("b-2", "aside.example.org")), []string{
		"error GRPCRoute shop/b spec.rules",
	}},
}
