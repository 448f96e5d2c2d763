package topology_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

func TestBackendRefusal(t *testing.T) {
	const ports = "  - {name: grpc, port: 50051, targetPort: 9000}\n"
	serve := service("ns", "s", ports)
	external := object("v1", "Service", "ns", "s", "spec:\n  type: ExternalName\n  externalName: example.com\n")
	protocol := func(p string) string {
		return service("ns", "s", "  - {name: web, port: 50051, appProtocol: '"+p+"'}\n")
	}
	multi := object("multicluster.x-k8s.io/v1alpha1", "ServiceImport", "ns", "s", "spec:\n  type: ClusterSetIP\n  ports: [{port: 50051, protocol: TCP}]\n")
	const ref = "{name: s, port: 50051}"
	for _, tt := range []struct {
		name    string
		profile *profile.Profile
		object  string
		ref     string
		assume  topology.Assume
		want    string
		unseen  string
		message string
	}{
		{name: "resolves", object: serve, ref: ref},
		{name: "missing", ref: ref, want: "BackendNotFound?"},
		{name: "missing, complete", ref: ref, assume: topology.AssumeAbsent, want: "BackendNotFound~"},
		{name: "missing, assumed", ref: ref, assume: topology.AssumePresent},
		{name: "missing, never looked at", profile: profile.Pingora, ref: ref, assume: topology.AssumeAbsent, unseen: "BackendNotFound~"},
		{name: "unreadable", object: object("v1", "Service", "ns", "s", "spec: {ports: 3}\n"), ref: ref, assume: topology.AssumeAbsent, want: "BackendNotFound?"},
		{name: "no such port", object: serve, ref: "{name: s, port: 80}", want: "BackendNotFound", message: "expected 50051"},
		{name: "target port", object: serve, ref: "{name: s, port: 9000}", want: "BackendNotFound", message: "target port of port 50051"},
		{name: "UDP port", object: service("ns", "s", "  - {port: 50051, protocol: UDP}\n"), ref: ref, want: "BackendNotFound"},
		{name: "no such port, envoy-gateway", profile: profile.EnvoyGateway, object: serve, ref: "{name: s, port: 80}", want: "PortNotFound"},
		{name: "no such port, nobody looks", profile: profile.CloudflareTunnel, object: serve, ref: "{name: s, port: 80}", unseen: "BackendNotFound"},
		{name: "no such port of an ExternalName, nobody looks", profile: profile.CloudflareTunnel, object: external, ref: "{name: s, port: 80}"},
		{name: "missing, nobody looks", profile: profile.Pingora, ref: ref, unseen: "BackendNotFound?"},
		{name: "any group, pingora", profile: profile.Pingora, object: serve, ref: "{group: core, name: s, port: 50051}"},
		{name: "no port", object: serve, ref: "{name: s}", want: "BackendNotFound", message: "needs a port"},
		{name: "kind", ref: "{kind: Deployment, group: apps, name: s}", want: "InvalidKind"},
		{name: "kind of somebody else", ref: "{kind: Backend, group: gateway.envoyproxy.io, name: s}", assume: topology.AssumeAbsent, want: "InvalidKind?"},
		{name: "kind of a project beside Kubernetes", ref: "{kind: InferencePool, group: inference.networking.k8s.io, name: s}", want: "InvalidKind?"},
		{name: "kind of Kubernetes", ref: "{kind: Ingress, group: networking.k8s.io, name: s}", want: "InvalidKind"},
		{name: "kind of the Gateway API", ref: "{kind: Gateway, group: gateway.networking.k8s.io, name: s}", want: "InvalidKind"},
		{name: "kind of somebody else, envoy-gateway", profile: profile.EnvoyGateway, ref: "{kind: Backend, group: gateway.kgateway.dev, name: s}", want: "InvalidKind"},
		{name: "group core", object: serve, ref: "{group: core, name: s, port: 50051}", want: "InvalidKind"},
		{name: "group core, cloudflare-tunnel", profile: profile.CloudflareTunnel, object: serve, ref: "{group: core, name: s, port: 50051}"},
		{name: "kind comes before the grant", ref: "{kind: Deployment, group: apps, name: s, namespace: other}", want: "InvalidKind"},
		{name: "ServiceImport", object: multi, ref: "{group: multicluster.x-k8s.io, kind: ServiceImport, name: s, port: 50051}"},
		{name: "ServiceImport port", object: multi, ref: "{group: multicluster.x-k8s.io, kind: ServiceImport, name: s, port: 1}", want: "BackendNotFound"},
		{name: "ServiceImport, kgateway", profile: profile.KGateway, object: multi, ref: "{group: multicluster.x-k8s.io, kind: ServiceImport, name: s, port: 50051}", want: "InvalidKind"},
		{name: "kind of its own, kgateway", profile: profile.KGateway, ref: "{group: gateway.kgateway.dev, kind: Backend, name: s}", want: "BackendNotFound?"},
		{name: "kind of its own, not in a complete input", profile: profile.KGateway, ref: "{group: gateway.kgateway.dev, kind: Backend, name: s}", assume: topology.AssumeAbsent, want: "BackendNotFound~"},
		{name: "kind of its own in a complete input", profile: profile.KGateway, object: object("gateway.kgateway.dev/v1alpha1", "Backend", "ns", "s", "spec: {}\n"),
			ref: "{group: gateway.kgateway.dev, kind: Backend, name: s}", assume: topology.AssumeAbsent, want: "BackendNotFound?"},
		{name: "another of its kind in a complete input", profile: profile.KGateway, object: object("gateway.kgateway.dev/v1alpha1", "Backend", "ns", "other", "spec: {}\n"),
			ref: "{group: gateway.kgateway.dev, kind: Backend, name: s}", assume: topology.AssumeAbsent, want: "BackendNotFound~"},
		{name: "kind of its own with a port, kgateway", profile: profile.KGateway, ref: "{group: gateway.kgateway.dev, kind: Backend, name: s, port: 1}", want: "BackendNotFound"},
		{name: "ExternalName", object: external, ref: ref, want: "UnsupportedValue?"},
		{name: "ExternalName, envoy-gateway", profile: profile.EnvoyGateway, object: external, ref: ref, want: "UnsupportedValue"},
		{name: "ExternalName, kgateway", profile: profile.KGateway, object: external, ref: ref},
		{name: "other namespace", object: service("b", "s", ports), ref: "{name: s, namespace: b, port: 50051}", want: "RefNotPermitted?"},
		{name: "other namespace, no grants asked", profile: profile.Pingora, object: service("b", "s", ports), ref: "{name: s, namespace: b, port: 50051}"},
		{name: "unknown grant, certainly no port", object: service("b", "s", ports), ref: "{name: s, namespace: b, port: 1}", want: "BackendNotFound"},
		{name: "weight 0 unchecked", profile: profile.CloudflareTunnel, ref: "{kind: Deployment, group: apps, name: s, weight: 0}"},
		{name: "weight 0 checked", ref: "{kind: Deployment, group: apps, name: s, weight: 0}", want: "InvalidKind"},

		{name: "appProtocol h2c", object: protocol("kubernetes.io/h2c"), ref: ref},
		{name: "appProtocol ws", object: protocol("kubernetes.io/ws"), ref: ref, want: "UnsupportedProtocol"},
		{name: "appProtocol http", object: protocol("http"), ref: ref, want: "UnsupportedProtocol?"},
		{name: "appProtocol https", object: protocol("https"), ref: ref, want: "UnsupportedProtocol?"},
		{name: "appProtocol grpc", object: protocol("grpc"), ref: ref},
		{name: "appProtocol https, cloudflare-tunnel", profile: profile.CloudflareTunnel, object: protocol("https"), ref: ref, want: "UnsupportedProtocol?"},
		{name: "appProtocol https, no policy in a complete input", object: protocol("https"), ref: ref, assume: topology.AssumeAbsent, want: "UnsupportedProtocol~"},
		{name: "appProtocol https, no policy in a complete input, cloudflare-tunnel", profile: profile.CloudflareTunnel, object: protocol("https"), ref: ref, assume: topology.AssumeAbsent, want: "UnsupportedProtocol~"},
		{name: "appProtocol https, policy assumed, cloudflare-tunnel", profile: profile.CloudflareTunnel, object: protocol("https"), ref: ref, assume: topology.AssumePresent},
		{name: "appProtocol ws, cloudflare-tunnel", profile: profile.CloudflareTunnel, object: protocol("kubernetes.io/ws"), ref: ref},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := load(t, tt.object, grpcRoute("ns", "r", "  rules:\n  - backendRefs:\n    - "+tt.ref+"\n"))
			top := topology.Resolve(set, topology.Options{Profile: tt.profile, Assume: tt.assume})
			b := route(t, top, "r").Rules[0].Backends[0]
			if got := word(b.Refusal); got != tt.want {
				t.Fatalf("refusal = %q (%+v), want %q", got, b.Refusal, tt.want)
			}
			if got := word(b.Unseen); got != tt.unseen {
				t.Errorf("unseen = %q, want %q", got, tt.unseen)
			}
			if b.Refusal == nil {
				return
			}
			if !strings.Contains(b.Refusal.Message, tt.message) || b.Refusal.Message == "" {
				t.Errorf("message %q", b.Refusal.Message)
			}
			if !strings.HasPrefix(b.Refusal.Field(), "spec.rules[0].backendRefs[0]") {
				t.Errorf("field %q", b.Refusal.Field())
			}
		})
	}
}

