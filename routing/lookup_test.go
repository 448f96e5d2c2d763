package routing_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Lookup allocates nothing once a path has been seen.
func TestLookupAllocatesNothing(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "plain 80 HTTP -", "any 443 HTTPS -", "wild 443 HTTPS *.example.com")
	for _, l := range g.Listeners {
		w.route(routeSpec{key: "a/" + l.Name, hosts: []string{"*.example.com", "api.example.com"}, rules: []ruleSpec{
			to("exact", exact("pkg.Echo", "Get", "env=canary")),
			to("service", exact("pkg.Echo", "", "env~can.*", "x=1,2")),
			to("pattern", regex(`pkg\..*`, "List|Get")),
			to("header", exact("", "", "x~1,.")),
		}}, l)
	}
	table := w.compile()
	calls := map[string]*routing.Request{
		"exact":        call("api.example.com/pkg.Echo/Get", "env: canary"),
		"port":         call("api.example.com:443/pkg.Echo/Get", "env: canary"),
		"wildcard":     call("other.api.example.com.:443/pkg.Echo/Get"),
		"service":      call("api.example.com/pkg.Echo/Put", "env: canary", "x: 1", "x: 2"),
		"pattern":      call("api.example.com/pkg.Other/List"),
		"joined regex": call("api.example.com/none/none", "x: 1", "x: 3"),
		"no match":     call("api.example.com/none/none"),
		"no listener":  call("api.example.org/none/none"),
		"odd path":     call("api.example.com/x"),
		"misdirected":  call("api.example.org/pkg.Echo/Get"),
	}
	for name, q := range calls {
		t.Run(name, func(t *testing.T) {
			for _, port := range []int32{80, 443} {
				q.Gateway, q.Port = "infra/gw", port
				if port == 443 {
					q.SNI = "api.example.com"
				}
				for range 20 {
					table.Lookup(q)
				}
				if n := testing.AllocsPerRun(100, func() { table.Lookup(q) }); n != 0 {
					t.Errorf("port %d: %.1f allocations, want 0", port, n)
				}
			}
		})
	}
}

// Many callers, known and new paths at once: every answer is the one a single
// caller gets. Run with -race.
func TestLookupConcurrently(t *testing.T) {
	w := benchWorld(mixedRules(2_000))
	shared, alone := w.compile(), w.compile()
	qs := benchRequests(mixedRules(2_000), true)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range qs {
				q := qs[(i*7+worker*13)%len(qs)]
				q.Path += fmt.Sprint(i % 3) // partly paths of no rule
				got, want := shared.Lookup(&q), alone.Lookup(&q)
				if !sameRule(got, want) {
					t.Errorf("%s %v: %s, alone %s", q.Path, q.Headers, describe(got), describe(want))
					return
				}
			}
		})
	}
	group.Wait()
}

// sameRule compares results of two tables of one topology.
func sameRule(a, b routing.Result) bool {
	if a.Entry == nil || b.Entry == nil {
		return a.Outcome == b.Outcome && a.Entry == b.Entry
	}
	return a.Entry.Rule == b.Entry.Rule && a.Entry.Match == b.Entry.Match
}

// More header conditions than a path's list holds: the walk goes on where the list
// ends, for literal paths and for others.
func TestLongCandidateLists(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	var rules []ruleSpec
	for i := range 160 {
		name := fmt.Sprintf("x-%03d=1", i)
		var m gatewayv1.GRPCRouteMatch
		switch i % 4 {
		case 0:
			m = exact("", "", name)
		case 1:
			m = exact("pkg.Echo", "", name)
		case 2:
			m = exact("pkg.Echo", "Get", name)
		case 3:
			// Its length puts it before the literals, so that they follow after the cut.
			m = regex("pkg.*|none|neither", "G.t|P.t", name)
		}
		rules = append(rules, to(fmt.Sprint(i), m))
	}
	w.route(routeSpec{key: "a/long", rules: rules}, g.Listeners[0])
	table, o := w.compile(), newOracle(w.topology)
	for _, path := range []string{"/pkg.Echo/Get", "/pkg.Echo/Put", "/pkg.Other/Get", "/x/y"} {
		for i := range 160 {
			q := call("h"+path, fmt.Sprintf("x-%03d: 1", i))
			q.Gateway, q.Port = "infra/gw", 80
			got, want := table.Lookup(q), o.answer(q)
			if got.Outcome != want.outcome || !same(got.Entry, want.hit) {
				t.Errorf("%s with header %d: table says %s, oracle %s", path, i, describe(got), describeAnswer(want))
			}
			if d := table.Explain(q); d.Result != got {
				t.Errorf("%s with header %d: explain says %s, lookup %s", path, i, describe(d.Result), describe(got))
			}
		}
	}
}

