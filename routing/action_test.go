package routing_test

import (
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// ruled is the result of a call that one rule takes.
func ruled(p *profile.Profile, rule ruleSpec, edit ...func(*topology.Rule)) routing.Result {
	w := newWorld(p)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	r := w.route(routeSpec{key: "infra/route", rules: []ruleSpec{rule}}, g.Listeners[0])
	for _, e := range edit {
		e(r.Rules[0])
	}
	return w.compile().Lookup(call("h/pkg.Echo/Get"))
}

func backends(bs ...backendSpec) ruleSpec { return ruleSpec{backends: bs} }

func TestWeights(t *testing.T) {
	gone := missing("BackendNotFound")
	tests := []struct {
		name    string
		profile *profile.Profile
		rule    ruleSpec
		want    string // each share: fraction, then "!" and the grpc-status that its calls get
		outcome routing.Outcome
		grpc    int // of the whole action, when no call reaches a backend
	}{
		{"a:80 b:20", profile.Spec, backends(backendSpec{name: "a", weight: 80}, backendSpec{name: "b", weight: 20}), "4/5 1/5", routing.Routed, 0},
		{"a:1 b:1 invalid", profile.Spec, backends(backendSpec{name: "a", weight: 1}, backendSpec{name: "b", weight: 1, refusal: gone}), "1/2 1/2!14", routing.Routed, 0},
		{"a:0 b:0", profile.Spec, backends(backendSpec{name: "a"}, backendSpec{name: "b"}), "0/1 0/1", routing.Refused, 14},
		{"a:0 invalid b:5", profile.Spec, backends(backendSpec{name: "a", refusal: gone}, backendSpec{name: "b", weight: 5}), "0/1!14 1/1", routing.Routed, 0},
		{"a default b:9", profile.Spec, backends(backendSpec{name: "a", weight: 1}, backendSpec{name: "b", weight: 9}), "1/10 9/10", routing.Routed, 0},
		{"a:70 b:30 c:0", profile.Spec, backends(backendSpec{name: "a", weight: 70}, backendSpec{name: "b", weight: 30}, backendSpec{name: "c"}), "7/10 3/10 0/1", routing.Routed, 0},
		{"same ref twice", profile.Spec, backends(backendSpec{name: "a", weight: 1}, backendSpec{name: "a", weight: 2}), "1/3 2/3", routing.Routed, 0},
		{"one ref", profile.Spec, backends(backendSpec{name: "a", weight: 7}), "1/1", routing.Routed, 0},
		{"all invalid", profile.Spec, backends(backendSpec{name: "a", weight: 1, refusal: gone}, backendSpec{name: "b", weight: 1, refusal: gone}), "1/2!14 1/2!14", routing.Refused, 14},
		{"lone zero", profile.Spec, backends(backendSpec{name: "a"}), "0/1", routing.Refused, 14},
		{"lone zero in kgateway", profile.KGateway, backends(backendSpec{name: "a"}), "1/1", routing.Routed, 0},
		{"all zero in kgateway", profile.KGateway, backends(backendSpec{name: "a"}, backendSpec{name: "b"}), "0/1 0/1", routing.Refused, 2},
		{"all zero in pingora", profile.Pingora, backends(backendSpec{name: "a"}, backendSpec{name: "b"}), "1/2 1/2", routing.Routed, 0},
		{"all zero in the tunnel", profile.CloudflareTunnel, backends(backendSpec{name: "a"}, backendSpec{name: "b"}), "0/1 0/1", routing.Refused, 2},
		{"all zero in envoy-gateway", profile.EnvoyGateway, backends(backendSpec{name: "a"}, backendSpec{name: "b"}), "0/1 0/1", routing.Refused, 2},
		{"invalid in envoy-gateway", profile.EnvoyGateway, backends(backendSpec{name: "a", weight: 1}, backendSpec{name: "b", weight: 3, refusal: gone}), "1/4 3/4!2", routing.Routed, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := ruled(tt.profile, tt.rule)
			if res.Outcome != tt.outcome {
				t.Errorf("outcome is %s, want %s", res.Outcome, tt.outcome)
			}
			if res.Answer == nil && tt.grpc != 0 || res.Answer != nil && res.Answer.GRPC != tt.grpc {
				t.Errorf("answer is %+v, want grpc-status %d", res.Answer, tt.grpc)
			}
			if got := shares(res.Entry.Action); got != tt.want {
				t.Errorf("shares are %s, want %s", got, tt.want)
			}
		})
	}
}

