package routing_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// The pools are small, so that matches, hostnames and names meet often.
var (
	poolHosts    = []string{"a.ex.com", "b.ex.com", "ex.com", "x.a.ex.com", "*.ex.com", "*.a.ex.com", "*.com", "10.0.0.1"}
	poolServices = []string{"p.A", "p.B", "p.AB", "q.A"}
	poolMethods  = []string{"Get", "List", "GetAll"}
	poolSvcRegex = []string{`p\..*`, `p\.(A|B)`, `.*`, `.+B`, `(?i)P\.a`, `q|p\.B`, `p\.[AB]`, `^p\.A$`, `p\.A`, `[^/]+`, `\bq\.A\b`, `.*/.*`, `(?m)^p\.B$`}
	poolMthRegex = []string{`G.*`, `Get|List`, `.*t`, `\bGet\b`, `[^L]*`, `Get`, `.+`, `(?i)get`, `Get(All)?`, `^List$`}
	poolHeaders  = []string{"h=1", "h=2", "h=1,2", "h~[12]", "h~1", "k=1", "k~.*", "H=1", "H~^1$", "k~1?"}
	poolPaths    = []string{"/", "", "/p.A", "/p.A/", "//Get", "/p.A/Get/x", "p.A/Get", "/p A/Get", "*"}
	poolAuths    = []string{"a.ex.com", "b.ex.com", "ex.com", "x.a.ex.com", "y.x.a.ex.com", "c.ex.com", "other.org", "A.Ex.COM:8443",
		"a.ex.com.", "c.ex.com.:443", "10.0.0.1", "10.0.0.1:80", "[::1]:443", "::1", "", "com"}
)

// random makes worlds and requests from one seed.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 42))} }

func (r random) of(pool []string) string { return pool[r.IntN(len(pool))] }

func (r random) chance(percent int) bool { return r.IntN(100) < percent }

// profile is one of the five implementations, as it is or with some knobs turned
// and the criteria shuffled, so that tables are ordered in ways that no
// implementation does.
func (r random) profile() *profile.Profile {
	all := append([]*profile.Profile{profile.Pingora.AsBuilt}, profile.All...)
	p := *all[r.IntN(len(all))]
	if r.chance(50) {
		return &p
	}
	flip := func(knobs ...*bool) {
		for _, k := range knobs {
			*k = *k != r.chance(25)
		}
	}
	flip(&p.Hosts.NoFallthrough, &p.Hosts.WildcardOneLabel, &p.Hosts.NoNarrowing, &p.Hosts.NoMisdirected,
		&p.Matching.HeaderRegexPartial, &p.Matching.HeadersAllAnded, &p.Matching.RepeatedAny, &p.Matching.DropEmptyMatches,
		&p.Precedence.HTTPFirst, &p.Precedence.NamespaceThenName, &p.Precedence.PerRule)
	p.Precedence.RegexLength = profile.RegexLength(r.IntN(3))
	if r.chance(30) {
		p.Hosts.Isolation = profile.Scope(r.IntN(3))
		p.Hosts.IsolationTLS = p.Hosts.Isolation
	}
	if r.chance(30) {
		order := p.Precedence.Order()
		p.Precedence.Criteria = nil
		for _, i := range r.Perm(len(order)) {
			p.Precedence.Criteria = append(p.Precedence.Criteria, order[i])
		}
	}
	return &p
}

// world is a random topology of up to two Gateways.
func (r random) world() *world {
	w := newWorld(r.profile())
	var listeners []*topology.Listener
	for i := range 1 + r.IntN(2) {
		var specs []string
		taken := map[string]bool{}
		for j := range 1 + r.IntN(4) {
			host := "-"
			if r.chance(70) {
				host = r.of(poolHosts)
			}
			port := []string{"80 HTTP", "443 HTTPS"}[r.IntN(2)]
			if spec := port + " " + host; !taken[spec] {
				taken[spec] = true
				specs = append(specs, fmt.Sprintf("l%d %s", j, spec))
			}
		}
		g := w.gateway(fmt.Sprintf("infra/gw%d", i), specs...)
		if r.chance(10) {
			g.Listeners[0].Refusals = []*topology.Refusal{{Reason: "HostnameConflict"}}
		}
		listeners = append(listeners, g.Listeners...)
	}
	for i := range 1 + r.IntN(6) {
		var on []*topology.Listener
		for _, l := range listeners {
			if r.chance(60) {
				on = append(on, l)
			}
		}
		key := fmt.Sprintf("%s/r%d", []string{"a", "a-b"}[r.IntN(2)], i)
		if r.chance(15) {
			w.httpRoute(key, r.IntN(3), r.hosts(), r.httpMatches(), on...)
		} else {
			w.route(r.route(key), on...)
		}
	}
	return w
}

