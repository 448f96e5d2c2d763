package envoy

import (
	"fmt"
	"slices"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// planned is what Envoy does with the calls of a rule.
type planned struct {
	// One of the two is set.
	direct *routev3.DirectResponseAction
	route  *routev3.RouteAction
	change *change         // the rule's, when no backend has one of its own
	fault  *profile.Answer // answered by the fault filter
}

// unavailable is the code UNAVAILABLE, which Envoy gives for a cluster without
// endpoints.
const unavailable = 14

// ruleName names a rule. A GRPCRoute and an HTTPRoute may have one name.
func ruleName(r *topology.Rule) string {
	name := fmt.Sprintf("%s/rule/%d", r.Route.Key(), r.Index)
	if r.Route.HTTP != nil {
		return "HTTPRoute/" + name
	}
	return name
}

// plan works out the action of a rule.
func (w *writer) plan(s *routing.Server, e *routing.Entry) *planned {
	a := e.Action
	w.ruleNotes(e)
	if answer := w.ruleAnswer(s, e); answer != nil {
		return w.answered(s, e.Rule, answer)
	}
	rule := at(e.Rule.Path(), a.Filters)
	out := &planned{route: &routev3.RouteAction{
		Timeout: durationpb.New(ruleTimeout(e.Rule)),
		// A deadline in grpc-timeout counts as it is; there is no other.
		MaxStreamDuration: &routev3.RouteAction_MaxStreamDuration{GrpcTimeoutHeaderMax: durationpb.New(0)},
	}}
	w.mirrors(s, e, out.route)
	var parts []part
	for i := range a.Shares {
		if share := &a.Shares[i]; share.Weight > 0 {
			parts = append(parts, w.part(s, e, share, rule))
		}
	}
	own := slices.ContainsFunc(a.Shares, func(share routing.Share) bool { return len(share.Filters) > 0 })
	if len(parts) == 1 && !own {
		out.route.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: parts[0].cluster}
		out.change, out.fault = parts[0].change, parts[0].fault
		return out
	}
	out.route.ClusterSpecifier = &routev3.RouteAction_WeightedClusters{WeightedClusters: weighted(parts)}
	return out
}

// ruleAnswer is what all calls of a rule get in place of a backend's answer, nil
// when backends, or each reference by itself, answer.
func (w *writer) ruleAnswer(s *routing.Server, e *routing.Entry) *profile.Answer {
	a := e.Action
	for _, f := range a.Filters {
		if !w.serves(e, f, e.Rule.Path("filters", f.Index)) && a.Answer == nil {
			return &s.Profile.Answers.UnsupportedFilter
		}
	}
	return plan.AnswerOfAll(a)
}

// serves reports whether a filter is a header modifier or a mirror. What is not is
// not skipped (GA apis/v1/grpcroute_types.go, GRPCRouteRule.Filters): its calls
// fail.
func (w *writer) serves(e *routing.Entry, f *topology.Filter, path []any) bool {
	request, response := modifiers(f)
	if request != nil || response != nil || f.Type == "RequestMirror" {
		return true
	}
	if f.Type == "RequestRedirect" {
		return true // it answers with its status
	}
	w.lost(e.Route.Doc, path, "Envoy cannot be told what filter %s does: the calls that it is for fail", f.Type)
	return false
}

// answered gives all calls of a rule one answer.
func (w *writer) answered(s *routing.Server, r *topology.Rule, a *profile.Answer) *planned {
	out := &planned{}
	if status, ok := statusFor(a); ok && a.GRPC != unavailable {
		out.direct = &routev3.DirectResponseAction{Status: status}
		return out
	}
	if a.GRPC != unavailable {
		out.fault = a
	}
	out.route = &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: w.unavailable(s, r)},
		Timeout:          durationpb.New(0),
	}
	return out
}

