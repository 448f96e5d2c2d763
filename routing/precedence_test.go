package routing_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// one is a route of one rule whose backend has the route's name.
func one(key, host string, matches ...gatewayv1.GRPCRouteMatch) routeSpec {
	s := routeSpec{key: key, rules: []ruleSpec{to(key, matches...)}}
	if host != "" {
		s.hosts = []string{host}
	}
	return s
}

func aged(s routeSpec, age int) routeSpec { s.age = age; return s }

// zeroRegex is the specification with the reading that regular expressions have
// no length.
func zeroRegex(r profile.RegexLength) *profile.Profile {
	p := *profile.Spec
	p.Precedence.RegexLength = r
	return &p
}

var perRule = func() *profile.Profile {
	p := *profile.Spec
	p.Precedence.PerRule = true
	p.Precedence.Criteria = []profile.Criterion{profile.PreciseHost, profile.HostLength,
		{Name: "service characters", Of: func(us []profile.Unit) int {
			most := 0
			for _, u := range us {
				most = max(most, u.ServiceChars)
			}
			return most
		}},
		{Name: "method characters", Of: func(us []profile.Unit) int {
			most := 0
			for _, u := range us {
				most = max(most, u.MethodChars)
			}
			return most
		}},
	}
	return &p
}()

const echo = "grpc.example.com/pkg.Echo/Get"

