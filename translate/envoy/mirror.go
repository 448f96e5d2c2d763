package envoy

import (
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// mirrors writes the mirrors of a rule, and of its backend when there is one.
func (w *writer) mirrors(s *routing.Server, e *routing.Entry, out *routev3.RouteAction) {
	for _, f := range e.Action.Filters {
		w.mirror(s, e, out, f, e.Rule.Path("filters", f.Index), fmt.Sprintf("%s/mirror/%d", ruleName(e.Rule), f.Index))
	}
	weighted := 0
	for i := range e.Action.Shares {
		if e.Action.Shares[i].Weight > 0 {
			weighted++
		}
	}
	for i := range e.Action.Shares {
		share := &e.Action.Shares[i]
		if share.Weight == 0 || share.Answer != nil {
			continue
		}
		for _, f := range share.Filters {
			path := more(share.Backend.Path(), "filters", f.Index)
			switch {
			case f.Type != "RequestMirror":
			case weighted > 1:
				w.lost(e.Route.Doc, path, "the mirror is left out: Envoy copies the calls of a route, not those of one of several backends")
			default:
				w.mirror(s, e, out, f, path, fmt.Sprintf("%s/backend/%d/mirror/%d", ruleName(e.Rule), share.Backend.Index, f.Index))
			}
		}
	}
}

// millionths is the highest denominator that Envoy has.
const millionths = 1_000_000

func (w *writer) mirror(s *routing.Server, e *routing.Entry, out *routev3.RouteAction, f *topology.Filter, path manifest.Path, name string) {
	spec := mirrorSpec(f)
	if spec == nil {
		return
	}
	policy := &routev3.RouteAction_RequestMirrorPolicy{DisableShadowHostSuffixAppend: true}
	switch num, den := mirrorPart(spec); {
	case num <= 0:
		return
	case num < den:
		if num*millionths%den != 0 {
			w.lost(e.Route.Doc, more(path, "requestMirror", "fraction"), "Envoy copies calls by the millionth: %d/%d is rounded down", num, den)
		}
		policy.RuntimeFraction = &corev3.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{
			Numerator: uint32(num * millionths / den), Denominator: typev3.FractionalPercent_MILLION,
		}}
	}
	policy.Cluster = w.target(s, f.Mirror, name, e.Route.Doc, more(path, "requestMirror", "backendRef"))
	out.RequestMirrorPolicies = append(out.RequestMirrorPolicies, policy)
}

// mirrorSpec returns what a RequestMirror that has a target says, nil for another
// filter.
func mirrorSpec(f *topology.Filter) *gatewayv1.HTTPRequestMirrorFilter {
	switch {
	case f.Mirror == nil || f.Type != "RequestMirror":
		return nil
	case f.GRPC != nil:
		return f.GRPC.RequestMirror
	case f.HTTP != nil:
		return f.HTTP.RequestMirror
	}
	return nil
}

// mirrorPart is the part of the calls that is copied.
func mirrorPart(spec *gatewayv1.HTTPRequestMirrorFilter) (num, den int64) {
	switch {
	case spec.Fraction != nil:
		den = 100
		if d := spec.Fraction.Denominator; d != nil && *d > 0 {
			den = int64(*d)
		}
		return int64(spec.Fraction.Numerator), den
	case spec.Percent != nil:
		return int64(*spec.Percent), 100
	}
	return 1, 1
}
