package routing_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
)

// SNI and authority over the TLS listeners of one port: a catch-all, one name, a
// wildcard and a name under it. The tuples are those of Gateway API's conformance
// for misdirected requests.
func TestMisdirected(t *testing.T) {
	const v1, v2, v3, v4 = "catch-all/v1", "second/v2", "wildcard/v3", "fourth/v4"
	tests := []struct {
		sni, authority string
		want           string // backend, "404" or "421"
		without        string // the same without detection
	}{
		{"example.org", "example.org", v1, v1},
		{"example.org", "second-example.org", "421", "404"},
		{"example.org", "unknown-example.org", "404", "404"},
		{"second-example.org", "second-example.org", v2, v2},
		{"second-example.org", "example.org", "421", "404"},
		{"second-example.org", "unknown-example.org", "421", "404"},
		{"third-example.wildcard.org", "third-example.wildcard.org", v3, v3},
		{"third-example.wildcard.org", "fifth-example.wildcard.org", v3, v3},
		{"third-example.wildcard.org", "fourth-example.wildcard.org", "421", v3},
		{"third-example.wildcard.org", "second-example.org", "421", "404"},
		{"third-example.wildcard.org", "unknown-example.org", "421", "404"},
		{"fourth-example.wildcard.org", "fourth-example.wildcard.org", v4, v4},
		{"fourth-example.wildcard.org", "fifth-example.wildcard.org", "421", "404"},
		{"unknown-example.org", "example.org", v1, v1},
		{"unknown-example.org", "unknown-example.org", "404", "404"},
	}
	blind := *profile.Spec
	blind.Hosts.NoMisdirected = true
	for _, tt := range tests {
		t.Run(tt.sni+" "+tt.authority, func(t *testing.T) {
			for _, p := range []struct {
				profile *profile.Profile
				want    string
			}{{profile.Spec, tt.want}, {&blind, tt.without}} {
				w := newWorld(p.profile)
				g := w.gateway("infra/gw", "any 443 HTTPS -", "second 443 HTTPS second-example.org",
					"wildcard 443 HTTPS *.wildcard.org", "fourth 443 HTTPS fourth-example.wildcard.org")
				w.route(one(v1, "example.org"), g.Listeners[0])
				w.route(one(v2, ""), g.Listeners[1])
				w.route(one(v3, ""), g.Listeners[2])
				w.route(one(v4, ""), g.Listeners[3])
				q := call(tt.authority + "/pkg.Echo/Get")
				q.SNI = tt.sni
				res := w.compile().Lookup(q)
				if got := status(res); got != p.want {
					t.Errorf("call goes to %s, want %s (no detection: %t)", got, p.want, p.profile == &blind)
				}
				if res.Misdirected != (p.want == "421") {
					t.Errorf("misdirected is %t", res.Misdirected)
				}
			}
		})
	}
}

// status is a backend's name or the HTTP status of the answer.
func status(res routing.Result) string {
	if res.Answer == nil {
		return backend(res)
	}
	return map[int]string{404: "404", 421: "421", 500: "500"}[res.Answer.HTTP]
}

// A UDP listener shares the number of a port and none of its calls.
func TestUDPBesideHTTP(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "dns 80 UDP -", "http 80 HTTP -")
	w.route(one("echo/v1", ""), g.Listeners[1])
	if got := backend(w.compile().Lookup(call("h/pkg.Echo/Get"))); got != "echo/v1" {
		t.Errorf("call goes to %q, want echo/v1", got)
	}
}

// Four HTTP listeners of one port, each more specific than the last, and a route
// for each: every host sees the routes of exactly one listener. Without isolation
// all four routes compete.
func TestListenerIsolation(t *testing.T) {
	listeners := []string{"-", "*.example.com", "*.foo.example.com", "abc.foo.example.com"}
	services := []string{"empty", "wild", "foo", "abc"}
	hosts := []string{"bar.com", "bar.example.com", "bar.foo.example.com", "abc.foo.example.com"}
	worlds := map[string]func(*world){
		// The listeners have the hostnames, or the routes repeat them.
		"hostnames in listeners": func(w *world) { isolated(w, listeners, services, false) },
		"hostnames in both":      func(w *world) { isolated(w, listeners, services, true) },
	}
	shared := *profile.Spec
	shared.Hosts.Isolation = profile.PerPort
	for name, build := range worlds {
		for i, host := range hosts {
			for j, service := range services {
				t.Run(name+" "+host+" "+service, func(t *testing.T) {
					q := call(host + "/pkg.Echo/" + service)
					w := newWorld(profile.Spec)
					build(w)
					if got, want := w.compile().Lookup(q).Outcome == routing.Routed, i == j; got != want {
						t.Errorf("routed is %t, want %t", got, want)
					}
					w = newWorld(&shared)
					build(w)
					if got, want := w.compile().Lookup(q).Outcome == routing.Routed, j <= i; got != want {
						t.Errorf("without isolation routed is %t, want %t", got, want)
					}
				})
			}
		}
	}
}

func isolated(w *world, listeners, services []string, repeat bool) {
	var specs []string
	for i, host := range listeners {
		specs = append(specs, services[i]+" 80 HTTP "+host)
	}
	g := w.gateway("infra/gw", specs...)
	for i, l := range g.Listeners {
		host := ""
		if repeat {
			host = l.Hostname
		}
		w.route(one("infra/"+services[i], host, exact("pkg.Echo", services[i])), l)
	}
}

