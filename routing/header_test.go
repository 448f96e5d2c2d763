package routing_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func TestHeaders(t *testing.T) {
	partial, each := *profile.Spec, *profile.Spec
	partial.Matching.HeaderRegexPartial = true
	each.Matching.RepeatedAny = true
	spec := profile.Spec
	tests := []struct {
		name    string
		profile *profile.Profile
		match   gatewayv1.GRPCRouteMatch
		headers []string
		want    bool
	}{
		{"name in another case", spec, exact("", "", "X-Env=canary"), []string{"x-env: canary"}, true},
		{"value in another case", spec, exact("", "", "x-env=canary"), []string{"x-env: Canary"}, false},
		{"value is whole", spec, exact("", "", "x-env=canary"), []string{"x-env: canary2"}, false},
		{"absent", spec, exact("", "", "x-env=canary"), nil, false},
		{"absent for a pattern that takes the empty string", spec, exact("", "", "x-env~.*"), nil, false},
		{"empty for a pattern that takes it", spec, exact("", "", "x-env~.*"), []string{"x-env: "}, true},
		{"both of two", spec, exact("", "", "a=1", "b=2"), []string{"b: 2", "a: 1"}, true},
		{"one of two", spec, exact("", "", "a=1", "b=2"), []string{"a: 1"}, false},
		{"pattern is full", spec, exact("", "", "a~foo"), []string{"a: xfoo"}, false},
		{"pattern found anywhere", &partial, exact("", "", "a~foo"), []string{"a: xfoo"}, true},
		{"pattern with an alternative is full", spec, exact("", "", "a~foo|bar"), []string{"a: xbar"}, false},
		{"repeated is joined", spec, exact("", "", "a=1,2"), []string{"a: 1", "x: 9", "a: 2"}, true},
		{"repeated three times", spec, exact("", "", "a=1,2,3"), []string{"a: 1", "a: 2", "a: 3"}, true},
		{"one of the repeated", spec, exact("", "", "a=1"), []string{"a: 1", "a: 2"}, false},
		{"repeated, shorter than the value", spec, exact("", "", "a=1,2,3"), []string{"a: 1", "a: 2"}, false},
		{"repeated, without the comma", spec, exact("", "", "a=12"), []string{"a: 1", "a: 2"}, false},
		{"repeated, empty values", spec, exact("", "", "a=,"), []string{"a: ", "a: "}, true},
		{"repeated, a comma of its own", spec, exact("", "", "a=1,2,3"), []string{"a: 1,2", "a: 3"}, true},
		{"joined for a pattern", spec, exact("", "", "a~1,[0-9]"), []string{"a: 1", "a: 2"}, true},
		{"joined for a pattern of one value", spec, exact("", "", "a~[0-9]"), []string{"a: 1", "a: 2"}, false},
		{"any of the repeated", &each, exact("", "", "a=2"), []string{"a: 1", "a: 2"}, true},
		{"any of the repeated, by a pattern", &each, exact("", "", "a~2"), []string{"a: 1", "a: 2", "a: 3"}, true},
		{"none of the repeated", &each, exact("", "", "a=1,2"), []string{"a: 1", "a: 2"}, false},
		{"equivalent names, the first counts", spec, exact("", "", "Foo=1", "foo=2"), []string{"foo: 1"}, true},
		{"equivalent names, the second does not", spec, exact("", "", "Foo=1", "foo=2"), []string{"foo: 2"}, false},
		{"equivalent names, all required", profile.EnvoyGateway, exact("", "", "Foo=1", "foo=2"), []string{"foo: 1"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.profile)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			w.route(one("a/a", "", tt.match), g.Listeners[0])
			res := w.compile().Lookup(call("h/pkg.Echo/Get", tt.headers...))
			if got := res.Entry != nil; got != tt.want {
				t.Errorf("the match takes the call: %t, want %t", got, tt.want)
			}
		})
	}
}
