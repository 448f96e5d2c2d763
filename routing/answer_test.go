package routing_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// What a client gets when its call is not served.
func TestAnswers(t *testing.T) {
	unsupported := func(level string) ruleSpec {
		r := to("a")
		if level == "rule" {
			r.filters = []string{"ExtensionRef"}
		} else {
			r.backends[0].filters = []string{"ExtensionRef"}
		}
		return r
	}
	plain := to("a")
	noPolicy := func(r *topology.Rule) {}
	brokenTLS := func(r *topology.Rule) {
		r.Backends[0].Policy = &topology.Policy{Refusal: &topology.Refusal{Reason: "NoValidCACertificate", Message: "no CA"}}
	}
	tlsPort := func(r *topology.Rule) { r.Backends[0].ServicePort.AppProtocol = optional("https") }
	http1 := func(r *topology.Rule) { r.Backends[0].ServicePort = &corev1.ServicePort{Name: "web", Port: 80} }
	tests := []struct {
		name       string
		profile    *profile.Profile
		rule       ruleSpec
		edit       func(*topology.Rule)
		outcome    routing.Outcome
		http, grpc int
	}{
		{"served", profile.Spec, plain, noPolicy, routing.Routed, 0, 0},
		{"no backendRefs", profile.Spec, backends(), noPolicy, routing.Refused, 200, 12},
		{"no backendRefs", profile.EnvoyGateway, backends(), noPolicy, routing.Refused, 500, 2},
		{"no backendRefs", profile.CloudflareTunnel, backends(), noPolicy, routing.Refused, 500, 2},
		{"all invalid", profile.Spec, backends(backendSpec{name: "a", weight: 1, refusal: missing("BackendNotFound")}), noPolicy, routing.Refused, 200, 14},
		{"all invalid", profile.EnvoyGateway, backends(backendSpec{name: "a", weight: 1, refusal: missing("BackendNotFound")}), noPolicy, routing.Refused, 500, 2},
		{"all invalid", profile.CloudflareTunnel, backends(backendSpec{name: "a", weight: 1, refusal: missing("BackendNotFound")}), noPolicy, routing.Refused, 500, 2},
		{"all weights zero", profile.Spec, backends(backendSpec{name: "a"}), noPolicy, routing.Refused, 200, 14},
		{"rule filter not served", profile.CloudflareTunnel, unsupported("rule"), noPolicy, routing.Refused, 500, 2},
		{"backend filter not served", profile.CloudflareTunnel, unsupported("backend"), noPolicy, routing.Refused, 500, 2},
		{"rule filter ignored", profile.KGateway, unsupported("rule"), noPolicy, routing.Routed, 0, 0},
		{"backend filter ignored", profile.KGateway, unsupported("backend"), noPolicy, routing.Routed, 0, 0},
		{"every filter ignored", profile.Pingora, unsupported("rule"), noPolicy, routing.Routed, 0, 0},
		{"broken policy", profile.Spec, plain, brokenTLS, routing.Refused, 503, 14},
		{"broken policy", profile.EnvoyGateway, plain, brokenTLS, routing.Refused, 500, 2},
		{"policy ignored", profile.Pingora, plain, brokenTLS, routing.Routed, 0, 0},
		{"TLS port without policy", profile.CloudflareTunnel, plain, tlsPort, routing.Refused, 502, 14},
		{"port dialled with HTTP/1.1", profile.KGateway, plain, http1, routing.Refused, 503, 14},
		{"same port by the specification", profile.Spec, plain, http1, routing.Routed, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.profile.Name, func(t *testing.T) {
			res := ruled(tt.profile, tt.rule, tt.edit)
			if res.Outcome != tt.outcome {
				t.Fatalf("outcome is %s (%s), want %s", res.Outcome, res.Entry.Action.Why, tt.outcome)
			}
			if tt.outcome == routing.Routed {
				if res.Answer != nil {
					t.Errorf("answer is %+v, want none", *res.Answer)
				}
				return
			}
			if res.Answer == nil || res.Answer.HTTP != tt.http || res.Answer.GRPC != tt.grpc || res.Answer.Source == "" {
				t.Errorf("answer is %+v, want HTTP %d, grpc-status %d and a source", res.Answer, tt.http, tt.grpc)
			}
			if res.Entry.Action.Why == "" {
				t.Error("the action does not say why no call reaches a backend")
			}
		})
	}
}

// TestHTTPRouteAnswers: the specification has other answers for backends of
// HTTPRoutes.
func TestHTTPRouteAnswers(t *testing.T) {
	for _, p := range []*profile.Profile{profile.Spec, profile.EnvoyGateway} {
		for name, rule := range map[string]ruleSpec{
			"none": backends(), "all invalid": backends(backendSpec{name: "a", weight: 1, refusal: missing("BackendNotFound")}),
		} {
			ofHTTP := func(r *topology.Rule) { r.Route.HTTP = &gatewayv1.HTTPRoute{} }
			if res := ruled(p, rule, ofHTTP); res.Answer == nil || res.Answer.HTTP != 500 || res.Answer.GRPC != 2 {
				t.Errorf("%s under %s: answer is %+v, want HTTP 500", name, p.Name, res.Answer)
			}
		}
	}
}

// The answers before a rule is found: no listener, no match, misdirected.
func TestAnswersWithoutRule(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "a 443 HTTPS a.com", "b 443 HTTPS b.com")
	w.route(one("infra/a", "", exact("pkg.Echo", "Get")), g.Listeners...)
	table := w.compile()
	tests := []struct {
		name, target, sni string
		outcome           routing.Outcome
		http, grpc        int
	}{
		{"no listener", "c.com/pkg.Echo/Get", "c.com", routing.NoListener, 404, 12},
		{"no match", "a.com/pkg.Echo/Put", "a.com", routing.NoMatch, 404, 12},
		{"misdirected", "a.com/pkg.Echo/Get", "b.com", routing.NoListener, 421, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := call(tt.target)
			q.SNI = tt.sni
			res := table.Lookup(q)
			if res.Outcome != tt.outcome || res.Answer == nil || res.Answer.HTTP != tt.http || res.Answer.GRPC != tt.grpc {
				t.Errorf("got %s %+v, want %s, HTTP %d, grpc-status %d", res.Outcome, res.Answer, tt.outcome, tt.http, tt.grpc)
			}
		})
	}
}
