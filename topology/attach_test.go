package topology_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

const (
	httpListener = "  - {name: http, port: 80, protocol: HTTP"
	toGateway    = "  parentRefs: [{name: gw, namespace: infra"
)

func allowing(rules string) string { return httpListener + ", allowedRoutes: {" + rules + "}}\n" }

// The situations of the funnel: one Gateway infra/gw, one route in namespace app.
func TestParentRefusal(t *testing.T) {
	const open = "namespaces: {from: All}"
	namespace := func(labels string) string {
		return "apiVersion: v1\nkind: Namespace\nmetadata: {name: app, labels: {" + labels + "}}\n"
	}
	selector := func(rules string) string {
		return allowing("namespaces: {from: Selector, selector: {" + rules + "}}")
	}
	for _, tt := range []struct {
		name      string
		profile   *profile.Profile
		listeners string
		ref       string // more of the parentRef
		hosts     string
		more      string // further objects
		want      string // reason, ? where unknown
		certainty diag.Certainty
	}{
		{name: "admitted", listeners: allowing(open)},
		{name: "same namespace by default", listeners: httpListener + "}\n", want: "NotAllowedByListeners"},
		{name: "same namespace", listeners: allowing("namespaces: {from: Same}"), want: "NotAllowedByListeners"},
		{name: "selector by labels", listeners: selector("matchLabels: {team: a}"), more: namespace("team: a")},
		{name: "selector by other labels", listeners: selector("matchLabels: {team: a}"), more: namespace("team: b"), want: "NotAllowedByListeners"},
		{name: "selector by expression", listeners: selector("matchExpressions: [{key: team, operator: In, values: [b, a]}, {key: x, operator: DoesNotExist}]"), more: namespace("team: a")},
		{name: "selector not in", listeners: selector("matchExpressions: [{key: team, operator: NotIn, values: [a]}]"), more: namespace("team: a"), want: "NotAllowedByListeners"},
		{name: "selector not in without the key", listeners: selector("matchExpressions: [{key: team, operator: NotIn, values: [a]}]"), more: namespace("other: a")},
		{name: "selector exists", listeners: selector("matchExpressions: [{key: team, operator: Exists}]"), more: namespace("other: a"), want: "NotAllowedByListeners"},
		{name: "empty selector", listeners: selector(""), more: namespace("")},
		{name: "selector without labels in the input", listeners: selector("matchLabels: {team: a}"), certainty: diag.Unknown},
		{name: "selector by name without labels in the input", listeners: selector("matchLabels: {kubernetes.io/metadata.name: app}")},
		{name: "selector by another name", listeners: selector("matchLabels: {kubernetes.io/metadata.name: prod, team: a}"), want: "NotAllowedByListeners"},
		{name: "selector missing", listeners: allowing("namespaces: {from: Selector}"), want: "NotAllowedByListeners"},

		{name: "kind allowed", listeners: allowing(open + ", kinds: [{kind: GRPCRoute}]")},
		{name: "kind not allowed", listeners: allowing(open + ", kinds: [{kind: HTTPRoute}]"), want: "NotAllowedByListeners"},
		{name: "kind of another group", listeners: allowing(open + ", kinds: [{group: example.com, kind: GRPCRoute}]"), want: "NotAllowedByListeners"},
		{name: "no kinds", listeners: allowing(open + ", kinds: []")},
		{name: "protocol TLS", listeners: "  - {name: t, port: 443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {" + open + "}}\n", want: "NotAllowedByListeners"},
		{name: "protocol TLS with the kind listed", listeners: "  - {name: t, port: 443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {" + open + ", kinds: [{kind: GRPCRoute}]}}\n", want: "NotAllowedByListeners"},
		{name: "protocol TLS with the kind listed, cloudflare-tunnel", profile: profile.CloudflareTunnel, listeners: "  - {name: t, port: 443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {" + open + ", kinds: [{kind: GRPCRoute}]}}\n"},
		{name: "protocol TLS that ends here with the kind listed", listeners: "  - {name: t, port: 443, protocol: TLS, tls: {mode: Terminate, options: {example.com/a: b}}, allowedRoutes: {" + open + ", kinds: [{kind: GRPCRoute}]}}\n", certainty: diag.Unknown},
		{name: "protocol TCP", listeners: "  - {name: t, port: 443, protocol: TCP, allowedRoutes: {" + open + "}}\n", want: "NotAllowedByListeners"},
		{name: "protocol of an implementation", listeners: "  - {name: t, port: 443, protocol: example.com/quic, allowedRoutes: {" + open + "}}\n", certainty: diag.Unknown},

		{name: "sectionName", listeners: allowing(open), ref: ", sectionName: http"},
		{name: "sectionName of no listener", listeners: allowing(open), ref: ", sectionName: https", want: "NoMatchingParent"},
		{name: "port", listeners: allowing(open), ref: ", port: 80"},
		{name: "port of no listener", listeners: allowing(open), ref: ", port: 81", want: "NoMatchingParent"},
		{name: "sectionName and port", listeners: allowing(open), ref: ", sectionName: http, port: 80"},
		{name: "sectionName and another port", listeners: allowing(open), ref: ", sectionName: http, port: 81", want: "NoMatchingParent"},
		{name: "port ignored", profile: profile.Pingora, listeners: allowing(open), ref: ", port: 81"},

		{name: "hostname", listeners: httpListener + ", hostname: a.example.com, allowedRoutes: {" + open + "}}\n", hosts: "a.example.com"},
		{name: "no hostname in common", listeners: httpListener + ", hostname: a.example.com, allowedRoutes: {" + open + "}}\n", hosts: "b.example.com", want: "NoMatchingListenerHostname"},
		{name: "nested wildcards, pingora", profile: profile.Pingora, listeners: httpListener + ", hostname: '*.example.com', allowedRoutes: {" + open + "}}\n", hosts: "*.a.example.com", want: "NoMatchingListenerHostname"},

		{name: "one listener is enough", listeners: httpListener + "}\n  - {name: b, port: 81, protocol: HTTP, allowedRoutes: {" + open + "}}\n"},
		{name: "the latest stage counts", listeners: httpListener + ", hostname: b.example.com, allowedRoutes: {" + open + "}}\n  - {name: b, port: 81, protocol: HTTP}\n", hosts: "a.example.com", want: "NoMatchingListenerHostname"},
		{name: "the last listener counts, cloudflare-tunnel", profile: profile.CloudflareTunnel, listeners: httpListener + ", hostname: b.example.com, allowedRoutes: {" + open + "}}\n  - {name: b, port: 81, protocol: HTTP}\n", hosts: "a.example.com", want: "NotAllowedByListeners"},
		{name: "sectionName hides the cause, cloudflare-tunnel", profile: profile.CloudflareTunnel, listeners: httpListener + "}\n", ref: ", sectionName: http", want: "NoMatchingParent"},
		{name: "allowed comes before sectionName, kgateway", profile: profile.KGateway, listeners: httpListener + "}\n", ref: ", sectionName: https", want: "NotAllowedByListeners"},
		{name: "hostname of another listener, envoy-gateway", profile: profile.EnvoyGateway, listeners: httpListener + ", hostname: '*.example.com', allowedRoutes: {" + open + "}}\n  - {name: b, port: 80, protocol: HTTP, hostname: a.example.com}\n", hosts: "a.example.com", want: "NoMatchingListenerHostname"},
		{name: "hostname of another listener", listeners: httpListener + ", hostname: '*.example.com', allowedRoutes: {" + open + "}}\n  - {name: b, port: 80, protocol: HTTP, hostname: a.example.com}\n", hosts: "a.example.com"},
		{name: "no listeners", listeners: "    []\n", want: "NoMatchingParent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hosts := ""
			if tt.hosts != "" {
				hosts = "  hostnames: ['" + tt.hosts + "']\n"
			}
			top := resolve(t, tt.profile, gateway("infra", "gw", tt.listeners), tt.more,
				grpcRoute("app", "r", toGateway+tt.ref+"}]\n"+hosts))
			p := route(t, top, "r").Parents[0]
			if got := word(p.Refusal); got != tt.want {
				t.Fatalf("refusal = %q (%v), want %q", got, p.Refusal, tt.want)
			}
			if p.Refusal != nil {
				if p.Refusal.Message == "" || p.Refusal.Range().Start.Line == 0 || p.Refusal.Field() == "" {
					t.Errorf("refusal without message, range or field: %+v at %s", p.Refusal, p.Refusal.Range())
				}
				return
			}
			certainty := diag.Unknown
			for _, a := range p.Attachments {
				if a.Refusal == nil {
					certainty = min(certainty, a.Certainty)
				}
			}
			if certainty != tt.certainty {
				t.Errorf("certainty = %v, want %v", certainty, tt.certainty)
			}
		})
	}
}

