package topology_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// listenerWords shows each listener with its refusals.
func listenerWords(g *topology.Gateway) []string {
	var out []string
	for _, l := range g.Listeners {
		var words []string
		for _, r := range l.Refusals {
			words = append(words, word(r))
		}
		out = append(out, l.Name+" "+strings.Join(words, ","))
	}
	return out
}

func TestListenerConflicts(t *testing.T) {
	for _, tt := range []struct{ name, listeners, want string }{
		{"distinct by hostname", "a 80 HTTP a.example.com;b 80 HTTP *.example.com;c 80 HTTP -", "a |b |c "},
		{"distinct by port", "a 80 HTTP -;b 81 HTTP -", "a |b "},
		{"one hostname twice", "a 80 HTTP x.com;b 80 HTTP X.com;c 80 HTTP y.com", "a HostnameConflict|b HostnameConflict|c "},
		{"no hostname twice", "a 80 HTTP -;b 80 HTTP -", "a HostnameConflict|b HostnameConflict"},
		{"HTTP and HTTPS", "a 443 HTTP -;b 443 HTTPS x.com", "a ProtocolConflict|b ProtocolConflict"},
		{"HTTPS and TLS", "a 443 HTTPS x.com;b 443 TLS y.com", "a |b "},
		{"HTTPS and TLS with one hostname", "a 443 HTTPS x.com;b 443 TLS x.com", "a HostnameConflict|b HostnameConflict"},
		{"TCP beside HTTP", "a 80 HTTP x.com;b 80 HTTP y.com;c 80 TCP -", "a ProtocolConflict|b ProtocolConflict|c ProtocolConflict"},
		{"TCP twice", "a 80 TCP -;b 80 TCP -", "a ProtocolConflict|b ProtocolConflict"},
		{"UDP beside TCP", "a 53 TCP -;b 53 UDP -", "a |b "},
		{"protocol of an implementation", "a 80 HTTP -;b 80 example.com/x -", "a |b "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := resolve(t, nil, gateway("ns", "gw", listenerLines(tt.listeners))).Gateways[0]
			if diff := cmp.Diff(strings.Split(tt.want, "|"), listenerWords(g)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for _, l := range g.Listeners {
				if l.Usable() != (len(l.Refusals) == 0) {
					t.Errorf("listener %s usable: %v", l.Name, l.Usable())
				}
			}
		})
	}
}

