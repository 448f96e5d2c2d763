package verify

import (
	"fmt"
	"slices"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/protobuf/reflect/protoreflect"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// rewrites names what changes the path or the authority of calls, which no manifest
// of a GRPCRoute asks for.
func rewrites(a *routev3.RouteAction) []string {
	var out []string
	if a.GetPrefixRewrite() != "" {
		out = append(out, "prefix_rewrite "+a.GetPrefixRewrite())
	}
	if r := a.GetRegexRewrite(); r != nil {
		out = append(out, fmt.Sprintf("regex_rewrite %s to %s", r.GetPattern().GetRegex(), r.GetSubstitution()))
	}
	if a.GetPathRewritePolicy() != nil {
		out = append(out, "path_rewrite_policy "+a.GetPathRewritePolicy().GetName())
	}
	switch h := a.GetHostRewriteSpecifier().(type) {
	case *routev3.RouteAction_AutoHostRewrite:
		if h.AutoHostRewrite.GetValue() {
			out = append(out, "auto_host_rewrite")
		}
	case *routev3.RouteAction_HostRewriteHeader:
		out = append(out, "host_rewrite_header "+h.HostRewriteHeader)
	case *routev3.RouteAction_HostRewritePathRegex:
		out = append(out, "host_rewrite_path_regex "+h.HostRewritePathRegex.GetPattern().GetRegex())
	}
	return out
}

// defaultTimeout is that of a route that says nothing (envoy
// config/route/v3/route_components.proto, RouteAction.timeout).
const defaultTimeout = 15 * time.Second

// settings names what a route asks for that manifests of GRPCRoutes do not.
func settings(a *routev3.RouteAction, asked map[time.Duration]bool) []string {
	var out []string
	switch {
	case a.GetTimeout() == nil:
		out = append(out, fmt.Sprintf("its calls end after %s, Envoy's timeout for routes that name none: set timeout to 0s", defaultTimeout))
	case a.GetTimeout().AsDuration() > 0 && !asked[a.GetTimeout().AsDuration()]:
		out = append(out, fmt.Sprintf("its calls end after %s (timeout)", a.GetTimeout().AsDuration()))
	}
	if a.GetMaxStreamDuration().GetMaxStreamDuration().AsDuration() > 0 {
		out = append(out, fmt.Sprintf("its calls end after %s (max_stream_duration)", a.GetMaxStreamDuration().GetMaxStreamDuration().AsDuration()))
	}
	if a.GetMaxStreamDuration().GetGrpcTimeoutHeaderMax().AsDuration() > 0 {
		out = append(out, fmt.Sprintf("deadlines of its calls are cut to %s (grpc_timeout_header_max)", a.GetMaxStreamDuration().GetGrpcTimeoutHeaderMax().AsDuration()))
	}
	a.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if name := string(f.Name()); !slices.Contains(routed, name) {
			about := otherSettings[name]
			if about == "" {
				about = "it is set"
			}
			out = append(out, fmt.Sprintf("%s (%s)", about, name))
		}
		return true
	})
	slices.Sort(out)
	return out
}

// timeouts are those that rules of HTTPRoutes ask for.
func timeouts(routes map[string]*topology.Route) map[time.Duration]bool {
	out := map[time.Duration]bool{}
	for _, r := range routes {
		if r.HTTP == nil {
			continue
		}
		for i := range r.HTTP.Spec.Rules {
			t := r.HTTP.Spec.Rules[i].Timeouts
			if t == nil {
				continue
			}
			for _, text := range []*gatewayv1.Duration{t.Request, t.BackendRequest} {
				if text == nil {
					continue
				}
				if d, err := time.ParseDuration(string(*text)); err == nil {
					out[d] = true
				}
			}
		}
	}
	return out
}

// routed are the fields of an action that are read as what it does with calls, or
// that no call notices.
var routed = []string{
	"cluster", "cluster_header", "weighted_clusters", "cluster_specifier_plugin", "inline_cluster_specifier_plugin", "cluster_not_found_response_code",
	"prefix_rewrite", "regex_rewrite", "path_rewrite_policy", "host_rewrite_literal", "auto_host_rewrite", "host_rewrite_header", "host_rewrite_path_regex",
	"request_mirror_policies", "timeout", "max_stream_duration", "upgrade_configs", "cors", "priority", "include_vh_rate_limits", "flush_timeout",
}

// otherSettings say what some of the others do to calls.
var otherSettings = map[string]string{
	"retry_policy":             "its calls are made again when they fail",
	"hedge_policy":             "its calls are made several times",
	"rate_limits":              "its calls are counted by a rate limit",
	"internal_redirect_policy": "redirects of its backends are followed",
	"idle_timeout":             "its calls end when they are silent",
	"hash_policy":              "a hash chooses among endpoints",
	"metadata_match":           "its calls go to endpoints of that metadata alone",
	"append_x_forwarded_host":  "backends see the header x-forwarded-host",
	"max_grpc_timeout":         "deadlines of its calls are cut",
	"grpc_timeout_offset":      "deadlines of its calls are cut",
}

// chosen names what chooses among the clusters of an action instead of chance.
func chosen(a *routev3.RouteAction) []string {
	w := a.GetWeightedClusters()
	switch {
	case len(w.GetClusters()) < 2:
	case w.GetHeaderName() != "":
		return []string{"header " + w.GetHeaderName() + " chooses among the clusters"}
	case w.GetUseHashPolicy().GetValue() && len(a.GetHashPolicy()) > 0:
		return []string{"a hash chooses among the clusters"}
	}
	return nil
}
