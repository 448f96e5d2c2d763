package routing_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func cmpDiff(want, got any) string { return cmp.Diff(want, got) }

// The cases that Gateway API's conformance asks of a GRPCRoute, with services and
// routes of our own.

func TestConformanceExactMethod(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	w.route(routeSpec{key: "shop/cart", rules: []ruleSpec{
		to("cart-v1", exact("shop.v1.Cart", "Add")),
		to("cart-v2", exact("shop.v1.Cart", "Drop")),
	}}, g.Listeners[0])
	table := w.compile()
	for path, want := range map[string]string{
		"/shop.v1.Cart/Add":  "cart-v1",
		"/shop.v1.Cart/Drop": "cart-v2",
		"/shop.v1.Cart/Pay":  "no-match",
		"/shop.v1.Cart/add":  "no-match",
		"/shop.v1.Car/Add":   "no-match",
	} {
		t.Run(path, func(t *testing.T) {
			if got := backend(table.Lookup(call("any.example.com" + path))); got != want {
				t.Errorf("call goes to %s, want %s", got, want)
			}
		})
	}
}

func TestConformanceHeaders(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	w.route(routeSpec{key: "shop/tiers", rules: []ruleSpec{
		to("v1", exact("", "", "tier=gold")),
		to("v2", exact("", "", "tier=silver")),
		to("v1", exact("", "", "tier=silver", "region=north")),
		to("v1", exact("", "", "region=south"), exact("", "", "region=east")),
		to("v2", exact("", "", "region=west"), exact("", "", "region=centre")),
	}}, g.Listeners[0])
	table := w.compile()
	tests := []struct {
		name    string
		headers []string
		want    string
	}{
		{"one header", []string{"tier: gold"}, "v1"},
		{"another value", []string{"tier: silver"}, "v2"},
		{"two headers beat one", []string{"tier: silver", "region: north"}, "v1"},
		{"the first rule wins a tie", []string{"tier: silver", "region: south"}, "v2"},
		{"half of two headers", []string{"region: north"}, "no-match"},
		{"another header", []string{"level: gold"}, "no-match"},
		{"first of two matches", []string{"region: south"}, "v1"},
		{"second of two matches", []string{"region: east"}, "v1"},
		{"first of two in the last rule", []string{"region: west"}, "v2"},
		{"second of two in the last rule", []string{"region: centre"}, "v2"},
		{"no such value", []string{"region: nowhere"}, "no-match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := backend(table.Lookup(call("any.example.com/shop.v1.Cart/Add", tt.headers...))); got != tt.want {
				t.Errorf("call goes to %s, want %s", got, tt.want)
			}
		})
	}
}

func TestConformanceWeight(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	w.route(routeSpec{key: "shop/split", rules: []ruleSpec{
		{backends: []backendSpec{{name: "v1", weight: 70}, {name: "v2", weight: 30}, {name: "v3", weight: 0}}},
	}}, g.Listeners[0])
	action := w.compile().Lookup(call("any.example.com/shop.v1.Cart/Add")).Entry.Action
	counts := make([]int, 3)
	const draws = 100_000
	r := newRandom(1)
	for range draws {
		counts[action.Pick(r.Uint64())]++
	}
	for i, want := range []float64{0.7, 0.3, 0} {
		if got := float64(counts[i]) / draws; got < want-0.01 || got > want+0.01 {
			t.Errorf("share %d got %.3f of the calls, want %.1f", i, got, want)
		}
	}
	if counts[2] != 0 {
		t.Errorf("a backend of weight 0 got %d calls", counts[2])
	}
}

func TestConformanceNamedRule(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	r := w.route(routeSpec{key: "shop/named", rules: []ruleSpec{
		to("v1", exact("shop.v1.Cart", "Add")), to("v2", exact("shop.v1.Cart", "Drop")),
	}}, g.Listeners[0])
	r.Rules[0].Name = "adding"
	table := w.compile()
	for path, want := range map[string]struct{ backend, rule string }{
		"/shop.v1.Cart/Add":  {"v1", "adding"},
		"/shop.v1.Cart/Drop": {"v2", ""},
	} {
		res := table.Lookup(call("any.example.com" + path))
		if got := backend(res); got != want.backend || res.Entry.Rule.Name != want.rule {
			t.Errorf("%s goes to %s by rule %q, want %s by %q", path, got, res.Entry.Rule.Name, want.backend, want.rule)
		}
	}
}