// Less specific hosts answer what the more specific ones do not, unless the
// implementation has no fall-through.
func TestFallThrough(t *testing.T) {
	tests := []struct {
		profile *profile.Profile
		want    map[string]string
	}{
		{profile.Spec, map[string]string{"/a/M": "a/exact", "/w/M": "a/wild", "/x/M": "a/any"}},
		{profile.CloudflareTunnel, map[string]string{"/a/M": "a/exact", "/w/M": "a/wild", "/x/M": "a/any"}},
		{profile.KGateway, map[string]string{"/a/M": "a/exact", "/w/M": "no-match", "/x/M": "no-match"}},
		{profile.EnvoyGateway, map[string]string{"/a/M": "a/exact", "/w/M": "no-match", "/x/M": "no-match"}},
	}
	for _, tt := range tests {
		t.Run(tt.profile.Name, func(t *testing.T) {
			w := newWorld(tt.profile)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			w.route(one("a/exact", "api.example.com", exact("a", "M")), g.Listeners[0])
			w.route(one("a/wild", "*.example.com", exact("w", "M")), g.Listeners[0])
			w.route(one("a/any", ""), g.Listeners[0])
			table := w.compile()
			for path, want := range tt.want {
				if got := backend(table.Lookup(call("api.example.com" + path))); got != want {
					t.Errorf("%s goes to %s, want %s", path, got, want)
				}
			}
		})
	}
}

// Listeners that share a table: the call comes through the one that the entry is
// attached to, the most specific for the host if there are several.
func TestSharedListener(t *testing.T) {
	w := newWorld(profile.KGateway)
	g := w.gateway("infra/gw", "any 80 HTTP -", "wild 80 HTTP *.example.com")
	w.route(one("a/both", "", exact("both", "M")), g.Listeners...)
	w.route(one("a/any", "api.example.com", exact("any", "M")), g.Listeners[0])
	w.route(one("a/wild", "api.example.com", exact("wild", "M")), g.Listeners[1])
	table := w.compile()
	for target, want := range map[string]string{
		"x.example.com/both/M": "wild", "other.org/both/M": "any",
		"api.example.com/any/M": "any", "api.example.com/wild/M": "wild",
		"api.example.com/none/M": "wild",
	} {
		t.Run(target, func(t *testing.T) {
			if got := table.Lookup(call(target)).Listener.Topology.Name; got != want {
				t.Errorf("the call comes through %s, want %s", got, want)
			}
		})
	}
}

// A wildcard covers one label or several, as the implementation has it.
func TestWildcardLabels(t *testing.T) {
	for _, p := range []*profile.Profile{profile.Spec, profile.Pingora.AsBuilt} {
		t.Run(p.Name, func(t *testing.T) {
			w := newWorld(p)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			w.httpRoute("a/http", 1, []string{"*.example.com"}, []gatewayv1.HTTPRouteMatch{{}}, g.Listeners[0])
			table := w.compile()
			for host, want := range map[string]bool{"a.example.com": true, "a.b.example.com": !p.Hosts.WildcardOneLabel, "example.com": false} {
				if got := table.Lookup(call(host+"/p.S/M")).Entry != nil; got != want {
					t.Errorf("%s is routed: %t, want %t", host, got, want)
				}
			}
		})
	}
}

// Matches that can take no gRPC call stay in the table and say why.
func TestDeadEntries(t *testing.T) {
	verb := gatewayv1.HTTPMethodGet
	tests := []struct {
		name string
		edit func(*world)
		p    *profile.Profile
		want string
	}{
		{"pattern", nil, profile.Spec, `pattern "p.(" does not compile`},
		{"data plane without GRPCRoutes", nil, profile.Pingora.AsBuilt, "never consults GRPCRoutes"},
		{"verb", func(w *world) {
			w.httpRoute("a/http", 1, nil, []gatewayv1.HTTPRouteMatch{{Method: &verb}}, w.topology.Gateways[0].Listeners[0])
		}, profile.EnvoyGateway, "GET requests only"},
		{"query", func(w *world) {
			w.httpRoute("a/http", 1, nil, []gatewayv1.HTTPRouteMatch{{QueryParams: []gatewayv1.HTTPQueryParamMatch{{Name: "q"}}}}, w.topology.Gateways[0].Listeners[0])
		}, profile.EnvoyGateway, "query parameter"},
		{"empty match dropped", func(w *world) {
			w.route(one("a/dropped", "", exact("p.S", ""), exact("", "")), w.topology.Gateways[0].Listeners[0])
		}, profile.CloudflareTunnel, "drops an empty match"},
		{"path", func(w *world) {
			w.route(one("a/path", "", exact("p/S", "M")), w.topology.Gateways[0].Listeners[0])
		}, profile.Spec, "no gRPC call has a path"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.p)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			if tt.edit != nil {
				tt.edit(w)
			} else {
				w.route(one("a/a", "", regex("p.(", "")), g.Listeners[0])
			}
			found := false
			for _, e := range w.compile().Servers[0].Listeners[0].Hosts[0].Entries {
				found = found || strings.Contains(e.Dead, tt.want)
			}
			if !found {
				t.Errorf("no entry is dead because %q", tt.want)
			}
		})
	}
}