func shares(a *routing.Action) string {
	var parts []string
	for i := range a.Shares {
		s := &a.Shares[i]
		num, den := s.Fraction()
		part := fmt.Sprintf("%d/%d", num, den)
		if s.Answer != nil {
			part += fmt.Sprintf("!%d", s.Answer.GRPC)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// A share owns exactly the random numbers from the rounded-up start of its part of
// 2^64 to that of the next, which is as fair as 2^64 numbers can be dealt.
func TestPickIsExact(t *testing.T) {
	action := ruled(profile.Spec, backends(backendSpec{name: "a", weight: 3}, backendSpec{name: "z"},
		backendSpec{name: "b", weight: 1_000_000}, backendSpec{name: "c", weight: 999_999})).Entry.Action
	if got := action.Pick(0); got != 0 {
		t.Errorf("0 picks %d, want 0", got)
	}
	if got := action.Pick(^uint64(0)); got != 3 {
		t.Errorf("the greatest number picks %d, want 3", got)
	}
	for sum, pair := range map[uint64][2]int{3: {0, 2}, 1_000_003: {2, 3}} {
		start, rest := bits.Div64(sum, 0, uint64(action.Total)) // 2^64 * sum / total
		if rest > 0 {
			start++
		}
		if before, at := action.Pick(start-1), action.Pick(start); before != pair[0] || at != pair[1] {
			t.Errorf("around %d picks %d and %d, want %v", start, before, at, pair)
		}
	}
	if got := (&routing.Action{}).Pick(1); got != -1 {
		t.Errorf("an action without weights picks %d, want -1", got)
	}
}

// Of an unsupported filter on one backend only that backend's share fails.
func TestBackendFilterFailsItsShare(t *testing.T) {
	res := ruled(profile.CloudflareTunnel, backends(
		backendSpec{name: "a", weight: 3}, backendSpec{name: "b", weight: 1, filters: []string{"RequestMirror"}}))
	if got := shares(res.Entry.Action); res.Outcome != routing.Routed || got != "3/4 1/4!2" {
		t.Errorf("got %s with shares %s, want routed with 3/4 1/4!2", res.Outcome, got)
	}
}

// A reference of a kind that the implementation drops does not count at all.
func TestDroppedReference(t *testing.T) {
	other := func(r *topology.Rule) { r.Backends[0].Group, r.Backends[0].Kind = "example.com", "Bucket" }
	res := ruled(profile.Pingora, backends(backendSpec{name: "a", weight: 1}, backendSpec{name: "b", weight: 1}), other)
	if got := shares(res.Entry.Action); got != "0/1 1/1" {
		t.Errorf("shares are %s, want 0/1 1/1", got)
	}
}

// What the input does not show stays unknown and fails nothing.
func TestUnknownBackend(t *testing.T) {
	res := ruled(profile.Spec, backends(backendSpec{name: "a", weight: 1, refusal: unknown("Service infra/a is not in the input")}))
	s := res.Entry.Action.Shares[0]
	if res.Outcome != routing.Routed || s.Answer != nil || s.Certainty != diag.Unknown || s.Why == "" {
		t.Errorf("got %s with share %+v, want routed with an unknown share", res.Outcome, s)
	}
}

// What an implementation does not look at fails when it is dialled.
func TestUnseen(t *testing.T) {
	edit := func(c diag.Certainty) func(*topology.Rule) {
		return func(r *topology.Rule) {
			r.Backends[0].ServicePort = nil
			r.Backends[0].Unseen = &topology.Refusal{Message: "no such port", Certainty: c}
		}
	}
	if res := ruled(profile.CloudflareTunnel, to("a"), edit(diag.Certain)); res.Outcome != routing.Refused || res.Answer.HTTP != 502 || res.Answer.GRPC != 14 {
		t.Errorf("an unseen failure gives %s %+v, want 502", res.Outcome, res.Answer)
	}
	if res := ruled(profile.CloudflareTunnel, to("a"), edit(diag.Unknown)); res.Outcome != routing.Routed || res.Entry.Action.Shares[0].Certainty != diag.Unknown {
		t.Errorf("one that may fail gives %s, want it unknown", res.Outcome)
	}
}

// Ignored filters leave the action and are listed.
func TestIgnoredFilters(t *testing.T) {
	rule := to("a")
	rule.filters = []string{"RequestHeaderModifier", "ExtensionRef"}
	action := ruled(profile.KGateway, rule).Entry.Action
	if got := types(action.Filters); len(got) != 1 || got[0] != "RequestHeaderModifier" {
		t.Errorf("filters are %v, want the header modifier", got)
	}
	if got := types(action.Ignored); len(got) != 1 || got[0] != "ExtensionRef" || !strings.Contains(action.Why, "ignores filter ExtensionRef") {
		t.Errorf("ignored are %v (%s), want the ExtensionRef", got, action.Why)
	}
}

// A mirror without a target is dropped; an extension that no source describes is
// kept and marked.
func TestFilterTargets(t *testing.T) {
	rule := to("a")
	rule.filters = []string{"RequestMirror"}
	action := ruled(profile.Spec, rule, func(r *topology.Rule) {
		r.Filters[0].Mirror = &topology.Backend{Rule: r, Refusal: missing("BackendNotFound")}
	}).Entry.Action
	if action.Answer != nil || len(action.Filters) != 0 || len(action.Ignored) != 1 || action.Certainty != diag.Certain {
		t.Errorf("a mirror without target gives %+v, want it dropped", action)
	}
	share := ruled(profile.Spec, backends(backendSpec{name: "a", weight: 1, filters: []string{"RequestMirror"}}), func(r *topology.Rule) {
		r.Backends[0].Filters[0].Mirror = &topology.Backend{Rule: r, Refusal: missing("BackendNotFound")}
	}).Entry.Action.Shares[0]
	if share.Certainty != diag.Unknown {
		t.Errorf("a backend's mirror, which no source describes, gives %+v, want it unknown", share)
	}
	rule.filters = []string{"ExtensionRef"}
	if action := ruled(profile.Spec, rule).Entry.Action; action.Certainty != diag.Unknown || action.Answer != nil {
		t.Errorf("an extension gives %+v, want it unknown", action)
	}
	refuse := func(r *topology.Rule) {
		r.Filters[0].Refusal = &topology.Refusal{Reason: "UnsupportedValue", Message: "no such kind"}
	}
	if res := ruled(profile.Spec, rule, refuse); res.Outcome != routing.Refused || res.Answer.HTTP != 500 {
		t.Errorf("an extension that is refused gives %s, want refused with 500", res.Outcome)
	}
}

// A Service whose EndpointSlices are in the input and have no ready endpoint
// answers 503; without slices nothing is known.
func TestNoEndpoints(t *testing.T) {
	ready, unready := true, false
	tests := []struct {
		name    string
		slices  []*bool // readiness of one endpoint each
		outcome routing.Outcome
	}{
		{"no slices", nil, routing.Routed},
		{"ready", []*bool{&unready, &ready}, routing.Routed},
		{"readiness left out", []*bool{nil}, routing.Routed},
		{"none ready", []*bool{&unready, &unready}, routing.Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(profile.Spec)
			w.topology.Set = &manifest.Set{}
			for _, r := range tt.slices {
				w.topology.Set.EndpointSlices.All = append(w.topology.Set.EndpointSlices.All, &manifest.Object[discoveryv1.EndpointSlice]{
					Doc: &manifest.Document{Ref: diag.Ref{Namespace: "infra"}},
					Value: &discoveryv1.EndpointSlice{
						ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"kubernetes.io/service-name": "a"}},
						Endpoints:  []discoveryv1.Endpoint{{Conditions: discoveryv1.EndpointConditions{Ready: r}}},
					},
				})
			}
			g := w.gateway("infra/gw", "http 80 HTTP -")
			r := w.route(routeSpec{key: "infra/route", rules: []ruleSpec{to("a")}}, g.Listeners[0])
			r.Rules[0].Backends[0].Service = &manifest.Object[corev1.Service]{}
			if got := w.compile().Lookup(call("h/pkg.Echo/Get")).Outcome; got != tt.outcome {
				t.Errorf("outcome is %s, want %s", got, tt.outcome)
			}
		})
	}
}

// A redirect of an HTTPRoute answers the call itself.
func TestHTTPRedirect(t *testing.T) {
	w := newWorld(profile.EnvoyGateway)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	w.httpRoute("infra/web", 1, nil, []gatewayv1.HTTPRouteMatch{{}}, g.Listeners[0])
	code := 301
	w.topology.Routes[0].Rules[0].Filters = []*topology.Filter{{Type: "RequestRedirect",
		HTTP: &gatewayv1.HTTPRouteFilter{RequestRedirect: &gatewayv1.HTTPRequestRedirectFilter{StatusCode: &code}}}}
	res := w.compile().Lookup(call("h/pkg.Echo/Get"))
	if res.Outcome != routing.Refused || res.Answer.HTTP != 301 || res.Answer.GRPC != 2 {
		t.Errorf("got %s %+v, want refused with 301", res.Outcome, res.Answer)
	}
}
