package xds

import (
	"maps"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// warmth are clusters by the name of routes that do not name them yet, or any more.
// A gRPC client forgets clusters that its routes do not name, and sends calls by new
// routes a moment before it knows their clusters: those calls fail. So routes name
// such clusters before, and after, they send calls there.
type warmth map[string]map[string]bool

// add adds the clusters that routes of one set name and those of another do not.
func (w warmth) add(named, other map[string]*routev3.RouteConfiguration) warmth {
	out := warmth{}
	for name, clusters := range w {
		out[name] = maps.Clone(clusters)
	}
	for name, r := range named {
		if other[name] == nil {
			continue
		}
		known := clustersOf(other[name])
		for cluster := range clustersOf(r) {
			if !known[cluster] {
				if out[name] == nil {
					out[name] = map[string]bool{}
				}
				out[name][cluster] = true
			}
		}
	}
	return out
}

// clustersOf returns the clusters that routes name.
func clustersOf(r *routev3.RouteConfiguration) map[string]bool {
	out := map[string]bool{}
	for _, v := range r.GetVirtualHosts() {
		for _, route := range v.GetRoutes() {
			if name := route.GetRoute().GetCluster(); name != "" {
				out[name] = true
			}
			for _, c := range route.GetRoute().GetWeightedClusters().GetClusters() {
				out[c.GetName()] = true
			}
		}
	}
	return out
}

// with adds a route to clusters that no call can take: it wants a header both to be
// there and not to be.
func (w warmth) with(r *routev3.RouteConfiguration) types.Resource {
	clusters := w[r.GetName()]
	if len(clusters) == 0 {
		return r
	}
	present := &routev3.HeaderMatcher_PresentMatch{PresentMatch: true}
	action := &routev3.WeightedCluster{}
	for _, name := range slices.Sorted(maps.Keys(clusters)) {
		action.Clusters = append(action.Clusters, &routev3.WeightedCluster_ClusterWeight{Name: name, Weight: wrapperspb.UInt32(1)})
	}
	never := &routev3.Route{
		Name: "no call",
		Match: &routev3.RouteMatch{
			PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"},
			Headers: []*routev3.HeaderMatcher{
				{Name: "grpcroute-none", HeaderMatchSpecifier: present},
				{Name: "grpcroute-none", HeaderMatchSpecifier: present, InvertMatch: true},
			},
		},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_WeightedClusters{WeightedClusters: action},
		}},
	}
	out, ok := proto.Clone(r).(*routev3.RouteConfiguration)
	if !ok {
		return r
	}
	for _, v := range out.VirtualHosts {
		v.Routes = slices.Insert(v.Routes, 0, never)
	}
	return out
}
