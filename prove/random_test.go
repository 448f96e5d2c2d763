package prove_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// The pools are small, so that matches, hostnames and names meet often.
var (
	poolHosts    = []string{"a.ex.com", "b.ex.com", "x.a.ex.com", "*.ex.com", "*.a.ex.com", "*.com"}
	poolServices = []string{"p.A", "p.B", "p.AB", "q.A"}
	poolMethods  = []string{"Get", "List", "GetAll"}
	poolSvcRegex = []string{`p\..*`, `p\.(A|B)`, `.*`, `.+B`, `(?i)P\.a`, `q|p\.B`, `p\.[AB]`, `^p\.A$`, `\bq\.A\b`, `.*/.*`, `[pq]\.A`, `p\.A{1,3}B?`}
	poolMthRegex = []string{`G.*`, `Get|List`, `.*t`, `\bGet\b`, `[^L]*`, `.+`, `(?i)get`, `Get(All)?`, `^List$`, `.*A.*`}
	poolHeaders  = []string{"h=1", "h=2", "h=1,2", "h~[12]", "h~1", "k=1", "k~.*", "H=1", "H~^1$", "k~1?", "m~a|b", "m=a"}
)

type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 7))} }

func (r random) of(pool []string) string { return pool[r.IntN(len(pool))] }

func (r random) chance(percent int) bool { return r.IntN(100) < percent }

// profile is one of the implementations, at times with knobs turned.
func (r random) profile() *profile.Profile {
	p := *profile.All[r.IntN(len(profile.All))]
	if r.chance(60) {
		return &p
	}
	flip := func(knobs ...*bool) {
		for _, k := range knobs {
			*k = *k != r.chance(25)
		}
	}
	flip(&p.Hosts.NoFallthrough, &p.Hosts.WildcardOneLabel, &p.Hosts.NoMisdirected, &p.Matching.HeaderRegexPartial,
		&p.Matching.HeadersAllAnded, &p.Matching.RepeatedAny, &p.Matching.DropEmptyMatches, &p.Precedence.PerRule)
	p.Precedence.RegexLength = profile.RegexLength(r.IntN(3))
	if r.chance(30) {
		p.Hosts.Isolation = profile.Scope(r.IntN(3))
		p.Hosts.IsolationTLS = p.Hosts.Isolation
	}
	return &p
}

// route is a route as text, with parts that tests change.
type route struct {
	name      string
	hostnames []string
	age       int // 0: none
	rules     []rule
}

type rule struct {
	matches  []string // flow YAML
	backends []string // flow YAML
}

