package envoy

import (
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/protobuf/types/known/durationpb"
)

// clientRoute turns a route of Envoy's into one of a gRPC client's: it knows no
// direct responses, no header modifiers and no mirrors, and limits the time of a
// call in another field.
func (w *writer) clientRoute(s *routing.Server, r *routev3.Route) *routev3.Route {
	r.RequestHeadersToAdd, r.RequestHeadersToRemove, r.ResponseHeadersToAdd, r.ResponseHeadersToRemove = nil, nil, nil, nil
	if direct := r.GetDirectResponse(); direct != nil {
		miss := w.clientMiss(s, codeFor(direct.Status))
		r.Action, r.TypedPerFilterConfig = miss.Action, miss.TypedPerFilterConfig
		return r
	}
	a := r.GetRoute()
	a.RequestMirrorPolicies, a.HostRewriteSpecifier = nil, nil
	for _, c := range a.GetWeightedClusters().GetClusters() {
		c.RequestHeadersToAdd, c.RequestHeadersToRemove, c.ResponseHeadersToAdd, c.ResponseHeadersToRemove = nil, nil, nil, nil
		c.HostRewriteSpecifier = nil
	}
	if most := a.GetTimeout().AsDuration(); most > 0 {
		a.MaxStreamDuration = &routev3.RouteAction_MaxStreamDuration{GrpcTimeoutHeaderMax: durationpb.New(most)}
	}
	return r
}

// clientMiss gives every call a status. The fault filter does (grpc/proposal A33).
func (w *writer) clientMiss(s *routing.Server, code int) *routev3.Route {
	return &routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: w.cluster(newCluster(unavailableName), s)},
		}},
		TypedPerFilterConfig: abort(&profile.Answer{GRPC: code}),
	}
}

// codeFor is the gRPC status of an HTTP status (grpc
// doc/http-grpc-status-mapping.md).
func codeFor(status uint32) int {
	switch status {
	case 400:
		return 13
	case 401:
		return 16
	case 403:
		return 7
	case 404:
		return 12
	case 429, 502, 503, 504:
		return unavailable
	}
	return 2
}

// clientNotes says what of an entry gRPC clients do not do.
func (w *writer) clientNotes(e *routing.Entry) {
	if e.Dead != "" {
		return
	}
	for _, h := range e.Conditions().Headers {
		switch path := matchPath(e, "headers"); {
		case strings.HasSuffix(h.Name, "-bin"):
			w.lost(e.Route.Doc, path, "gRPC clients compare no binary headers: the match takes none of their calls, as %q has no text for them", h.Name)
		case slices.Contains([]string{"user-agent", "te", "host"}, h.Name) || strings.HasPrefix(h.Name, "grpc-"):
			w.lost(e.Route.Doc, path, "gRPC clients choose the route before they add header %q: the match takes none of their calls", h.Name)
		case h.Each:
			w.depends(e.Route.Doc, path, "of a header sent several times gRPC clients ask the values joined with \",\", not each one: %q", h.Name)
		}
	}
	w.filterNotes(e, e.Action.Filters, e.Rule.Path())
	for i := range e.Action.Shares {
		if share := &e.Action.Shares[i]; share.Weight > 0 && share.Answer == nil {
			w.filterNotes(e, share.Filters, share.Backend.Path())
		}
	}
}

// filterNotes names the filters that clients do not apply. Their calls are made all
// the same.
func (w *writer) filterNotes(e *routing.Entry, list []*topology.Filter, path manifest.Path) {
	for _, f := range list {
		request, response := modifiers(f)
		if request != nil || response != nil || f.Type == "RequestMirror" {
			w.lost(e.Route.Doc, more(path, "filters", f.Index), "gRPC clients do not apply filter %s: their calls are made without it", f.Type)
		}
	}
}
