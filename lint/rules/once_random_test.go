package rules_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
)

// onceSeeds is the number of inputs that TestOnceRandom makes up.
const onceSeeds = 150

// TestOnceRandom makes up inputs in which routes share Gateways, Services and
// grants. Nothing is said twice of one place, looking at few routes at a time comes to
// the same, and each rule of onceCases has findings among them.
func TestOnceRandom(t *testing.T) {
	found := map[string]bool{}
	for seed := range uint64(onceSeeds) {
		c := randomCase(seed)
		set, o := c.read(t)
		result, err := lint.Run(set, rules.All, o)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{}
		for _, d := range result.Diagnostics {
			found[d.Rule] = true
			key := fmt.Sprint(d.Rule, d.Range, d.Field, d.Message)
			if said[key] {
				t.Errorf("seed %d, %s: twice: %s at %s", seed, c.line, d.Rule, d.Range)
			}
			said[key] = true
		}
		sameInGroups(t, write(t, c.set()), o)
	}
	for _, c := range onceCases {
		rule, _, _ := strings.Cut(c.name, "/")
		if !found[rule] && !notMadeUp[rule] {
			t.Errorf("no input made up has a finding of %s", rule)
		}
	}
}

// notMadeUp are rules whose findings randomCase does not provoke.
var notMadeUp = map[string]bool{"rules-limit-split": true, "profile-not-served": true}

// randomCase makes up a case.
func randomCase(seed uint64) onceCase {
	r := rand.New(rand.NewPCG(seed, 7))
	line := pick(r, "", "--assume=absent", "--assume=present", "--profile=kgateway", "--profile=envoy-gateway",
		"--profile=cloudflare-tunnel --assume=absent", "--profile=cloudflare-tunnel --tunnel-protocol=quic")
	return onceCase{fmt.Sprintf("random %d", seed), line + " --advice --proto=api.proto", randomObjects(r), nil}
}

func randomObjects(r *rand.Rand) string {
	classes := pick(r, []string{"example"}, []string{"kgateway"}, []string{"envoy-gateway"}, []string{"kgateway", "envoy-gateway"},
		[]string{"cloudflare-tunnel", "example"}, []string{"cilium", "example"})
	gateways := 1 + r.IntN(3)
	var out []string
	for i := range gateways {
		out = append(out, randomGateway(r, i, pick(r, classes...)))
	}
	for i := range 3 + r.IntN(6) {
		out = append(out, randomRoute(r, fmt.Sprintf("r%d", 9-i), gateways))
	}
	for _, ns := range []string{"shop", "team", "backends"} {
		out = append(out, randomBackends(r, ns)...)
	}
	for i := range r.IntN(4) {
		g := grant(pick(r, "GRPCRoute", "GRPCRoute", "HTTPRoute"), pick(r, "backends", "backends", "shop", "infra"))
		g = strings.Replace(g, "namespace: shop}", "namespace: "+pick(r, "shop", "team")+"}", 1)
		g = strings.Replace(g, "kind: Service", "kind: "+pick(r, "Service", "Service", "Service", "Secret", "Gateway"), 1)
		out = append(out, strings.Replace(g, "name: open", fmt.Sprintf("name: open%d", i), 1))
	}
	if r.IntN(2) == 0 {
		out = append(out, secret(pick(r, "a.example.com", "*.example.com", "c.example.org")))
	}
	if r.IntN(4) == 0 {
		out = append(out, "proxy:\n  tunnel:\n    protocol: quic\n")
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return objects(out...)
}

func randomGateway(r *rand.Rand, i int, class string) string {
	head, _, _ := strings.Cut(edge(class, pick(r, "", "", clientCert)), "  - name: http\n")
	text := strings.Replace(head, "name: edge", fmt.Sprintf("name: gw%d", i), 1)
	for l := range 1 + r.IntN(3) {
		shape := "port: 80, protocol: " + pick(r, "HTTP", "HTTP", "HTTP", "TCP")
		if r.IntN(3) == 0 {
			shape = "port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}"
		}
		host := pick(r, "", "", `, hostname: "*.example.com"`, ", hostname: a.example.com", `, hostname: "*.com"`)
		from := pick(r, "All", "All", "All", "Same", "Selector, selector: {matchLabels: {a: b}}")
		text += fmt.Sprintf("  - {name: l%d, %s%s, allowedRoutes: {namespaces: {from: %s}}}\n", l, shape, host, from)
	}
	return text
}

// randomRoute makes up a route, whose Gateway may be one more than there are.
func randomRoute(r *rand.Rand, name string, gateways int) string {
	kind := pick(r, "GRPCRoute", "GRPCRoute", "GRPCRoute", "GRPCRoute", "HTTPRoute")
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: gateway.networking.k8s.io/v1\nkind: %s\nmetadata: {name: %s, namespace: %s}\nspec:\n  parentRefs:\n",
		kind, name, pick(r, "shop", "shop", "team"))
	for range pick(r, 1, 1, 1, 2) {
		fmt.Fprintf(&b, "  - {name: gw%d, namespace: infra%s}\n", r.IntN(gateways+r.IntN(2)), pick(r, "", "", ", sectionName: l0", ", sectionName: l1"))
	}
	hosts := []string{"a.example.com", "b.example.com", "c.example.org", `"*.example.com"`, "a.b.example.com", "d.example.net", "e.example.net"}
	r.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	if n := pick(r, 0, 1, 1, 2); n > 0 {
		fmt.Fprintf(&b, "  hostnames: [%s]\n", strings.Join(hosts[:n], ", "))
	}
	b.WriteString("  rules:\n")
	for range 1 + r.IntN(2) {
		match := "headers: [{name: a, value: b}]"
		switch {
		case kind == "HTTPRoute":
			match = "path: {type: PathPrefix, value: " + pick(r, "/", "/shop.v1.Users/", "/web") + "}"
		case r.IntN(8) > 0:
			service := pick(r, "shop.v1.Users", "shop.v1.Orders", "other.A", "other.B", "third.C", "grpc.reflection.v1.ServerReflection")
			match = "method: {service: " + service + pick(r, "", "", ", method: Get") + "}"
		}
		fmt.Fprintf(&b, "  - matches:\n    - %s\n    backendRefs:\n", match)
		for range 1 + r.IntN(2) {
			fmt.Fprintf(&b, "    - {name: %s, port: %d%s}\n", pick(r, "users", "orders", "gone"), pick(r, 50051, 443), pick(r, "", "", ", namespace: backends"))
		}
	}
	return b.String()
}

// randomBackends are some Services of a namespace, with policies for some.
func randomBackends(r *rand.Rand, namespace string) []string {
	var out []string
	for _, name := range []string{"users", "orders"} {
		if r.IntN(3) > 0 {
			text := service(name, pick(r, "", "", "appProtocol: http", "appProtocol: grpc")) + pick(r, "", "", "", "    name: https\n")
			out = append(out, strings.Replace(text, "spec:", "spec:"+pick(r, "", "", "", "\n  clusterIP: None"), 1))
		}
		if r.IntN(5) == 0 {
			out = append(out, policy(name))
		}
	}
	for i := range out {
		out[i] = strings.Replace(out[i], "namespace: shop", "namespace: "+namespace, 1)
	}
	if r.IntN(3) == 0 {
		out = append(out, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+namespace+"}\n")
	}
	return out
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
