package convert_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// maker makes random HTTPRoutes of few names, so that they meet.
type maker struct{ *rand.Rand }

func (m maker) of(pool ...string) string { return pool[m.IntN(len(pool))] }

var (
	services = []string{"p.A", "p.Ab", "q.C"}
	methods  = []string{"Get", "GetAll", "List"}
	hosts    = []string{"a.ex.com", "b.ex.com", "x.a.ex.com"}
)

func (m maker) path() string {
	s, n := m.of(services...), m.of(methods...)
	q := strings.ReplaceAll(s, ".", `\.`)
	kind := m.of("Exact", "Exact", "PathPrefix", "PathPrefix", "PathPrefix", "RegularExpression", "RegularExpression")
	switch kind {
	case "Exact":
		return fmt.Sprintf("path: {type: Exact, value: /%s/%s}", s, n)
	case "PathPrefix":
		return m.of(fmt.Sprintf("path: {type: PathPrefix, value: /%s}", s), fmt.Sprintf("path: {value: /%s/}", s),
			fmt.Sprintf("path: {type: PathPrefix, value: /%s/%s}", s, n), "path: {type: PathPrefix, value: /}", "path: {}")
	}
	return fmt.Sprintf("path: {type: RegularExpression, value: '%s'}", m.of(
		"/"+q+"/.*", "/"+q+"/"+n, "^/"+q+"/("+n+"|List)$", "/(p|q)\\.[A-C]/"+n, "/"+q+".*", "/[^/]+/"+n, "/p\\..+/[A-Z].*",
		"/"+q+"(/.*)?", "/("+q+"/"+n+"|q\\.C/List)", "/"+q+"/Get|/q\\.C/List", ".*", ".*/"+n, "/(?i:"+q+")/get.*",
	))
}

func (m maker) match() string {
	parts := []string{}
	if m.IntN(8) > 0 {
		parts = append(parts, m.path())
	}
	if m.IntN(3) == 0 {
		parts = append(parts, "method: POST")
	}
	if m.IntN(3) == 0 {
		parts = append(parts, "headers: [{name: env, value: "+m.of("a", "b")+"}]")
	} else if m.IntN(6) == 0 {
		parts = append(parts, "headers: [{name: env, value: a}, {name: V, type: RegularExpression, value: '[12]'}]")
	}
	m.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return "{" + strings.Join(parts, ", ") + "}"
}

// manifests makes a Gateway with one listener and some HTTPRoutes. Bare leaves out
// what no GRPCRoute can say.
func (m maker) manifests(bare bool) (text, listener string) {
	listener = m.of("", "*.ex.com", "a.ex.com")
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: c\n  listeners:\n")
	fmt.Fprintf(&b, "  - {name: l, port: 80, protocol: HTTP, hostname: '%s'}\n", listener)
	for i := range 1 + m.IntN(3) {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r%d, namespace: d, creationTimestamp: '2026-01-0%dT00:00:00Z'}\n", i, 1+m.IntN(3))
		fmt.Fprintf(&b, "spec: # route %d\n  parentRefs: [{name: gw}]\n%s  rules:\n", i, m.of("", "  hostnames: [a.ex.com]\n", "  hostnames: ['*.ex.com', b.ex.com]\n"))
		for k := range 1 + m.IntN(3) {
			fmt.Fprintf(&b, "  # rule %d of %d\n  - backendRefs: [{name: b%d-%d, port: 1}]\n", k, i, i, m.IntN(2))
			if n := m.IntN(4); n > 0 {
				b.WriteString("    matches: # of it\n")
				for range n {
					b.WriteString("    - " + m.match() + " # match\n")
				}
			}
			if m.IntN(6) == 0 {
				b.WriteString("    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x, value: '1'}]}}]\n")
			}
			if !bare && m.IntN(6) == 0 {
				b.WriteString("    timeouts: {request: 5s} # slow\n")
			}
		}
	}
	return b.String(), listener
}

func (m maker) call() call {
	c := call{host: m.of(hosts...), service: m.of(append(services, "p.Axx", "z.Z")...), method: m.of(append(methods, "Other")...), headers: map[string]string{}}
	if m.IntN(2) == 0 {
		c.headers["env"] = m.of("a", "b")
	}
	if m.IntN(2) == 0 {
		c.headers["v"] = m.of("1", "3")
	}
	return c
}