// Several listeners of one port with a route each.
func TestListenerHostname(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "l1 80 HTTP bar.com", "l2 80 HTTP foo.bar.com", "l3 80 HTTP *.bar.com", "l4 80 HTTP *.foo.com")
	w.route(one("infra/v1", ""), g.Listeners[0])
	w.route(one("infra/v2", ""), g.Listeners[1])
	w.route(one("infra/v3", ""), g.Listeners[2], g.Listeners[3])
	table := w.compile()
	tests := []struct{ host, want, listener string }{
		{"bar.com", "infra/v1", "l1"},
		{"foo.bar.com", "infra/v2", "l2"},
		{"baz.bar.com", "infra/v3", "l3"},
		{"boo.bar.com", "infra/v3", "l3"},
		{"multiple.prefixes.bar.com", "infra/v3", "l3"},
		{"multiple.prefixes.foo.com", "infra/v3", "l4"},
		{"foo.com", "no-listener", ""},
		{"no.matching.host", "no-listener", ""},
		// How the host is written makes no difference.
		{"BAR.com", "infra/v1", "l1"},
		{"foo.bar.com:8080", "infra/v2", "l2"},
		{"foo.bar.com.", "infra/v2", "l2"},
		{"Foo.Bar.Com.:80", "infra/v2", "l2"},
		{"foo.bar.com:http", "no-listener", ""},
		{".bar.com", "no-listener", ""},
		{"10.1.2.3", "no-listener", ""},
		{"[2001:db8::1]:80", "no-listener", ""},
		{"", "no-listener", ""},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			res := table.Lookup(call(tt.host + "/pkg.Echo/Get"))
			if got := backend(res); got != tt.want {
				t.Errorf("call goes to %s, want %s", got, tt.want)
			}
			if res.Listener != nil && res.Listener.Topology.Name != tt.listener {
				t.Errorf("call goes through %s, want %s", res.Listener.Topology.Name, tt.listener)
			}
		})
	}
}

// An IP address matches no hostname, only their absence.
func TestAddressMatchesAnyHostOnly(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "any 80 HTTP -")
	w.route(one("infra/named", "10.0.0.1", exact("pkg.Echo", "Get")), g.Listeners[0])
	w.route(one("infra/wild", "*.0.0.1", exact("pkg.Echo", "Get")), g.Listeners[0])
	w.route(one("infra/any", ""), g.Listeners[0])
	table := w.compile()
	for _, authority := range []string{"10.0.0.1", "10.0.0.1:80", "[::1]", "[::1]:80", "::1", ""} {
		if got := backend(table.Lookup(call(authority + "/pkg.Echo/Get"))); got != "infra/any" {
			t.Errorf("call to %q goes to %s, want infra/any", authority, got)
		}
	}
}

// Which server takes a request that names no Gateway or port.
func TestServing(t *testing.T) {
	w := newWorld(profile.Spec)
	a := w.gateway("infra/a", "http 80 HTTP -", "https 443 HTTPS *.a.com")
	b := w.gateway("infra/b", "http 80 HTTP b.com")
	w.route(one("infra/plain", "plain.com"), a.Listeners[0])
	w.route(one("infra/both", "x.a.com"), a.Listeners...)
	w.route(one("infra/b", ""), b.Listeners[0])
	table := w.compile()
	tests := []struct {
		name string
		call *routing.Request
		set  func(*routing.Request)
		want []string
	}{
		{"only one has the host", call("plain.com/p.S/M"), nil, []string{"Gateway infra/a port 80"}},
		{"routes before listeners", call("b.com/p.S/M"), nil, []string{"Gateway infra/b port 80"}},
		{"two ports", call("x.a.com/p.S/M"), nil, []string{"Gateway infra/a port 80", "Gateway infra/a port 443"}},
		{"port", call("x.a.com/p.S/M"), func(q *routing.Request) { q.Port = 443 }, []string{"Gateway infra/a port 443"}},
		{"sni", call("x.a.com/p.S/M"), func(q *routing.Request) { q.SNI = "x.a.com" }, []string{"Gateway infra/a port 443"}},
		{"gateway", call("plain.com/p.S/M"), func(q *routing.Request) { q.Gateway = "infra/b" }, []string{"Gateway infra/b port 80"}},
		{"only a listener", call("other.com/p.S/M"), nil, []string{"Gateway infra/a port 80"}},
		{"unknown gateway", call("x.a.com/p.S/M"), func(q *routing.Request) { q.Gateway = "infra/c" }, nil},
		{"unknown port", call("x.a.com/p.S/M"), func(q *routing.Request) { q.Port = 81 }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.set != nil {
				tt.set(tt.call)
			}
			var got []string
			for _, s := range table.Serving(tt.call) {
				got = append(got, s.String())
			}
			if diff := cmpDiff(tt.want, got); diff != "" {
				t.Errorf("servers differ (-want +got):\n%s", diff)
			}
			res := table.Lookup(tt.call)
			if (res.Server != nil) != (len(tt.want) == 1) {
				t.Errorf("lookup uses %v, want a server only when one is possible", res.Server)
			}
			if d := table.Explain(tt.call); len(tt.want) != 1 && d.Why == "" {
				t.Error("explain does not say why there is no server")
			}
		})
	}
}