func TestBackendDefaults(t *testing.T) {
	top := topology.Resolve(load(t, grpcRoute("ns", "r", "  rules: [{backendRefs: [{name: s, port: 1}]}]\n")), topology.Options{Assume: topology.AssumePresent})
	b := route(t, top, "r").Rules[0].Backends[0]
	if b.Kind != "Service" || b.Group != "" || b.Namespace != "ns" || b.Weight != 1 || b.Certainty != diag.Assumed || b.Why == "" {
		t.Errorf("%+v", b)
	}
}

func TestMirrorAndFilters(t *testing.T) {
	const rules = `  rules:
  - filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: s, namespace: b, port: 50051}}}
    - {type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: x}}
    backendRefs:
    - name: s
      port: 50051
      filters:
      - {type: RequestMirror, requestMirror: {backendRef: {name: s, port: 50051}}}
`
	grant := referenceGrant("v1", "b", "  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: ns}]\n  to: [{group: '', kind: Service}]\n")
	for _, tt := range []struct {
		profile                              *profile.Profile
		header, mirror, extension, atBackend string
		rule                                 int
		target                               string
	}{
		{profile.Spec, "", "", "UnsupportedValue?", "", 0, "RefNotPermitted~"},
		{profile.CloudflareTunnel, "", "UnsupportedValue", "UnsupportedValue", "UnsupportedValue", 2, ""},
		{profile.EnvoyGateway, "", "", "UnsupportedValue", "UnsupportedRefValue", 1, "RefNotPermitted~"},
		{profile.KGateway, "", "", "", "", 0, ""},
		{profile.Pingora, "", "", "", "", 0, ""},
	} {
		t.Run(tt.profile.Name, func(t *testing.T) {
			set := load(t, grant, service("ns", "s", "  - {port: 50051}\n"), service("b", "s", "  - {port: 50051, name: grpc}\n"), grpcRoute("ns", "r", rules))
			rule := route(t, topology.Resolve(set, topology.Options{Profile: tt.profile, Assume: topology.AssumeAbsent}), "r").Rules[0]
			got := []string{word(rule.Filters[0].Refusal), word(rule.Filters[1].Refusal), word(rule.Filters[2].Refusal), word(rule.Backends[0].Filters[0].Refusal)}
			for i, want := range []string{tt.header, tt.mirror, tt.extension, tt.atBackend} {
				if got[i] != want {
					t.Errorf("filter %d: refusal = %q, want %q", i, got[i], want)
				}
			}
			if len(rule.Refusals) != tt.rule || rule.Dropped {
				t.Errorf("%d refusals of the rule, want %d; dropped %v", len(rule.Refusals), tt.rule, rule.Dropped)
			}
			target := ""
			if m := rule.Filters[1].Mirror; m != nil {
				target = word(m.Refusal)
			}
			if target != tt.target {
				t.Errorf("mirror target: %q, want %q", target, tt.target)
			}
		})
	}
}