func (r random) match() string {
	var parts []string
	switch r.IntN(8) {
	case 0, 1, 2:
		parts = append(parts, fmt.Sprintf("method: {service: %s, method: %s}", r.of(poolServices), r.of(poolMethods)))
	case 3:
		parts = append(parts, fmt.Sprintf("method: {service: %s}", r.of(poolServices)))
	case 4:
		parts = append(parts, fmt.Sprintf("method: {method: %s}", r.of(poolMethods)))
	case 5:
		parts = append(parts, fmt.Sprintf("method: {type: RegularExpression, service: '%s'}", r.of(poolSvcRegex)))
	case 6:
		parts = append(parts, fmt.Sprintf("method: {type: RegularExpression, service: '%s', method: '%s'}", r.of(poolSvcRegex), r.of(poolMthRegex)))
	}
	var headers []string
	for range max(0, r.IntN(5)-2) {
		h := r.of(poolHeaders)
		at := strings.IndexAny(h, "=~")
		kind := "Exact"
		if h[at] == '~' {
			kind = "RegularExpression"
		}
		headers = append(headers, fmt.Sprintf("{type: %s, name: %s, value: '%s'}", kind, h[:at], h[at+1:]))
	}
	if len(headers) > 0 {
		parts = append(parts, "headers: ["+strings.Join(headers, ", ")+"]")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (r random) rule() rule {
	var out rule
	for range r.IntN(4) {
		out.matches = append(out.matches, r.match())
	}
	for range 1 + r.IntN(2) {
		out.backends = append(out.backends, fmt.Sprintf("{name: s%d, port: 80, weight: %d}", r.IntN(4), 1+r.IntN(2)))
	}
	return out
}

func (r random) route(i int) route {
	out := route{name: fmt.Sprintf("r%d", i)}
	for range r.IntN(3) {
		out.hostnames = append(out.hostnames, r.of(poolHosts))
	}
	if r.chance(70) {
		out.age = 1 + r.IntN(3)
	}
	for range 1 + r.IntN(3) {
		out.rules = append(out.rules, r.rule())
	}
	return out
}

// input is a random set of manifests.
type input struct {
	listeners []string // flow YAML
	routes    []route
}

func (r random) input() *input {
	in := &input{}
	for i := range 1 + r.IntN(3) {
		host := ""
		if r.chance(60) {
			host = fmt.Sprintf(", hostname: '%s'", r.of(poolHosts))
		}
		protocol := "port: 80, protocol: HTTP"
		if r.chance(40) {
			protocol = "port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}"
		}
		in.listeners = append(in.listeners, fmt.Sprintf("{name: l%d, %s%s}", i, protocol, host))
	}
	for i := range 1 + r.IntN(3) {
		in.routes = append(in.routes, r.route(i))
	}
	return in
}

func (in *input) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec: {gatewayClassName: c, listeners: [%s]}\n",
		strings.Join(in.listeners, ", "))
	for _, r := range in.routes {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata:\n  name: %s\n  namespace: d\n", r.name)
		if r.age > 0 {
			fmt.Fprintf(&b, "  creationTimestamp: '2026-01-0%dT00:00:00Z'\n", r.age)
		}
		b.WriteString("spec:\n  parentRefs: [{name: gw}]\n")
		if len(r.hostnames) > 0 {
			fmt.Fprintf(&b, "  hostnames: ['%s']\n", strings.Join(r.hostnames, "', '"))
		}
		b.WriteString("  rules:\n")
		for _, rule := range r.rules {
			fmt.Fprintf(&b, "  - backendRefs: [%s]\n", strings.Join(rule.backends, ", "))
			if len(rule.matches) > 0 {
				fmt.Fprintf(&b, "    matches: [%s]\n", strings.Join(rule.matches, ", "))
			}
		}
	}
	return b.String()
}

// compile returns the table of some manifests under a profile.
func compile(t testing.TB, text string, p *profile.Profile) *routing.Table {
	t.Helper()
	set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(text)}}, manifest.Options{})
	for _, problem := range set.Problems {
		t.Fatalf("%s\n%s", problem.Message, text)
	}
	return routing.Compile(topology.Resolve(set, topology.Options{Profile: p}))
}

var (
	callHosts    = []string{"a.ex.com", "b.ex.com", "x.a.ex.com", "y.a.ex.com", "z.y.a.ex.com", "c.ex.com", "w.com", "other.org"}
	callServices = append([]string{"p.AAB", "P.A", "p.X", "xB", "q", "z", "p.AB.C"}, poolServices...)
	callMethods  = append([]string{"get", "Put", "A", "xt", "Getx", "LA"}, poolMethods...)
	callValues   = []string{"1", "2", "1,2", "", "a", "b", "x1", "11"}
)

// request is a call that is likely to meet a rule.
func (r random) request() *routing.Request {
	q := &routing.Request{Gateway: "d/gw", Port: []int32{80, 443}[r.IntN(2)], Authority: r.of(callHosts)}
	if q.Port == 443 {
		q.SNI = q.Authority
	}
	q.Path = "/" + r.of(callServices) + "/" + r.of(callMethods)
	for _, name := range []string{"h", "k", "m"} {
		if r.chance(45) {
			q.Headers = append(q.Headers, routing.Header{Name: name, Value: r.of(callValues)})
		}
	}
	return q
}
