package routing_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var sizes = []int{10, 1_000, 10_000, 100_000}

// background is what an ordinary gRPC client sends, without a header that any
// rule asks for.
var background = []routing.Header{
	{Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"},
	{Name: "user-agent", Value: "grpc-go/1.85.0"}, {Name: "grpc-timeout", Value: "1S"},
	{Name: "grpc-accept-encoding", Value: "gzip"}, {Name: "x-request-id", Value: "4b3c"},
}

// exactRules names a service and a method each, twelve methods a service.
func exactRules(n int) []gatewayv1.GRPCRouteMatch {
	ms := make([]gatewayv1.GRPCRouteMatch, n)
	for i := range ms {
		ms[i] = exact(service(i/12), fmt.Sprintf("Method%d", i%12))
	}
	return ms
}

func service(i int) string { return fmt.Sprintf("acme.team%d.v1.Service%d", i%50, i) }

// mixedRules is 62 % exact, 12 % exact with a header, 12 % service only, 5 %
// pattern methods of one service, 4 % method only, 0.5 % pattern services, 3.5 %
// with a pattern header and 1 % header only.
func mixedRules(n int) []gatewayv1.GRPCRouteMatch {
	r := newRandom(5)
	ms := make([]gatewayv1.GRPCRouteMatch, n)
	for i := range ms {
		svc, mth := service(r.IntN(n/12+1)), fmt.Sprintf("Method%d", r.IntN(60))
		env := "x-env=" + r.of([]string{"canary", "staging", "prod"})
		switch p := r.Float64(); {
		case p < 0.62:
			ms[i] = exact(svc, mth)
		case p < 0.74:
			ms[i] = exact(svc, mth, env)
		case p < 0.86:
			ms[i] = exact(svc, "")
		case p < 0.91:
			ms[i] = regex(quote(svc), fmt.Sprintf("(Get|List|Method%d).*", r.IntN(60)))
		case p < 0.95:
			ms[i] = exact("", mth)
		case p < 0.955:
			ms[i] = regex(fmt.Sprintf(`acme\.team%d\..*`, r.IntN(50)), "")
		case p < 0.99:
			ms[i] = exact(svc, mth, fmt.Sprintf("x-tenant~t%d-.*", r.IntN(6)))
		default:
			ms[i] = exact("", "", env, fmt.Sprintf("x-tenant=t%d-abc", r.IntN(6)))
		}
	}
	return ms
}

func quote(service string) string {
	quoted := ""
	for _, c := range service {
		if c == '.' {
			quoted += `\`
		}
		quoted += string(c)
	}
	return quoted
}

// routesOf spreads matches over routes as the API's limits ask: 16 rules a route.
func routesOf(w *world, ms []gatewayv1.GRPCRouteMatch, g int) {
	l := w.topology.Gateways[g].Listeners[0]
	for i := 0; i < len(ms); i += 16 {
		s := routeSpec{key: fmt.Sprintf("team/route%06d", i/16), hosts: []string{"api.example.com"}, age: 1}
		for _, m := range ms[i:min(i+16, len(ms))] {
			s.rules = append(s.rules, to("backend", m))
		}
		w.route(s, l)
	}
}

func benchWorld(ms []gatewayv1.GRPCRouteMatch) *world {
	w := newWorld(profile.Spec)
	w.gateway("infra/gw", "https 443 HTTPS *.example.com")
	routesOf(w, ms, 0)
	return w
}

// benchRequests asks for what the rules name, with a share that no rule names
// and, for mixed rules, with routing headers.
func benchRequests(ms []gatewayv1.GRPCRouteMatch, mixed bool) []routing.Request {
	r := rand.New(rand.NewPCG(9, 9))
	qs := make([]routing.Request, 4096)
	for i := range qs {
		svc, mth := fmt.Sprintf("acme.team%d.v1.Nope", r.IntN(50)), fmt.Sprintf("Method%d", r.IntN(60))
		if m := ms[r.IntN(len(ms))].Method; m != nil && *m.Type == gatewayv1.GRPCMethodMatchExact {
			if m.Service != nil {
				svc = *m.Service
			}
			if m.Method != nil {
				mth = *m.Method
			}
		}
		hs := append([]routing.Header(nil), background...)
		if mixed && r.IntN(4) == 0 {
			hs = append(hs, routing.Header{Name: "x-env", Value: []string{"canary", "staging", "prod"}[r.IntN(3)]})
		}
		if mixed && r.IntN(10) == 0 {
			hs = append(hs, routing.Header{Name: "x-tenant", Value: fmt.Sprintf("t%d-abc", r.IntN(6))})
		}
		qs[i] = routing.Request{
			Gateway: "infra/gw", Port: 443, SNI: "api.example.com", Authority: "api.example.com:443",
			Path: "/" + svc + "/" + mth, Headers: hs,
		}
	}
	return qs
}

var sink routing.Result

func benchLookup(b *testing.B, ms []gatewayv1.GRPCRouteMatch, mixed bool) {
	table := benchWorld(ms).compile()
	qs := benchRequests(ms, mixed)
	for range 3 {
		for i := range qs { // remember the paths that are not literal
			sink = table.Lookup(&qs[i])
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		sink = table.Lookup(&qs[i&4095])
		i++
	}
}

func BenchmarkLookupExact(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchLookup(b, exactRules(n), false) })
	}
}

func BenchmarkLookupMixed(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchLookup(b, mixedRules(n), true) })
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, kind := range []struct {
		name  string
		rules func(int) []gatewayv1.GRPCRouteMatch
	}{{"exact", exactRules}, {"mixed", mixedRules}} {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("%s/%d", kind.name, n), func(b *testing.B) {
				w := benchWorld(kind.rules(n))
				b.ReportAllocs()
				for b.Loop() {
					w.compile()
				}
			})
		}
	}
}