// Worked tie-breaks of the specification's precedence: a route "a/a", a route
// "b/b", and where the call goes.
func TestPrecedence(t *testing.T) {
	const grpc = "grpc.example.com"
	var (
		spec      = profile.Spec
		eg        = profile.EnvoyGateway
		tunnel    = profile.CloudflareTunnel
		kgateway  = profile.KGateway
		echoGet   = exact("pkg.Echo", "Get")
		echoAny   = exact("pkg.Echo", "")
		anyGet    = exact("", "Get")
		longRegex = regex(`pkg\.(Echo|Ping)`, "")
	)
	tests := []struct {
		name    string
		profile *profile.Profile
		a, b    routeSpec
		call    *routing.Request
		want    string
		key     string // the criterion the other one lost on; "" when it did not match
	}{
		{"1 precise host before service", spec, one("a/a", grpc), one("b/b", "*.example.com", echoGet), call(echo), "a/a", "hostname characters without a wildcard"},
		{"1 without fall-through", kgateway, one("a/a", grpc), one("b/b", "*.example.com", echoGet), call(echo), "a/a", ""},
		{"2 longer host before service", spec, one("a/a", "*.example.com"), one("b/b", "*.com", echoGet), call(echo), "a/a", "hostname characters"},
		{"3 any host before no host", spec, one("a/a", "", echoGet), one("b/b", "*.example.com"), call(echo), "b/b", "hostname characters"},
		{"4 method characters", spec, one("a/a", "", echoAny), one("b/b", "", echoGet), call(echo), "b/b", "method characters"},
		{"5 service before method", spec, one("a/a", "", anyGet), one("b/b", "", echoAny), call(echo), "b/b", "service characters"},
		{"5 method only by path type", kgateway, one("a/a", "", anyGet), one("b/b", "", echoAny), call(echo), "a/a", "path type (exact, regex, prefix)"},
		{"5 method only by score", tunnel, one("a/a", "", anyGet), one("b/b", "", echoAny), call(echo), "a/a", "path type (exact, regex, prefix)"},
		{"6 method before headers", spec, one("a/a", "", anyGet), one("b/b", "", exact("", "", "h1=1", "h2=1", "h3=1", "h4=1", "h5=1")),
			call(echo, "h1: 1", "h2: 1", "h3: 1", "h4: 1", "h5: 1"), "a/a", "method characters"},
		{"6 method as a header", eg, one("a/a", "", anyGet), one("b/b", "", exact("", "", "h1=1", "h2=1", "h3=1", "h4=1", "h5=1")),
			call(echo, "h1: 1", "h2: 1", "h3: 1", "h4: 1", "h5: 1"), "b/b", "header conditions"},
		{"7 method before header", spec, one("a/a", "", exact("pkg.Echo", "", "v=1")), one("b/b", "", echoGet), call(echo, "v: 1"), "b/b", "method characters"},
		{"8 more headers", spec, one("a/a", "", exact("pkg.Echo", "", "v=1")), one("b/b", "", exact("pkg.Echo", "", "v=1", "w=1")),
			call(echo, "v: 1", "w: 1"), "b/b", "header conditions"},
		{"9 header does not match", spec, one("a/a", "", exact("pkg.Echo", "", "v=2")), one("b/b", "", echoAny), call(echo, "v: 1"), "b/b", ""},
		{"10 header-only canary loses", spec, one("a/a", "", exact("", "", "env=canary")), one("b/b", "", echoGet), call(echo, "env: canary"), "b/b", "service characters"},
		{"10 in the tunnel", tunnel, one("a/a", "", exact("", "", "env=canary")), one("b/b", "", echoGet), call(echo, "env: canary"), "b/b", "path type (exact, regex, prefix)"},
		{"10 in kgateway", kgateway, one("a/a", "", exact("", "", "env=canary")), one("b/b", "", echoGet), call(echo, "env: canary"), "b/b", "path type (exact, regex, prefix)"},
		{"11 pattern length ties", spec, aged(one("a/a", "", regex(`pkg\.E.*`, "")), 2), aged(one("b/b", "", echoAny), 1), call(echo), "b/b", "age"},
		{"11 zero length", zeroRegex(profile.ZeroLength), aged(one("a/a", "", regex(`pkg\.E.*`, "")), 1), aged(one("b/b", "", echoAny), 2), call(echo), "b/b", "service characters"},
		{"11 matched length", zeroRegex(profile.MatchedLength), aged(one("a/a", "", regex(`pkg\.Ec.*`, "")), 1), aged(one("b/b", "", echoAny), 2), call(echo), "a/a", "age"},
		{"12 short pattern", spec, one("a/a", "", regex(".*", "Get")), one("b/b", "", echoAny), call(echo), "b/b", "service characters"},
		{"12 regex before prefix", eg, one("a/a", "", regex(".*", "Get")), one("b/b", "", echoAny), call(echo), "a/a", "path type (exact, regex, prefix)"},
		{"12 in kgateway", kgateway, one("a/a", "", regex(".*", "Get")), one("b/b", "", echoAny), call(echo), "a/a", "path type (exact, regex, prefix)"},
		{"13 regex hides exact", spec, one("a/a", "", longRegex), one("b/b", "", echoGet), call(echo), "a/a", "service characters"},
		{"13 exact before regex", eg, one("a/a", "", longRegex), one("b/b", "", echoGet), call(echo), "b/b", "path type (exact, regex, prefix)"},
		{"14 older first", spec, aged(one("b/b", "", echoAny), 1), aged(one("a/a", "", echoAny), 2), call(echo), "b/b", "age"},
		{"15 name", spec, one("prod/api", "", echoAny), one("dev/api", "", echoAny), call(echo), "dev/api", "namespace/name"},
		{"16 shorter name", spec, one("a/b-c", "", echoAny), one("a/b", "", echoAny), call(echo), "a/b", "namespace/name"},
		{"17 joined name", spec, one("ab/c", "", echoAny), one("a-b/c", "", echoAny), call(echo), "a-b/c", "namespace/name"},
		{"17 namespaces apart", tunnel, one("a/c", "", echoAny), one("a-b/c", "", echoAny), call(echo), "a/c", "namespace/name"},
		{"19 per match", spec, one("a/a", "", exact("other.Svc", "VeryLongMethod"), echoAny), one("b/b", "", echoGet), call(echo), "b/b", "method characters"},
		{"19 per rule", perRule, one("a/a", "", exact("other.Svc", "VeryLongMethod"), echoAny), one("b/b", "", echoGet), call(echo), "a/a", "service characters"},
		{"19 in the tunnel", tunnel, one("a/a", "", exact("other.Svc", "VeryLongMethod"), echoAny), one("b/b", "", echoGet), call(echo), "a/a", "path length"},
		{"20 duplicate name dropped", spec, aged(one("a/a", "", exact("pkg.Echo", "", "Foo=1", "foo=2")), 1),
			aged(one("b/b", "", exact("pkg.Echo", "", "foo=1")), 2), call(echo, "foo: 1"), "a/a", "age"},
		{"20 all required", eg, aged(one("a/a", "", exact("pkg.Echo", "", "Foo=1", "foo=2")), 1),
			aged(one("b/b", "", exact("pkg.Echo", "", "foo=1")), 2), call(echo, "foo: 1"), "b/b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.profile)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			w.route(tt.a, g.Listeners[0])
			w.route(tt.b, g.Listeners[0])
			d := w.compile().Explain(tt.call)
			if got := backend(d.Result); got != tt.want {
				t.Fatalf("call goes to %s, want %s", got, tt.want)
			}
			if len(d.Considered) < 2 || d.Considered[0].Verdict != routing.Won {
				t.Fatalf("considered %+v, want the winner first", d.Considered)
			}
			loser := d.Considered[1]
			if loser.Key != tt.key {
				t.Errorf("the other one lost on %q (%s), want %q", loser.Key, loser.Why, tt.key)
			}
		})
	}
}

