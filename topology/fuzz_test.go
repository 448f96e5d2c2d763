package topology_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// everything uses each field that is resolved.
var everything = bytes.Join([][]byte{
	[]byte("apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: example.com/c}\n"),
	[]byte(openGateway("from: Selector, selector: {matchLabels: {a: b}}", listenerLines("one 80 HTTP -;two 443 HTTPS *.example.com;three 443 TLS x.example.com"))),
	[]byte(listenerSet("app", "set", "", listenerLines("four 81 HTTP -;five 80 TCP -"))),
	[]byte("apiVersion: v1\nkind: Namespace\nmetadata: {name: app, labels: {a: b}}\n"),
	[]byte(service("app", "s", "  - {name: grpc, port: 1, appProtocol: kubernetes.io/h2c}\n")),
	[]byte(referenceGrant("v1", "app", "  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: infra}]\n  to: [{group: '', kind: Service}]\n")),
	[]byte(object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "app", "p", "spec:\n  targetRefs: [{group: '', kind: Service, name: s, sectionName: grpc}]\n  validation: {hostname: s.example.com, caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}\n")),
	[]byte(object("v1", "ConfigMap", "app", "ca", "data: {ca.crt: x}\n")),
	[]byte(deployment("        args: [--tunnel-protocol, quic]\n")),
	[]byte(grpcRoute("app", "r", `  parentRefs: [{name: gw, namespace: infra, sectionName: two, port: 443}, {name: set, kind: ListenerSet}, {group: '', kind: Service, name: s, sectionName: grpc}, {name: nope}]
  hostnames: [a.example.com, '*.b.example.com']
  rules:
  - matches: [{method: {type: RegularExpression, service: 'a|b', method: '('}, headers: [{type: RegularExpression, name: x, value: '(?=y)'}]}, {}]
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: s, port: 1}}}, {type: ExtensionRef, extensionRef: {group: x, kind: Y, name: z}}]
    backendRefs: [{name: s, port: 1, weight: 0, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}]}, {name: t, port: 2, namespace: other}]
`)),
	[]byte(object("gateway.networking.k8s.io/v1", "HTTPRoute", "app", "h", `spec:
  parentRefs: [{name: gw, namespace: infra}]
  rules:
  - matches: [{path: {type: RegularExpression, value: '['}, method: POST}]
    filters: [{type: URLRewrite}]
    backendRefs: [{name: s, port: 1}]
`)),
}, []byte("---\n"))

// check resolves for every profile and assumption, and looks at all positions.
func check(t *testing.T, set *manifest.Set) {
	refusal := func(r *topology.Refusal) {
		if r == nil {
			return
		}
		r.Range()
		r.Related()
		if r.Message == "" || r.Doc == nil || r.Field() == "" {
			t.Fatalf("incomplete refusal %+v", r)
		}
	}
	for _, p := range append([]*profile.Profile{profile.Pingora.AsBuilt}, profile.All...) {
		for _, o := range []topology.Options{{}, {Assume: topology.AssumePresent}, {Assume: topology.AssumeAbsent, Auto: true}} {
			o.Profile = p
			top := topology.Resolve(set, o)
			for _, g := range top.Gateways {
				for _, l := range g.Listeners {
					l.Usable()
					for _, r := range append(l.Refusals, l.Problems...) {
						refusal(r)
					}
					for _, a := range l.Attached {
						if a.Refusal == nil && len(a.Hosts) == 0 {
							t.Fatalf("%s: %s is attached to %s without a hostname", p.Name, a.Parent.Route.Key(), l)
						}
					}
				}
			}
			for _, r := range top.Routes {
				for _, parent := range r.Parents {
					refusal(parent.Refusal)
					accepted := false
					for _, a := range parent.Attachments {
						refusal(a.Refusal)
						accepted = accepted || a.Refusal == nil
						if a.Certainty != diag.Certain && a.Why == "" {
							t.Fatalf("%s: %s is %v on %s and does not say why", p.Name, r.Key(), a.Certainty, a.Listener)
						}
					}
					if len(parent.Attachments) > 0 && accepted != (parent.Refusal == nil) {
						t.Fatalf("%s: %s has an accepted attachment (%v) and refusal %v", p.Name, r.Key(), accepted, parent.Refusal)
					}
				}
				for _, rule := range r.Rules {
					for _, x := range append(rule.Refusals, rule.BadPatterns...) {
						refusal(x)
					}
					for _, b := range rule.Backends {
						refusal(b.Refusal)
					}
				}
			}
			for _, policy := range top.Policies {
				refusal(policy.Refusal)
				for _, ca := range policy.CA {
					refusal(ca)
				}
				for _, target := range policy.Targets {
					refusal(target.Refusal)
				}
			}
		}
	}
}

// FuzzResolve resolves whatever can be read.
func FuzzResolve(f *testing.F) {
	f.Add(everything)
	f.Fuzz(func(t *testing.T, text []byte) {
		set, _ := manifest.Load([]string{"-"}, manifest.Options{Stdin: bytes.NewReader(text)})
		check(t, set)
	})
}

// Lines left out or doubled keep most of the text readable, which random bytes do
// not.
func TestResolveDamagedManifests(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 5))
	lines := bytes.SplitAfter(everything, []byte("\n"))
	words := [][]byte{[]byte("gw"), []byte("infra"), []byte("HTTP"), []byte("443"), []byte("Service"), []byte("''"), []byte("GRPCRoute"), []byte("app"), []byte("80")}
	for range 150 {
		var text []byte
		for _, line := range lines {
			switch rnd.IntN(25) {
			case 0:
				continue
			case 1:
				a, b := words[rnd.IntN(len(words))], words[rnd.IntN(len(words))]
				line = bytes.Replace(line, a, b, 1)
			}
			text = append(text, line...)
		}
		set, _ := manifest.Load([]string{"-"}, manifest.Options{Stdin: bytes.NewReader(text)})
		check(t, set)
	}
}
