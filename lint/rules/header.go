package rules

import (
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// eachHeader calls f for each header condition of each GRPCRoute and where it
// stands.
func eachHeader(p *lint.Pass, f func(doc *manifest.Document, path manifest.Path, h *gatewayv1.GRPCHeaderMatch)) {
	for _, route := range p.Set.GRPCRoutes.All {
		for i := range route.Value.Spec.Rules {
			for j := range route.Value.Spec.Rules[i].Matches {
				headers := route.Value.Spec.Rules[i].Matches[j].Headers
				for k := range headers {
					f(route.Doc, at("spec", "rules", i, "matches", j, "headers", k), &headers[k])
				}
			}
		}
	}
}

// eachMatch calls f for each match of each GRPCRoute of a topology.
func eachMatch(t *topology.Topology, f func(rule *topology.Rule, match int, m *gatewayv1.GRPCRouteMatch)) {
	for r := range grpcRoutes(t) {
		for _, rule := range r.Rules {
			matches := r.GRPC.Spec.Rules[rule.Index].Matches
			for i := range matches {
				f(rule, i, &matches[i])
			}
		}
	}
}

// isRegexHeader reports whether a header condition is a regular expression; an
// absent type is Exact.
func isRegexHeader(h *gatewayv1.GRPCHeaderMatch) bool {
	return h.Type != nil && *h.Type == gatewayv1.GRPCHeaderMatchRegularExpression
}

// isExactHeader reports whether a header condition compares the value as a whole.
func isExactHeader(h *gatewayv1.GRPCHeaderMatch) bool {
	return h.Type == nil || *h.Type == gatewayv1.GRPCHeaderMatchExact
}

// isBinaryHeader reports whether a header holds binary metadata, which gRPC sends
// as base64 (gRPC, doc/PROTOCOL-HTTP2.md, Custom-Metadata).
func isBinaryHeader(name gatewayv1.GRPCHeaderName) bool {
	return strings.HasSuffix(strings.ToLower(string(name)), "-bin")
}

// isReservedHeader reports whether a header is the gRPC protocol's own.
func isReservedHeader(name gatewayv1.GRPCHeaderName) bool {
	return strings.HasPrefix(strings.ToLower(string(name)), "grpc-")
}