func TestFirstListenerWins(t *testing.T) {
	for _, tt := range []struct{ name, listeners, want string }{
		{"one hostname twice", "a 80 HTTP x.com;b 80 HTTP X.com;c 80 HTTP y.com", "a |b HostnameConflict|c "},
		{"HTTP and HTTPS", "a 443 HTTP -;b 443 HTTPS x.com", "a |b ProtocolConflict"},
		{"HTTPS and TLS", "a 443 HTTPS x.com;b 443 TLS y.com", "a |b "},
		{"HTTPS, TLS and TCP", "a 443 HTTPS x.com;b 443 TLS y.com;c 443 TCP -", "a |b ProtocolConflict|c ProtocolConflict"},
		{"hostname of one that lost", "a 80 HTTP x.com;b 80 TCP -;c 80 HTTP -", "a |b ProtocolConflict|c HostnameConflict"},
		{"UDP beside HTTP", "a 80 UDP -;b 80 HTTP -", "a |b "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := resolve(t, profile.KGateway, gateway("ns", "gw", listenerLines(tt.listeners))).Gateways[0]
			if diff := cmp.Diff(strings.Split(tt.want, "|"), listenerWords(g)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// listenerLines writes "name port protocol hostname" separated by ";".
func listenerLines(s string) string {
	var b strings.Builder
	for _, each := range strings.Split(s, ";") {
		f := strings.Fields(each)
		fmt.Fprintf(&b, "  - name: %s\n    port: %s\n    protocol: %s\n", f[0], f[1], f[2])
		if f[3] != "-" {
			fmt.Fprintf(&b, "    hostname: '%s'\n", f[3])
		}
		if f[2] == "HTTPS" || f[2] == "TLS" {
			b.WriteString("    tls: {mode: Terminate, options: {example.com/a: b}}\n")
		}
	}
	return b.String()
}

func TestConflictedListenerTakesRoutes(t *testing.T) {
	manifests := []string{gateway("ns", "gw", listenerLines("a 80 HTTP -;b 80 HTTP -")), grpcRoute("ns", "r", "  parentRefs: [{name: gw}]\n")}
	// The specification counts attached routes whatever the listener's condition.
	if r := route(t, resolve(t, nil, manifests...), "r").Parents[0].Refusal; r != nil {
		t.Errorf("spec: %v", r)
	}
	if got := word(route(t, resolve(t, profile.CloudflareTunnel, manifests...), "r").Parents[0].Refusal); got != "NoMatchingParent" {
		t.Errorf("cloudflare-tunnel: %q", got)
	}
}

// A conflict is the reason of a parentRef that selects the listener, and leaves
// open whether it takes routes when the input does not show who is first.
func TestConflictedSetEntry(t *testing.T) {
	ref := grpcRoute("app", "r", "  parentRefs: [{name: a, kind: ListenerSet, sectionName: second}]\n")
	own := openGateway("from: All", listenerLines("own 80 HTTP x.com"))
	set := listenerSet("app", "a", "", listenerLines("first 80 HTTP y.com;second 80 HTTP x.com"))
	p := route(t, resolve(t, profile.CloudflareTunnel, own, set, ref), "r").Parents[0]
	if got := word(p.Refusal); got != "NoMatchingParent" || !strings.Contains(p.Refusal.Message, "in conflict") {
		t.Errorf("conflict with the Gateway: %q %v", got, p.Refusal)
	}
	own = openGateway("from: All", listenerLines("own 81 HTTP -"))
	other := listenerSet("app", "b", "", listenerLines("third 80 HTTP x.com"))
	p = route(t, resolve(t, profile.CloudflareTunnel, own, set, other, ref), "r").Parents[0]
	if got := word(p.Refusal); got != "NoMatchingParent?" || len(p.Attachments[1].Hosts) != 1 {
		t.Errorf("conflict with a set of unknown age: %q %v", got, p.Refusal)
	}
}

func TestUnsupportedListenerProtocol(t *testing.T) {
	top := resolve(t, profile.CloudflareTunnel, gateway("ns", "gw", "  - {name: t, port: 1, protocol: TCP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}\n"), grpcRoute("ns", "r", "  parentRefs: [{name: gw}]\n"))
	l := top.Gateways[0].Listeners[0]
	if diff := cmp.Diff([]string{"t UnsupportedProtocol"}, listenerWords(top.Gateways[0])); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !l.Usable() || len(l.Attached) != 1 || len(l.Problems) != 1 || l.Problems[0].Reason != "InvalidRouteKinds" {
		t.Errorf("usable %v, %d attached, problems %v", l.Usable(), len(l.Attached), l.Problems)
	}
}

func listenerSet(namespace, name, created, listeners string) string {
	if created != "" {
		created = "  creationTimestamp: '" + created + "'\n"
	}
	return object("gateway.networking.k8s.io/v1", "ListenerSet", namespace, name, created+"spec:\n  parentRef: {name: gw, namespace: infra}\n  listeners:\n"+listeners)
}

func openGateway(allowed, listeners string) string {
	return strings.Replace(gateway("infra", "gw", listeners), "spec:\n", "spec:\n  allowedListeners: {namespaces: {"+allowed+"}}\n", 1)
}

func TestListenerSetAllowed(t *testing.T) {
	const selector = "from: Selector, selector: {matchLabels: {team: a}}"
	for _, tt := range []struct {
		name, allowed, want string
		certainty           diag.Certainty
	}{
		{"by default", "", "NotAllowed", diag.Certain},
		{"None", "from: None", "NotAllowed", diag.Certain},
		{"Same", "from: Same", "NotAllowed", diag.Certain},
		{"All", "from: All", "", diag.Certain},
		{"Selector", selector, "", diag.Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := resolve(t, nil, openGateway(tt.allowed, listenerLines("own 80 HTTP -")),
				listenerSet("app", "set", "", listenerLines("extra 81 HTTP -")),
				grpcRoute("app", "r", "  parentRefs: [{name: set, kind: ListenerSet}, {name: gw, namespace: infra}]\n"))
			s := top.Gateways[0].Sets[0]
			if got := word(s.Refusal); got != tt.want || s.Certainty != tt.certainty {
				t.Errorf("refusal = %q, certainty %v; want %q, %v", got, s.Certainty, tt.want, tt.certainty)
			}
			toSet, toGateway := route(t, top, "r").Parents[0], route(t, top, "r").Parents[1]
			if refused := toSet.Refusal != nil; refused != (tt.want != "") || toSet.Attachments[0].Listener.Name != "extra" {
				t.Errorf("route to the set: %v", toSet.Refusal)
			}
			if !refusedWord(toSet, tt.want) || len(toSet.Attachments) != 1 || toSet.Attachments[0].Certainty != tt.certainty {
				t.Errorf("attachments %+v", toSet.Attachments)
			}
			// A Gateway parent does not reach a ListenerSet's listeners.
			if len(toGateway.Attachments) != 1 || toGateway.Attachments[0].Listener.Name != "own" {
				t.Errorf("route to the Gateway reaches %d listeners", len(toGateway.Attachments))
			}
		})
	}
}

func refusedWord(p *topology.Parent, want string) bool {
	if want == "" {
		return p.Refusal == nil
	}
	return word(p.Refusal) == "NoMatchingParent"
}

func TestListenerSetConflicts(t *testing.T) {
	const young, old = "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"
	for _, tt := range []struct {
		name, own string
		sets      []string
		want      string
	}{
		{"the Gateway is first", "own 80 HTTP x.com", []string{listenerSet("app", "s", old, listenerLines("a 80 HTTP x.com;b 80 HTTP y.com;c 80 HTTPS z.com"))},
			"own |a HostnameConflict|b |c ProtocolConflict"},
		{"the older set is first", "own 81 HTTP -", []string{listenerSet("app", "a", young, listenerLines("young 80 HTTP -")), listenerSet("app", "b", old, listenerLines("old 80 HTTP -"))},
			"own |old |young HostnameConflict"},
		{"namespace and name decide", "own 81 HTTP -", []string{listenerSet("b", "a", old, listenerLines("second 80 HTTP -")), listenerSet("a", "z", old, listenerLines("first 80 HTTP -"))},
			"own |first |second HostnameConflict"},
		{"age is not known", "own 81 HTTP -", []string{listenerSet("b", "a", "", listenerLines("second 80 HTTP -")), listenerSet("a", "z", "", listenerLines("first 80 HTTP -"))},
			"own |first HostnameConflict?|second HostnameConflict?"},
		{"inside one set", "own 81 HTTP -", []string{listenerSet("app", "s", old, listenerLines("a 80 HTTP x.com;b 80 HTTP x.com"))},
			"own |a |b HostnameConflict"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := resolve(t, nil, append(tt.sets, openGateway("from: All", listenerLines(tt.own)))...)
			if diff := cmp.Diff(strings.Split(tt.want, "|"), listenerWords(top.Gateways[0])); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestListenerSetNamespace(t *testing.T) {
	// allowedRoutes "Same" means the set's namespace.
	top := resolve(t, nil, openGateway("from: All", listenerLines("own 80 HTTP -")),
		listenerSet("app", "set", "", listenerLines("extra 81 HTTP -")),
		grpcRoute("app", "mine", "  parentRefs: [{name: set, kind: ListenerSet}]\n"),
		grpcRoute("infra", "theirs", "  parentRefs: [{name: set, kind: ListenerSet, namespace: app}]\n"))
	if r := route(t, top, "mine").Parents[0].Refusal; r != nil {
		t.Errorf("mine: %v", r)
	}
	if got := word(route(t, top, "theirs").Parents[0].Refusal); got != "NotAllowedByListeners" {
		t.Errorf("theirs: %q", got)
	}
}

func TestListenerSetStrays(t *testing.T) {
	set := load(t, listenerSet("app", "set", "", listenerLines("a 80 HTTP -")), grpcRoute("app", "r", "  parentRefs: [{name: set, kind: ListenerSet}]\n"))
	unknown := topology.Resolve(set, topology.Options{})
	if a := route(t, unknown, "r").Parents[0].Attachments; len(a) != 1 || a[0].Certainty != diag.Unknown || a[0].Why == "" {
		t.Errorf("unknown Gateway: %+v", a)
	}
	absent := topology.Resolve(set, topology.Options{Assume: topology.AssumeAbsent})
	if got := word(route(t, absent, "r").Parents[0].Refusal); got != "-~" || len(absent.Strays) != 1 {
		t.Errorf("absent Gateway: %q, %d strays", got, len(absent.Strays))
	}
	pingora := topology.Resolve(set, topology.Options{Profile: profile.Pingora})
	if got := word(route(t, pingora, "r").Parents[0].Refusal); got != "-" {
		t.Errorf("pingora: %q", got)
	}
	foreign := topology.Resolve(load(t, listenerSet("app", "set", "", listenerLines("a 80 HTTP -")), strings.Replace(gateway("x", "other", listenerLines("a 80 HTTP -")), "gatewayClassName: c", "gatewayClassName: pingora", 1), grpcRoute("app", "r", "  parentRefs: [{name: set, kind: ListenerSet}]\n")),
		topology.Options{Profile: profile.KGateway, Auto: true, Assume: topology.AssumeAbsent})
	if p := route(t, foreign, "r").Parents[0]; !p.Foreign || p.Refusal != nil {
		t.Errorf("another implementation's: %+v", p)
	}
}
