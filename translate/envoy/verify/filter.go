package verify

import (
	"fmt"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

const faultType = "envoy.extensions.filters.http.fault.v3.HTTPFault"

// neutral are the types of HTTP filters that neither answer gRPC calls nor change
// where they go, with why.
var neutral = map[string]string{
	"envoy.extensions.filters.http.router.v3.Router":                    "it follows the route",
	"envoy.extensions.filters.http.grpc_web.v3.GrpcWeb":                 "it works on gRPC-Web calls alone",
	"envoy.extensions.filters.http.grpc_stats.v3.FilterConfig":          "it counts",
	"envoy.extensions.filters.http.cors.v3.Cors":                        "it answers OPTIONS requests alone",
	"envoy.extensions.filters.http.grpc_http1_bridge.v3.Config":         "it works on HTTP/1.1 alone",
	"envoy.extensions.filters.http.compressor.v3.Compressor":            "it works on bodies",
	"envoy.extensions.filters.http.decompressor.v3.Decompressor":        "it works on bodies",
	"envoy.extensions.filters.http.stateful_session.v3.StatefulSession": "it chooses among endpoints of a cluster",
	"envoy.extensions.filters.http.on_demand.v3.OnDemand":               "it waits for a route",
	"envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec":     "it is for connections to backends",
	"istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig":         "it chooses the protocol to backends",
	"stats.PluginConfig": "it counts",
	faultType:            "what it does is read",
}

// filters notes what of a chain's HTTP filters is not known.
func (c *chain) filters() {
	c.unknown = append(c.unknown, unread(c.manager)...)
	for _, f := range c.manager.GetHttpFilters() {
		if why := strange(f); why != "" && !f.GetDisabled() {
			c.unknown = append(c.unknown, why)
		}
	}
}

// unread lists what a connection manager does to calls before it routes them, or to
// its own answers, and is not read.
func unread(m *hcmv3.HttpConnectionManager) []string {
	var out []string
	if len(m.GetEarlyHeaderMutationExtensions()) > 0 {
		out = append(out, "early_header_mutation_extensions changes headers before the routes are asked")
	}
	if m.GetPathNormalizationOptions() != nil {
		out = append(out, "path_normalization_options changes paths before the routes are asked")
	}
	if len(m.GetLocalReplyConfig().GetMappers()) > 0 {
		out = append(out, "local_reply_config may change the status of Envoy's own answers")
	}
	return out
}

// strange says why it is not known what a filter does, "" when it is.
func strange(f *hcmv3.HttpFilter) string {
	if f.GetConfigDiscovery() != nil {
		return fmt.Sprintf("HTTP filter %s is configured by discovery", f.GetName())
	}
	kind := typeOf(f.GetTypedConfig())
	if _, ok := neutral[kind]; ok {
		return ""
	}
	return fmt.Sprintf("HTTP filter %s (%s) may answer or change calls", f.GetName(), kind)
}

// level is one of the places where a filter's behaviour for a route may be set.
type level map[string]*anypb.Any

// configured returns what the most specific level says of a filter. off: it is
// turned off there; on: it is turned on or configured.
func configured(name string, levels []level) (config *anypb.Any, off, on bool) {
	for _, l := range levels {
		a, ok := l[name]
		if !ok {
			continue
		}
		if typeOf(a) == "envoy.config.route.v3.FilterConfig" {
			wrapper := &routev3.FilterConfig{}
			if a.UnmarshalTo(wrapper) == nil {
				return wrapper.GetConfig(), wrapper.GetDisabled(), !wrapper.GetDisabled()
			}
		}
		return a, false, true
	}
	return nil, false, false
}

// fault is what the fault filters of a chain do to the calls of a route: of part of
// them they give an answer.
type fault struct {
	part   fraction
	status int // of gRPC
}

// faults works out what the fault filters do, and names filters of which that is not
// known for a route.
func (c *chain) faults(levels []level) (out []fault, unknown string) {
	for _, f := range c.manager.GetHttpFilters() {
		config, off, on := configured(f.GetName(), levels)
		kind := typeOf(f.GetTypedConfig())
		switch {
		case off || f.GetDisabled() && !on || slices.Contains(c.neutral, f.GetName()):
			continue
		case kind != faultType:
			if why := strange(f); why != "" && f.GetDisabled() {
				unknown = why
			}
			continue
		case config == nil:
			config = f.GetTypedConfig()
		}
		fault, ok, why := faultOf(config)
		if why != "" {
			unknown = fmt.Sprintf("HTTP filter %s: %s", f.GetName(), why)
		}
		if ok {
			out = append(out, fault)
		}
	}
	return out, unknown
}

// faultOf reads a fault; ok is false for one that answers nothing.
func faultOf(config *anypb.Any) (out fault, ok bool, unknown string) {
	h := &faultv3.HTTPFault{}
	if err := config.UnmarshalTo(h); err != nil {
		return out, false, fmt.Sprintf("its configuration is a %s", typeOf(config))
	}
	abort := h.GetAbort()
	if abort == nil {
		return out, false, ""
	}
	out.part = percent(abort.GetPercentage())
	if out.part.num == 0 {
		return out, false, ""
	}
	if len(h.GetHeaders()) > 0 || len(h.GetDownstreamNodes()) > 0 || h.GetUpstreamCluster() != "" || h.GetMaxActiveFaults() != nil {
		return out, false, "it answers calls under conditions that are not read"
	}
	switch e := abort.GetErrorType().(type) {
	case *faultv3.FaultAbort_GrpcStatus:
		out.status = int(e.GrpcStatus)
	case *faultv3.FaultAbort_HttpStatus:
		out.status = grpcOf(int(e.HttpStatus))
	default:
		return out, false, "the caller's headers choose the answer"
	}
	return out, true, ""
}

// fraction is a reduced part of the calls.
type fraction struct{ num, den int64 }

func newFraction(num, den int64) fraction {
	if num <= 0 || den <= 0 {
		return fraction{0, 1}
	}
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	return fraction{num / a, den / a}
}

func (f fraction) times(o fraction) fraction { return newFraction(f.num*o.num, f.den*o.den) }
func (f fraction) rest() fraction            { return newFraction(f.den-f.num, f.den) }
func (f fraction) all() bool                 { return f.num >= f.den }
func (f fraction) String() string            { return fmt.Sprintf("%d/%d", f.num, f.den) }

// percent reads a fraction of Envoy's; more than all is all.
func percent(p *typev3.FractionalPercent) fraction {
	den := map[typev3.FractionalPercent_DenominatorType]int64{
		typev3.FractionalPercent_HUNDRED: 100, typev3.FractionalPercent_TEN_THOUSAND: 10_000, typev3.FractionalPercent_MILLION: 1_000_000,
	}[p.GetDenominator()]
	return newFraction(min(int64(p.GetNumerator()), den), den)
}

// grpcOf is the gRPC status of which Envoy's answers with an HTTP status are (grpc
// doc/http-grpc-status-mapping.md).
func grpcOf(http int) int {
	for code, list := range map[int][]int{13: {400}, 16: {401}, 7: {403}, 12: {404}, 14: {429, 502, 503, 504}} {
		if slices.Contains(list, http) {
			return code
		}
	}
	return 2
}