func (r random) hosts() []string {
	var hs []string
	for range r.IntN(4) {
		hs = append(hs, r.of(poolHosts))
	}
	return hs
}

func (r random) route(key string) routeSpec {
	s := routeSpec{key: key, hosts: r.hosts(), age: r.IntN(3)}
	for range r.IntN(4) {
		rule := ruleSpec{backends: []backendSpec{{name: "b", weight: 1}}}
		for range r.IntN(4) {
			rule.matches = append(rule.matches, r.match())
		}
		s.rules = append(s.rules, rule)
	}
	return s
}

func (r random) match() gatewayv1.GRPCRouteMatch {
	var headers []string
	for range r.IntN(5) - 2 {
		headers = append(headers, r.of(poolHeaders))
	}
	services, methods, make := poolServices, poolMethods, exact
	if r.chance(40) {
		services, methods, make = poolSvcRegex, poolMthRegex, regex
		if r.chance(2) {
			services = []string{"p.("}
		}
	}
	service, method := r.of(services), r.of(methods)
	switch r.IntN(6) {
	case 0:
		service = ""
	case 1:
		method = ""
	case 2:
		service, method = "", ""
	}
	return make(service, method, headers...)
}

func (r random) httpMatches() []gatewayv1.HTTPRouteMatch {
	var ms []gatewayv1.HTTPRouteMatch
	for range 1 + r.IntN(3) {
		var m gatewayv1.HTTPRouteMatch
		if r.chance(80) {
			kind := []gatewayv1.PathMatchType{"Exact", "PathPrefix", "RegularExpression"}[r.IntN(3)]
			value := r.of([]string{"/", "/p.A", "/p.A/", "/p.A/Get", "/p.B/List", "/p.A/Get/x", "/p.*", "/p.A/.+t"})
			m.Path = &gatewayv1.HTTPPathMatch{Type: &kind, Value: &value}
		}
		if r.chance(30) {
			verb := []gatewayv1.HTTPMethod{"POST", "GET"}[r.IntN(2)]
			m.Method = &verb
		}
		if r.chance(10) {
			m.QueryParams = []gatewayv1.HTTPQueryParamMatch{{Name: "q", Value: "1"}}
		}
		if r.chance(30) {
			m.Headers = []gatewayv1.HTTPHeaderMatch{{Name: "h", Value: "1"}}
		}
		ms = append(ms, m)
	}
	return ms
}

// request is a random request to one of the world's ports.
func (r random) request(w *world) *routing.Request {
	g := w.topology.Gateways[r.IntN(len(w.topology.Gateways))]
	l := g.Listeners[r.IntN(len(g.Listeners))]
	q := &routing.Request{Gateway: g.Key(), Port: l.Port, Authority: r.of(poolAuths)}
	q.Path = "/" + r.of(poolServices) + "/" + r.of(poolMethods)
	if r.chance(20) {
		q.Path = "/" + r.of([]string{"p.C", "q", "P.A", "p.a"}) + "/" + r.of([]string{"get", "Put", "Lit", "Get"})
	}
	if r.chance(5) {
		q.Path = r.of(poolPaths)
	}
	if l.Protocol == "HTTPS" && r.chance(70) {
		q.SNI = strings.TrimRight(strings.Split(q.Authority, ":")[0], "[")
		if r.chance(40) {
			q.SNI = r.of(poolAuths[:7])
		}
	}
	for range r.IntN(4) {
		name, value := r.of([]string{"h", "k", "x", "h"}), r.of([]string{"1", "2", "1,2", "", "12"})
		q.Headers = append(q.Headers, routing.Header{Name: name, Value: value})
	}
	return q
}
