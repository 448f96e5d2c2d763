package kgateway

import (
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/protobuf/types/known/wrapperspb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// act writes what a rule does with its calls.
func (w *writer) act(e *routing.Entry, out *routev3.Route) {
	doc, rule := e.Route.Doc, e.Rule
	if len(e.Action.Shares) == 0 {
		w.lost(doc, rule.Path(), "the rule has no backendRefs: kgateway answers its calls with 500")
		replace(out)
		return
	}
	action := &routev3.RouteAction{ClusterNotFoundResponseCode: routev3.RouteAction_INTERNAL_SERVER_ERROR}
	out.Action = &routev3.Route_Route{Route: action}
	w.filters(e, out, action)
	var weighted []*routev3.WeightedCluster_ClusterWeight
	total := int64(0)
	for i := range e.Action.Shares {
		share := &e.Action.Shares[i]
		weight := max(share.Backend.Weight, 0)
		total += int64(weight)
		weighted = append(weighted, &routev3.WeightedCluster_ClusterWeight{Name: w.backend(share), Weight: wrapperspb.UInt32(uint32(weight))})
	}
	switch {
	case len(weighted) == 1:
		action.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: weighted[0].Name}
		if total == 0 {
			w.lost(doc, e.Action.Shares[0].Backend.Path("weight"), "the weight 0 of a lone backend does not count: it gets every call")
		}
	case total == 0:
		w.lost(doc, rule.Path("backendRefs"), "every weight is 0: kgateway answers the rule's calls with 500")
		replace(out)
	default:
		action.ClusterSpecifier = &routev3.RouteAction_WeightedClusters{WeightedClusters: &routev3.WeightedCluster{Clusters: weighted}}
	}
}

// filters writes the filters of a rule that kgateway knows.
func (w *writer) filters(e *routing.Entry, out *routev3.Route, action *routev3.RouteAction) {
	doc := e.Route.Doc
	for _, f := range e.Action.Filters {
		path := e.Rule.Path("filters", f.Index)
		request, response, mirror := payload(f)
		switch {
		case request != nil:
			out.RequestHeadersToAdd = append(out.RequestHeadersToAdd, w.headers(request, doc, path)...)
			out.RequestHeadersToRemove = append(out.RequestHeadersToRemove, request.Remove...)
		case response != nil:
			out.ResponseHeadersToAdd = append(out.ResponseHeadersToAdd, w.headers(response, doc, path)...)
			out.ResponseHeadersToRemove = append(out.ResponseHeadersToRemove, response.Remove...)
		case mirror != nil && f.Mirror != nil:
			action.RequestMirrorPolicies = append(action.RequestMirrorPolicies, &routev3.RouteAction_RequestMirrorPolicy{
				Cluster: w.target(f.Mirror, doc, append(path, "requestMirror", "backendRef")), RuntimeFraction: fraction(mirror),
			})
		default:
			w.lost(doc, path, "filter %s is not written here", f.Type)
		}
	}
}

func payload(f *topology.Filter) (request, response *gatewayv1.HTTPHeaderFilter, mirror *gatewayv1.HTTPRequestMirrorFilter) {
	switch {
	case f.GRPC != nil:
		request, response, mirror = f.GRPC.RequestHeaderModifier, f.GRPC.ResponseHeaderModifier, f.GRPC.RequestMirror
	case f.HTTP != nil:
		request, response, mirror = f.HTTP.RequestHeaderModifier, f.HTTP.ResponseHeaderModifier, f.HTTP.RequestMirror
	}
	switch f.Type { // of several payloads the one of the type counts
	case "RequestHeaderModifier":
		return request, nil, nil
	case "ResponseHeaderModifier":
		return nil, response, nil
	case "RequestMirror":
		return nil, nil, mirror
	}
	return nil, nil, nil
}

// headers writes what a modifier adds and sets.
func (w *writer) headers(m *gatewayv1.HTTPHeaderFilter, doc *manifest.Document, path manifest.Path) []*corev3.HeaderValueOption {
	var out []*corev3.HeaderValueOption
	for _, list := range []struct {
		headers []gatewayv1.HTTPHeader
		action  corev3.HeaderValueOption_HeaderAppendAction
	}{
		{m.Add, corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD},
		{m.Set, corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD},
	} {
		for _, h := range list.headers {
			if strings.Contains(h.Value, "%") {
				w.lost(doc, path, "the value of header %q has a percent sign, with which Envoy's variables begin; whether kgateway doubles it is not known, and here it is written as it is", h.Name)
			}
			out = append(out, &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: string(h.Name), Value: h.Value}, AppendAction: list.action})
		}
	}
	return out
}

// fraction is the part of the calls that is copied, nil for all.
func fraction(m *gatewayv1.HTTPRequestMirrorFilter) *corev3.RuntimeFractionalPercent {
	const million = 1_000_000
	num, den := int64(1), int64(1)
	switch {
	case m.Fraction != nil:
		num, den = int64(m.Fraction.Numerator), 100
		if d := m.Fraction.Denominator; d != nil && *d > 0 {
			den = int64(*d)
		}
	case m.Percent != nil:
		return &corev3.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{Numerator: uint32(max(*m.Percent, 0))}}
	}
	if num >= den {
		return nil
	}
	return &corev3.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{
		Numerator: uint32(max(num, 0) * million / den), Denominator: typev3.FractionalPercent_MILLION,
	}}
}