// Rule order decides inside a route, and the later rule never runs.
func TestPrecedenceWithinRoute(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	w.route(routeSpec{key: "a/a", rules: []ruleSpec{to("first", exact("pkg.Echo", "")), to("second", exact("pkg.Echo", ""))}}, g.Listeners[0])
	d := w.compile().Explain(call(echo))
	if got := backend(d.Result); got != "first" {
		t.Errorf("call goes to %s, want first", got)
	}
	if c := d.Considered[1]; c.Key != "rule order" || c.Why != "rule 1 against rule 0" {
		t.Errorf("second lost on %q: %s, want rule order", c.Key, c.Why)
	}
	if d.Certainty != diag.Certain {
		t.Errorf("certainty is %s, want certain: age does not order rules of one route", d.Certainty)
	}
}

// The listener is chosen before any rule is looked at.
func TestPrecedenceListenerFirst(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "wild 80 HTTP *.example.com", "api 80 HTTP api.example.com")
	w.route(one("a/a", "api.example.com"), g.Listeners[0])
	w.route(one("b/b", "api.example.com"), g.Listeners[1])
	d := w.compile().Explain(call("api.example.com/pkg.Echo/Get"))
	if got := backend(d.Result); got != "b/b" {
		t.Errorf("call goes to %s, want b/b: only the exact listener's routes are asked", got)
	}
	if c := d.Considered[1]; c.Condition != "listener" || c.Entry.Route.Key() != "a/a" {
		t.Errorf("the other candidate is %+v, want a/a with its listener not asked", c)
	}
}

// On a precise listener all hostnames are equal, and the route's own decides.
func TestPrecedenceOwnHostname(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "http 80 HTTP abc.example.com")
	w.route(aged(one("a/a", "*.example.com", exact("pkg.Echo", "Get")), 1), g.Listeners[0])
	w.route(aged(one("b/b", "abc.example.com"), 2), g.Listeners[0])
	d := w.compile().Explain(call("abc.example.com/pkg.Echo/Get"))
	if got := backend(d.Result); got != "b/b" {
		t.Errorf("call goes to %s, want b/b", got)
	}
	if c := d.Considered[1]; c.Key != "the route's own hostname" {
		t.Errorf("the other one lost on %q, want the route's own hostname", c.Key)
	}
}