// statusFor returns the HTTP status of which Envoy makes the gRPC status of an
// answer (grpc doc/http-grpc-status-mapping.md).
func statusFor(a *profile.Answer) (uint32, bool) {
	switch a.GRPC {
	case 2:
		if a.HTTP > 200 && a.HTTP < 600 && !slices.Contains([]int{400, 401, 403, 404, 429, 502, 503, 504}, a.HTTP) {
			return uint32(a.HTTP), true
		}
		return 500, true
	case 7:
		return 403, true
	case 12:
		return 404, true
	case 13:
		return 400, true
	case unavailable:
		return 503, true
	case 16:
		return 401, true
	}
	return 0, false
}

// part is one backendRef's share of the calls.
type part struct {
	weight  int64
	cluster string
	change  *change
	fault   *profile.Answer
}

func (w *writer) part(s *routing.Server, e *routing.Entry, share *routing.Share, rule []located) part {
	out := part{weight: share.Weight}
	path := share.Backend.Path()
	answer := share.Answer
	for _, f := range share.Filters {
		if !w.serves(e, f, more(path, "filters", f.Index)) && answer == nil {
			answer = &s.Profile.Answers.UnsupportedFilter
		}
	}
	if answer != nil {
		out.cluster, out.change = w.unavailable(s, e.Rule), &change{}
		if answer.GRPC != unavailable {
			out.fault = answer
		}
		return out
	}
	if share.Why != "" && share.Certainty == diag.Unknown {
		w.depends(e.Route.Doc, path, "written as if the backend can be used: %s", share.Why)
	}
	out.cluster = w.backend(s, share)
	out.change = w.change(e.Route, rule, at(path, share.Filters))
	return out
}

// weighted divides the calls. The shares are exact: Envoy draws below the sum of
// the weights.
func weighted(parts []part) *routev3.WeightedCluster {
	out := &routev3.WeightedCluster{}
	for i := range parts {
		p := &parts[i]
		cw := &routev3.WeightedCluster_ClusterWeight{Name: p.cluster, Weight: wrapperspb.UInt32(uint32(p.weight))}
		cw.RequestHeadersToAdd, cw.RequestHeadersToRemove = p.change.request.mutations()
		cw.ResponseHeadersToAdd, cw.ResponseHeadersToRemove = p.change.response.mutations()
		if host := p.change.request.host; host != "" {
			cw.HostRewriteSpecifier = &routev3.WeightedCluster_ClusterWeight_HostRewriteLiteral{HostRewriteLiteral: host}
		}
		cw.TypedPerFilterConfig = abort(p.fault)
		out.Clusters = append(out.Clusters, cw)
	}
	return out
}

// ruleNotes says what of a rule has no counterpart.
func (w *writer) ruleNotes(e *routing.Entry) {
	r := e.Rule
	if r.Route.GRPC != nil {
		if spec := r.Route.GRPC.Spec.Rules[r.Index]; spec.SessionPersistence != nil {
			w.lost(r.Route.Doc, r.Path("sessionPersistence"), "session persistence is left out: calls of one session may go to several endpoints")
		}
		return
	}
	w.lost(r.Route.Doc, nil, "of an HTTPRoute only what it does with gRPC calls is written")
}

// ruleTimeout is how long a call of an HTTPRoute's rule may take, 0 for no limit.
// A GRPCRoute has none.
func ruleTimeout(r *topology.Rule) time.Duration {
	if r.Route.HTTP == nil || r.Route.HTTP.Spec.Rules[r.Index].Timeouts == nil {
		return 0
	}
	var least time.Duration
	spec := r.Route.HTTP.Spec.Rules[r.Index].Timeouts
	for _, text := range []*gatewayv1.Duration{spec.Request, spec.BackendRequest} {
		if text == nil {
			continue
		}
		// What does not parse is refused by the API server.
		if d, err := time.ParseDuration(string(*text)); err == nil && d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

// setOn writes what a rule does to the headers on its route.
func (c *change) setOn(r *routev3.Route) {
	r.RequestHeadersToAdd, r.RequestHeadersToRemove = c.request.mutations()
	r.ResponseHeadersToAdd, r.ResponseHeadersToRemove = c.response.mutations()
	if route := r.GetRoute(); route != nil && c.request.host != "" {
		route.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: c.request.host}
	}
}