// TestExtensionObjects: an ExtensionRef resolves to an object of the input although
// its kind is not read, and only in the route's namespace.
func TestExtensionObjects(t *testing.T) {
	const rules = `  rules:
  - filters: [{type: ExtensionRef, extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: x}}]
    backendRefs: [{name: s, port: 50051}]
`
	for namespace, want := range map[string]string{"ns": "", "b": "BackendNotFound~"} {
		set := load(t, object("gateway.envoyproxy.io/v1alpha1", "HTTPRouteFilter", namespace, "x", "spec: {}\n"), grpcRoute("ns", "r", rules))
		rule := route(t, topology.Resolve(set, topology.Options{Profile: profile.EnvoyGateway, Assume: topology.AssumeAbsent}), "r").Rules[0]
		if got := word(rule.Filters[0].Refusal); got != want {
			t.Errorf("object in namespace %q: refusal %q, want %q", namespace, got, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		name         string
		profile      *profile.Profile
		method       string
		rule         string
		bad, blocked int
		dropped      bool
	}{
		{name: "fine", method: "service: 'a|b', method: 'Get.*'"},
		{name: "broken", method: "service: 'a('", rule: "UnsupportedValue", bad: 1, dropped: true},
		{name: "not RE2", method: "service: '(?!a)b'", rule: "UnsupportedValue?", bad: 1},
		{name: "not RE2, envoy-gateway", profile: profile.EnvoyGateway, method: "service: '(?!a)b'", rule: "UnsupportedValue", bad: 1, dropped: true},
		{name: "cloudflare-tunnel", profile: profile.CloudflareTunnel, method: "service: 'a('", bad: 1, blocked: 1},
		{name: "kgateway", profile: profile.KGateway, method: "service: 'a', method: '['", bad: 1, blocked: 1},
		{name: "pingora", profile: profile.Pingora, method: "service: 'a('", bad: 1},
		{name: "both", method: "service: '[', method: '('", rule: "UnsupportedValue", bad: 2, dropped: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := resolve(t, tt.profile, grpcRoute("ns", "r", "  rules: [{matches: [{method: {type: RegularExpression, "+tt.method+"}}]}]\n"))
			rule := route(t, top, "r").Rules[0]
			got := ""
			if len(rule.Refusals) > 0 {
				got = word(rule.Refusals[0])
			}
			if got != tt.rule || len(rule.BadPatterns) != tt.bad || len(top.Blocked) != tt.blocked || rule.Dropped != tt.dropped {
				t.Errorf("refusal %q, %d bad patterns, %d blocked, dropped %v", got, len(rule.BadPatterns), len(top.Blocked), rule.Dropped)
			}
		})
	}
}

func TestCheckPattern(t *testing.T) {
	for pattern, foreign := range map[string]bool{
		`(?=a)`: true, `(?<!a)b`: true, `(a)\1`: true, `a*+`: true, `(?>a)`: true, `\k<x>`: true,
		`(?(1)a|b)`: true, `(?(?=a)b|c)`: true, `(?#why)a`: true, `(?R)?`: true, `a\Z`: true, `\h`: true, `(?|a|b)`: true, `(?<x>a)(?P=x)`: true,
		`(a(?=b)`: false, `[(?=]x(`: false, `\(?=foo(`: false, `(\p{L}+`: false,
		`a(`: false, `[z-a]`: false, `a{2,1}`: false, `*`: false,
	} {
		e := topology.CheckPattern(pattern)
		if e == nil || e.Foreign != foreign || e.Error() == "" {
			t.Errorf("CheckPattern(%q) = %v, want foreign %v", pattern, e, foreign)
		}
	}
	if e := topology.CheckPattern(`(?i)a.*\b[^/]{1,10}$`); e != nil {
		t.Error(e)
	}
}