// What only age decides is marked when a creation time is missing.
func TestPrecedenceDependsOnAge(t *testing.T) {
	tests := []struct {
		name string
		a, b routeSpec
		want diag.Certainty
	}{
		{"no timestamps", one("a/a", "", exact("pkg.Echo", "")), one("b/b", "", exact("pkg.Echo", "")), diag.Unknown},
		{"one timestamp", aged(one("a/a", "", exact("pkg.Echo", "")), 1), one("b/b", "", exact("pkg.Echo", "")), diag.Unknown},
		{"both timestamps", aged(one("a/a", "", exact("pkg.Echo", "")), 1), aged(one("b/b", "", exact("pkg.Echo", "")), 2), diag.Certain},
		{"other one does not match", one("a/a", "", exact("pkg.Echo", "")), one("b/b", "", exact("pkg.Ping", "")), diag.Certain},
		{"criteria decide", one("a/a", "", exact("pkg.Echo", "Get")), one("b/b", "", exact("pkg.Echo", "")), diag.Certain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(profile.Spec)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			w.route(tt.a, g.Listeners[0])
			w.route(tt.b, g.Listeners[0])
			d := w.compile().Explain(call(echo))
			if d.Certainty != tt.want || (len(d.Unknowns) > 0) != (tt.want == diag.Unknown) {
				t.Errorf("certainty is %s %q, want %s", d.Certainty, d.Unknowns, tt.want)
			}
		})
	}
}

// An implementation without a tie-break leaves the answer open.
func TestPrecedenceTiesUndefined(t *testing.T) {
	w := newWorld(profile.Pingora)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	w.route(aged(one("a/a", "", exact("pkg.Echo", "")), 1), g.Listeners[0])
	w.route(aged(one("b/b", "", exact("pkg.Echo", "")), 2), g.Listeners[0])
	if d := w.compile().Explain(call(echo)); d.Certainty != diag.Unknown {
		t.Errorf("certainty is %s, want unknown", d.Certainty)
	}
}

// Among HTTPRoutes an exact path comes first, then the longer prefix, then an HTTP
// method, then headers.
func TestPrecedenceOfHTTPRoutes(t *testing.T) {
	path := func(kind gatewayv1.PathMatchType, value string, headers ...string) gatewayv1.HTTPRouteMatch {
		m := gatewayv1.HTTPRouteMatch{Path: &gatewayv1.HTTPPathMatch{Type: &kind, Value: &value}}
		for _, name := range headers {
			exact := gatewayv1.HeaderMatchExact
			m.Headers = append(m.Headers, gatewayv1.HTTPHeaderMatch{Type: &exact, Name: gatewayv1.HTTPHeaderName(name), Value: "1"})
		}
		return m
	}
	post := func(m gatewayv1.HTTPRouteMatch) gatewayv1.HTTPRouteMatch {
		verb := gatewayv1.HTTPMethodPost
		m.Method = &verb
		return m
	}
	const (
		exact, prefix = gatewayv1.PathMatchExact, gatewayv1.PathMatchPathPrefix
		echoPath      = "/pkg.Echo/Get"
	)
	tests := []struct {
		name string
		a, b gatewayv1.HTTPRouteMatch
	}{
		{"exact path before headers", path(prefix, echoPath, "h"), path(exact, echoPath)},
		{"longer prefix before headers", path(prefix, "/pkg.Echo", "h"), path(prefix, echoPath)},
		{"method before headers", path(prefix, echoPath, "h"), post(path(prefix, echoPath))},
		{"prefix before method", post(path(prefix, "/")), path(prefix, "/pkg.Echo")},
		{"headers last", path(exact, echoPath), path(exact, echoPath, "h")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(profile.Spec)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			w.httpRoute("infra/a", 1, nil, []gatewayv1.HTTPRouteMatch{tt.a}, g.Listeners[0])
			w.httpRoute("infra/b", 2, nil, []gatewayv1.HTTPRouteMatch{tt.b}, g.Listeners[0])
			if res := w.compile().Lookup(call(echo, "h: 1")); res.Entry == nil || res.Entry.Route.Key() != "infra/b" {
				t.Errorf("call goes to %+v, want infra/b", res.Entry)
			}
		})
	}
}