// Header modifiers are part of the action, at both levels, and change nothing of
// the choice.
func TestConformanceHeaderModifiers(t *testing.T) {
	w := newWorld(profile.CloudflareTunnel)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	rule := to("v1", exact("shop.v1.Cart", "Add"))
	rule.filters = []string{"RequestHeaderModifier", "ResponseHeaderModifier"}
	rule.backends[0].filters = []string{"RequestHeaderModifier"}
	w.route(routeSpec{key: "shop/headers", rules: []ruleSpec{rule}}, g.Listeners[0])
	action := w.compile().Lookup(call("any.example.com/shop.v1.Cart/Add")).Entry.Action
	if got := types(action.Filters); !slices.Equal(got, rule.filters) {
		t.Errorf("rule filters are %v, want %v", got, rule.filters)
	}
	if got := types(action.Shares[0].Filters); !slices.Equal(got, rule.backends[0].filters) {
		t.Errorf("backend filters are %v, want %v", got, rule.backends[0].filters)
	}
}

func types(fs []*topology.Filter) []string {
	var names []string
	for _, f := range fs {
		names = append(names, f.Type)
	}
	return names
}

// Path forms of a method match: what each takes and leaves.
func TestPathForms(t *testing.T) {
	tests := []struct {
		name    string
		profile *profile.Profile
		match   gatewayv1.GRPCRouteMatch
		takes   []string
		leaves  []string
	}{
		{"exact", profile.Spec, exact("p.S", "M"), []string{"/p.S/M"}, []string{"/p.S/m", "/p.s/M", "/p.S/M/", "/p.S/MM", "/xp.S/M", "p.S/M"}},
		{"service", profile.Spec, exact("p.S", ""), []string{"/p.S/M", "/p.S/N"}, []string{"/p.SX/M", "/p.S", "/p.S/", "/p.S/M/N"}},
		{"method", profile.Spec, exact("", "M"), []string{"/p.S/M", "/q/M"}, []string{"/p.S/XM", "//M", "/a/b/M", "/M"}},
		{"any", profile.Spec, exact("", ""), []string{"/p.S/M", "/", "/a/b/c", ""}, nil},
		{"regex is full", profile.Spec, regex("p", "M"), []string{"/p/M"}, []string{"/xp/M", "/px/M", "/p/MM"}},
		{"regex groups", profile.Spec, regex("p|q", "M|N"), []string{"/p/M", "/q/N"}, []string{"/p/X", "/x/M"}},
		{"regex ungrouped", profile.EnvoyGateway, regex("foo|bar", "Get"), nil, []string{"/foo/Get", "/bar/Get"}},
		{"regex stays in its segment", profile.Spec, regex("p.*", ""), []string{"/p/M", "/pp/x"}, []string{"/x/p"}},
		{"regex with anchors", profile.Spec, regex("^p$", "^M$"), []string{"/p/M"}, []string{"/pp/M"}},
		{"regex ignores case when told", profile.Spec, regex("(?i)p", ""), []string{"/p/M", "/P/M"}, []string{"/q/M"}},
		{"regex service only", profile.EnvoyGateway, regex("foo", ""), []string{"/foo/Get"}, []string{"/foo/0"}},
		{"regex method, case folded by accident", profile.EnvoyGateway, regex("", "Get"), []string{"/a/Get", "/a/get"}, []string{"/a/Put"}},
		{"regex in the tunnel", profile.CloudflareTunnel, regex("p|q", ""), []string{"/p/M", "/q/M"}, []string{"/x/M"}},
		{"regex in kgateway", profile.KGateway, regex("p|q", "M"), nil, []string{"/p/M", "/q/M"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.profile)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			w.route(one("a/a", "", tt.match), g.Listeners[0])
			table := w.compile()
			for want, paths := range map[string][]string{"a/a": tt.takes, "no-match": tt.leaves} {
				for _, p := range paths {
					q := call("h")
					q.Path = p
					if got := backend(table.Lookup(q)); got != want {
						t.Errorf("%q goes to %s, want %s", p, got, want)
					}
				}
			}
		})
	}
}