func options(t testing.TB) convert.Options {
	t.Helper()
	server, err := admission.New("1.6", "experimental")
	if err != nil {
		t.Fatal(err)
	}
	return convert.Options{Profiles: []*profile.Profile{profile.Spec}, Server: server}
}

func read(text string) *manifest.Set {
	return manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(text)}}, manifest.Options{})
}

// TestRandomRoutes: what is converted goes where an independent reading of the
// HTTPRoutes sends it; what is converted although calls change has a witness for
// which two independent readings differ.
func TestRandomRoutes(t *testing.T) {
	converted, changed := 0, 0
	for seed := range uint64(400) {
		m := maker{rand.New(rand.NewPCG(seed, 3))}
		text, listener := m.manifests(seed%3 != 0)
		before := read(text)
		if len(before.Problems) > 0 {
			t.Fatalf("seed %d: %v", seed, before.Problems)
		}
		o := options(t)
		for _, r := range before.HTTPRoutes.All {
			o.Only = append(o.Only, "d/"+r.Doc.Ref.Name)
		}
		out, err := convert.Run(context.Background(), before, o)
		if err != nil {
			t.Fatal(err)
		}
		keepsComments(t, out)
		table := routing.Compile(topology.Resolve(out.After, topology.Options{}))
		for _, r := range out.Routes {
			if r.New != nil {
				converted++
			} else if r.Why == "" && len(r.Changes)+len(r.Losses)+len(r.Unknown) == 0 {
				t.Fatalf("seed %d: %s stays without a reason:\n%s", seed, r.Doc.Ref, text)
			}
		}
		for range 60 {
			c := m.call()
			want := plainHTTP(before, listener, c)
			if got := looked(table, c); got != want {
				t.Fatalf("seed %d, %v: goes to %s after, %s before\n%s\n--- after\n%s", seed, c, got, want, text, convert.Documents(out))
			}
		}
		changed += lossy(t, m, seed, before, listener, o)
	}
	if converted < 100 || changed < 100 {
		t.Errorf("%d routes were converted, %d changes seen: the generator is wrong", converted, changed)
	}
}

// lossy converts all routes and compares the plain readings of both sides.
func lossy(t *testing.T, m maker, seed uint64, before *manifest.Set, listener string, o convert.Options) int {
	t.Helper()
	o.Lossy = true
	out, err := convert.Run(context.Background(), before, o)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range out.Routes {
		if r.New == nil {
			return 0 // what is left of the others conflicts with it
		}
		n += len(r.Changes)
	}
	for _, r := range out.Routes {
		for _, c := range r.Changes {
			w := c.Witness()
			service, method, _ := strings.Cut(w.Path[1:], "/")
			at := call{w.Authority, service, method, w.Headers}
			if a, b := plainHTTP(before, listener, at), plainGRPC(out.After, listener, at); a == b {
				t.Fatalf("seed %d: %s: the witness %v goes to %s on both sides", seed, c.Calls(), at, a)
			}
		}
	}
	for range 60 {
		c := m.call()
		if a, b := plainHTTP(before, listener, c), plainGRPC(out.After, listener, c); a != b && n == 0 {
			t.Fatalf("seed %d: no change is told, and %v goes to %s before, %s after\n%s", seed, c, a, b, convert.Documents(out))
		}
	}
	return n
}

// looked is what a table does with a call, in the words of the plain readings.
func looked(table *routing.Table, c call) string {
	r := routing.Request{Gateway: "d/gw", Port: 80, Authority: c.host, Path: c.path()}
	for name, value := range c.headers {
		r.Headers = append(r.Headers, routing.Header{Name: name, Value: value})
	}
	got := table.Lookup(&r)
	switch {
	case got.Entry == nil:
		return "no match"
	case got.Entry.Route.GRPC != nil:
		rule := &got.Entry.Route.GRPC.Spec.Rules[got.Entry.Rule.Index]
		return doing(rule.BackendRefs, rule.Filters, nil)
	}
	rule := &got.Entry.Route.HTTP.Spec.Rules[got.Entry.Rule.Index]
	return doing(rule.BackendRefs, rule.Filters, rule.Timeouts)
}
