// Package random makes manifests and calls for tests that compare two ways of
// routing: few names, so that calls meet rules and rules meet one another.
package random

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// Source makes random things. Equal seeds make equal things.
type Source struct{ *rand.Rand }

// New returns a Source of a seed.
func New(seed uint64) Source { return Source{rand.New(rand.NewPCG(seed, 11))} }

func (s Source) of(pool ...string) string { return pool[s.IntN(len(pool))] }

// Options say what manifests may hold.
type Options struct {
	// Backends are backendRefs in flow YAML, without braces and weight.
	Backends []string
	// Filters are what may stand in the filters of a rule, BackendFilters in those
	// of a backend, in flow YAML; "" is none.
	Filters, BackendFilters []string
	// Regex: service, method and header patterns may be regular expressions.
	Regex bool
	// MethodOnly: a match may name a method and no service.
	MethodOnly bool
	// Services are further documents.
	Services string
}

// Manifests returns a Gateway d/gw with up to three listeners on ports 80 and 81
// and up to three GRPCRoutes, each with an age.
func (s Source) Manifests(o Options) string {
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: c\n  listeners:\n")
	hosts := []string{"", ", hostname: '*.ex.com'", ", hostname: a.ex.com", ", hostname: '*.a.ex.com'"}
	s.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	for i := range 1 + s.IntN(3) {
		fmt.Fprintf(&b, "  - {name: l%d, port: %d, protocol: HTTP%s}\n", i, 80+s.IntN(2), hosts[i])
	}
	b.WriteString(o.Services)
	for i := range 1 + s.IntN(3) {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d, creationTimestamp: '2026-01-0%dT00:00:00Z'}\n", i, 1+s.IntN(3))
		fmt.Fprintf(&b, "spec:\n  parentRefs: [{name: gw}]\n%s  rules:\n", s.of("", "", "  hostnames: [a.ex.com]\n",
			"  hostnames: ['*.ex.com', b.ex.com]\n", "  hostnames: ['*.a.ex.com', b.ex.com]\n"))
		for range 1 + s.IntN(3) {
			b.WriteString(s.rule(&o))
		}
	}
	return b.String()
}

func (s Source) rule(o *Options) string {
	var matches, backends []string
	for range s.IntN(4) {
		matches = append(matches, s.match(o))
	}
	for range s.IntN(4) {
		backend := fmt.Sprintf("{%s, weight: %d", s.of(o.Backends...), s.IntN(4))
		if len(o.BackendFilters) > 0 {
			if f := s.of(o.BackendFilters...); f != "" {
				backend += ", filters: [" + f + "]"
			}
		}
		backends = append(backends, backend+"}")
	}
	out := fmt.Sprintf("  - matches: [%s]\n    backendRefs: [%s]\n", strings.Join(matches, ", "), strings.Join(backends, ", "))
	if len(o.Filters) > 0 {
		if f := s.of(o.Filters...); f != "" {
			out += "    filters: [" + f + "]\n"
		}
	}
	return out
}

func (s Source) match(o *Options) string {
	var parts []string
	methods := []string{"", "", "service: p.A, method: Get", "service: p.A, method: Put", "service: p.B, method: Get", "service: p.A", "service: p.AB"}
	headers := []string{"", "", "", "{name: H, value: '1'}", "{name: h, value: '1'}, {name: H, value: '2'}", "{name: k, value: a}, {name: h, value: '1'}"}
	if o.MethodOnly {
		methods = append(methods, "method: Get")
	}
	if o.Regex {
		methods = append(methods, `type: RegularExpression, service: 'p\.A.*'`, "type: RegularExpression, service: 'p|q', method: '[A-Z].*'")
		headers = append(headers, "{type: RegularExpression, name: k, value: 'a|b'}", "{type: RegularExpression, name: h, value: '[0-9]+'}")
	}
	if o.Regex && o.MethodOnly {
		methods = append(methods, "type: RegularExpression, method: 'G.*|Put'")
	}
	if method := s.of(methods...); method != "" {
		parts = append(parts, "method: {"+method+"}")
	}
	if header := s.of(headers...); header != "" {
		parts = append(parts, "headers: ["+header+"]")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Call returns a call to the Gateway of [Source.Manifests] that is likely to meet a
// rule.
func (s Source) Call() routing.Request {
	q := routing.Request{
		Gateway: "d/gw", Port: int32(80 + s.IntN(2)),
		Authority: s.of("a.ex.com", "a.ex.com", "b.ex.com", "c.ex.com", "x.a.ex.com", "y.x.a.ex.com", "other.org", "A.ex.com:8080"),
		Path:      "/" + s.of("p.A", "p.A", "p.AB", "p.B", "p", "q", "zz") + "/" + s.of("Get", "Get", "Put", "Go", "get"),
	}
	for range s.IntN(3) {
		q.Headers = append(q.Headers, routing.Header{Name: s.of("h", "h", "k"), Value: s.of("1", "2", "a", "b", "ab", "1,2")})
	}
	return q
}