func TestRefusalPlaces(t *testing.T) {
	top := resolve(t, nil,
		gateway("infra", "gw", httpListener+", hostname: a.example.com}\n"),
		grpcRoute("infra", "r", "  parentRefs:\n  - name: gw\n    sectionName: nope\n  - name: gw\n    namespace: infra\n  hostnames: [b.example.com]\n"))
	r := route(t, top, "r")
	var got []string
	for _, p := range r.Parents {
		got = append(got, p.Refusal.Field()+" "+p.Refusal.Range().String())
		for _, related := range p.Refusal.Related() {
			got = append(got, "see "+related.Range.String())
		}
	}
	want := []string{
		"spec.parentRefs[0].sectionName <stdin>:20:18",
		"spec.hostnames <stdin>:23:14",
		"see <stdin>:9:54",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A parent that the input does not hold, under each assumption.
func TestMissingParent(t *testing.T) {
	for _, tt := range []struct {
		name    string
		ref     string
		broken  string
		assume  topology.Assume
		want    string
		attach  bool
		certain diag.Certainty
	}{
		{name: "Gateway", ref: "{name: gw}", attach: true, certain: diag.Unknown},
		{name: "Gateway assumed present", ref: "{name: gw, sectionName: any}", assume: topology.AssumePresent, attach: true, certain: diag.Assumed},
		{name: "Gateway assumed absent", ref: "{name: gw}", assume: topology.AssumeAbsent, want: "-~"},
		{name: "Gateway that cannot be read", ref: "{name: gw}", broken: "Gateway", assume: topology.AssumeAbsent, attach: true, certain: diag.Unknown},
		{name: "ListenerSet", ref: "{name: gw, kind: ListenerSet}", attach: true, certain: diag.Unknown},
		{name: "ListenerSet assumed absent", ref: "{name: gw, kind: ListenerSet}", assume: topology.AssumeAbsent, want: "-~"},
		{name: "Service", ref: "{name: gw, kind: Service, group: ''}", want: "-?"},
		{name: "Service assumed absent", ref: "{name: gw, kind: Service, group: ''}", assume: topology.AssumeAbsent, want: "-~"},
		{name: "Service without its group", ref: "{name: gw, kind: Service}", want: "-"},
		{name: "other kind", ref: "{name: gw, kind: Ingress, group: networking.k8s.io}", want: "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			broken := ""
			if tt.broken != "" {
				broken = object("gateway.networking.k8s.io/v1", tt.broken, "ns", "gw", "spec: 3\n")
			}
			set := load(t, broken, grpcRoute("ns", "r", "  parentRefs: ["+tt.ref+"]\n  hostnames: [a.example.com]\n"))
			top := topology.Resolve(set, topology.Options{Assume: tt.assume})
			p := route(t, top, "r").Parents[0]
			if got := word(p.Refusal); got != tt.want {
				t.Fatalf("refusal = %q, want %q", got, tt.want)
			}
			if !tt.attach {
				if len(p.Attachments) != 0 || len(top.Gateways) != 0 {
					t.Errorf("attached to %d listeners of %d Gateways", len(p.Attachments), len(top.Gateways))
				}
				return
			}
			a := p.Attachments[0]
			if a.Certainty != tt.certain || a.Why == "" || a.Listener.Index != -1 || len(top.Gateways) != 1 || top.Gateways[0].Certainty != tt.certain {
				t.Errorf("attachment %+v", a)
			}
			if diff := cmp.Diff([]topology.Host{{Name: "a.example.com", Own: "a.example.com"}}, a.Hosts); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestNamespaceLabelsAssumed(t *testing.T) {
	set := load(t, gateway("infra", "gw", allowing("namespaces: {from: Selector, selector: {matchLabels: {team: a}}}")), grpcRoute("app", "r", toGateway+"}]\n"))
	present := topology.Resolve(set, topology.Options{Assume: topology.AssumePresent})
	if p := route(t, present, "r").Parents[0]; p.Refusal != nil || p.Attachments[0].Certainty != diag.Assumed {
		t.Errorf("present: %+v", p.Attachments[0])
	}
	absent := topology.Resolve(set, topology.Options{Assume: topology.AssumeAbsent})
	if got := word(route(t, absent, "r").Parents[0].Refusal); got != "NotAllowedByListeners~" {
		t.Errorf("absent: %q", got)
	}
}

// A namespace that a complete input does not show has no label to keep it out.
func TestNamespaceWithoutLabels(t *testing.T) {
	for expressions, want := range map[string]string{
		"{key: team, operator: NotIn, values: [a]}":                                              "",
		"{key: team, operator: DoesNotExist}":                                                    "",
		"{key: team, operator: Exists}":                                                          "NotAllowedByListeners~",
		"{key: team, operator: DoesNotExist}, {key: x, operator: Exists}":                        "NotAllowedByListeners~",
		"{key: kubernetes.io/metadata.name, operator: In, values: [app]}":                        "",
		"{key: kubernetes.io/metadata.name, operator: NotIn, values: [app]}":                     "NotAllowedByListeners",
		"{key: kubernetes.io/metadata.name, operator: DoesNotExist}, {key: x, operator: Exists}": "NotAllowedByListeners",
	} {
		set := load(t, gateway("infra", "gw", allowing("namespaces: {from: Selector, selector: {matchExpressions: ["+expressions+"]}}")), grpcRoute("app", "r", toGateway+"}]\n"))
		absent := topology.Resolve(set, topology.Options{Assume: topology.AssumeAbsent})
		if got := word(route(t, absent, "r").Parents[0].Refusal); got != want {
			t.Errorf("%s: %q, want %q", expressions, got, want)
		}
	}
}

func TestMeshParent(t *testing.T) {
	for _, tt := range []struct {
		name, ref string
		profile   *profile.Profile
		want      string
	}{
		{name: "whole Service", ref: ""},
		{name: "port name", ref: ", sectionName: grpc"},
		{name: "port number", ref: ", port: 50051"},
		{name: "no such name", ref: ", sectionName: http", want: "NoMatchingParent"},
		{name: "no such number", ref: ", port: 80", want: "NoMatchingParent"},
		{name: "not a mesh", profile: profile.CloudflareTunnel, want: "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := resolve(t, tt.profile, service("ns", "s", "  - {name: grpc, port: 50051}\n"),
				grpcRoute("other", "r", "  parentRefs: [{group: '', kind: Service, name: s, namespace: ns"+tt.ref+"}]\n"))
			p := route(t, top, "r").Parents[0]
			if got := word(p.Refusal); got != tt.want || !p.Mesh {
				t.Errorf("refusal = %q, mesh %v, want %q", got, p.Mesh, tt.want)
			}
			if tt.profile == nil && p.Service == nil {
				t.Error("no Service")
			}
		})
	}
}

func TestDefaultGateway(t *testing.T) {
	claiming := strings.Replace(gateway("infra", "gw", allowing("namespaces: {from: All}")), "spec:\n", "spec:\n  defaultScope: All\n", 1)
	top := resolve(t, nil, claiming, gateway("infra", "other", allowing("namespaces: {from: All}")), grpcRoute("app", "r", "  useDefaultGateways: All\n"))
	r := route(t, top, "r")
	if len(r.Parents) != 1 || r.Parents[0].Gateway.Name != "gw" || r.Parents[0].Refusal != nil || r.Parents[0].Index != -1 {
		t.Errorf("parents %+v", r.Parents)
	}
}

func TestAuto(t *testing.T) {
	class := func(name, controller string) string {
		return "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: " + name + "}\nspec: {controllerName: " + controller + "}\n"
	}
	gw := func(name, class string) string {
		return strings.Replace(gateway("ns", name, httpListener+"}\n"), "gatewayClassName: c", "gatewayClassName: "+class, 1)
	}
	set := load(t,
		class("mine", "cf.k8s.lex.la/tunnel-controller"), class("kgateway", "example.com/other"),
		gw("a", "mine"), gw("b", "kgateway"), gw("c", "pingora"), gw("d", "eg"),
		grpcRoute("ns", "r", "  parentRefs: [{name: a}, {name: b}, {name: c}, {name: d}, {name: missing}]\n"))
	var names []string
	for _, p := range topology.Profiles(set) {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"spec", "cloudflare-tunnel", "envoy-gateway", "pingora"}, names); diff != "" {
		t.Fatalf("-want +got\n%s", diff)
	}
	for _, tt := range []struct {
		profile *profile.Profile
		own     string
	}{
		{profile.Spec, "b missing"}, {profile.CloudflareTunnel, "a"}, {profile.EnvoyGateway, "d"},
		{profile.Pingora, "c"}, {profile.Pingora.AsBuilt, "c"}, {profile.KGateway, ""},
	} {
		t.Run(tt.profile.Name, func(t *testing.T) {
			top := topology.Resolve(set, topology.Options{Profile: tt.profile, Auto: true})
			var own []string
			for _, g := range top.Gateways {
				own = append(own, g.Name)
			}
			if diff := cmp.Diff(strings.Fields(tt.own), append([]string{}, own...)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for _, p := range route(t, top, "r").Parents {
				if mine := strings.Contains(tt.own, p.Gateway.Name); p.Foreign == mine || mine && len(p.Attachments) != 1 || p.Refusal != nil {
					t.Errorf("parent %s: foreign %v, %d attachments, refusal %v", p.Gateway.Name, p.Foreign, len(p.Attachments), p.Refusal)
				}
			}
		})
	}
	if got := topology.Profiles(load(t, grpcRoute("ns", "r", "  rules: []\n"))); len(got) != 1 || got[0] != profile.Spec {
		t.Errorf("without Gateways: %v", got)
	}
}
