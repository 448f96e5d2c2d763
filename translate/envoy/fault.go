package envoy

import (
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/grpcroute/grpcroute/profile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// The names that Envoy gives its filters.
const (
	faultFilter  = "envoy.filters.http.fault"
	routerFilter = "envoy.filters.http.router"
)

// abort makes the fault filter answer the calls of a route, or of one of its
// clusters, with a gRPC status; nil for no answer.
func abort(a *profile.Answer) map[string]*anypb.Any {
	if a == nil {
		return nil
	}
	return map[string]*anypb.Any{faultFilter: packed(&faultv3.HTTPFault{Abort: &faultv3.FaultAbort{
		ErrorType:  &faultv3.FaultAbort_GrpcStatus{GrpcStatus: uint32(a.GRPC)},
		Percentage: &typev3.FractionalPercent{Numerator: 100},
	}})}
}

// packed puts a message of a known type, which never fails, into an Any.
func packed(m proto.Message) *anypb.Any {
	out := &anypb.Any{}
	_ = anypb.MarshalFrom(out, m, proto.MarshalOptions{Deterministic: true}) // fails only for text that is no UTF-8
	return out
}

// httpFilters are the filters of a listener.
func httpFilters(faults bool) []*hcmv3.HttpFilter {
	var out []*hcmv3.HttpFilter
	if faults {
		out = append(out, &hcmv3.HttpFilter{Name: faultFilter, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(&faultv3.HTTPFault{})}})
	}
	// Its own headers would reach backends and clients.
	router := &routerv3.Router{SuppressEnvoyHeaders: true}
	return append(out, &hcmv3.HttpFilter{Name: routerFilter, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(router)}})
}
