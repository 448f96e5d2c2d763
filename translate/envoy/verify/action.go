package verify

import (
	"fmt"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
)

// outcome is what happens to the calls that a route takes.
type outcome struct {
	effect   *prove.Effect
	unknown  string   // why that is not known, "" when it is
	settings []string // what it asks for beside that
}

// place of a route: where it stands, for its effect.
type routePlace struct {
	chain *chain
	table *routeTable
	host  *virtualHost
	route *route
}

// answer is an answer that Envoy gives by itself.
func answer(http int, why string) *profile.Answer {
	return &profile.Answer{HTTP: http, GRPC: grpcOf(http), Source: why}
}

// grpcAnswer is an answer with a gRPC status.
func grpcAnswer(code int, why string) *profile.Answer {
	return &profile.Answer{HTTP: 200, GRPC: code, Source: why}
}

// outcome works out what a route does.
func (x *resolver) outcome(p routePlace) *outcome {
	out := &outcome{}
	levels := []level{p.route.proto.GetTypedPerFilterConfig(), p.host.proto.GetTypedPerFilterConfig(), p.table.config.GetTypedPerFilterConfig()}
	var targets []prove.Target
	var extras []string
	switch a := p.route.proto.GetAction().(type) {
	case *routev3.Route_DirectResponse:
		targets, out.unknown = p.chain.aborted([]prove.Target{failing(answer(int(a.DirectResponse.GetStatus()), "a direct response"))}, levels)
	case *routev3.Route_Redirect:
		targets, out.unknown = p.chain.aborted([]prove.Target{failing(answer(301, "a redirect"))}, levels)
	case *routev3.Route_Route:
		targets, out.unknown = x.targets(p, a.Route, levels)
		extras = append(rewrites(a.Route), chosen(a.Route)...)
		out.settings = settings(a.Route, x.timeouts)
	case *routev3.Route_NonForwardingAction:
		targets = []prove.Target{failing(answer(404, "an action for servers that are no proxies"))}
		out.unknown = "non_forwarding_action is for servers that are no proxies"
	default:
		out.unknown = fmt.Sprintf("its action is of a kind that is not read (%T)", a)
	}
	if out.unknown == "" && len(targets) == 0 {
		out.unknown = "its calls go nowhere"
	}
	if out.unknown == "" {
		if out.effect = prove.Mixed(targets, extras); out.effect.Answer != nil {
			out.effect.Why = out.effect.Answer.Source
		}
		p.name(out.effect)
	}
	return out
}

// name says on an effect whose it is.
func (p routePlace) name(e *prove.Effect) {
	name := p.route.proto.GetName()
	if name == "" {
		i := slices.Index(p.host.routes, p.route)
		name = fmt.Sprintf("%d of virtual host %s", i, p.host.proto.GetName())
	}
	e.Who, e.Range = "route "+name, p.route.at.span()
}

func failing(a *profile.Answer) prove.Target { return prove.Target{Answer: a, Num: 1, Den: 1} }

// aborted takes out of some calls those that fault filters answer.
func (c *chain) aborted(targets []prove.Target, levels []level) ([]prove.Target, string) {
	faults, unknown := c.faults(levels)
	for _, f := range faults {
		rest := f.part.rest()
		for i := range targets {
			t := &targets[i]
			left := newFraction(t.Num, t.Den).times(rest)
			t.Num, t.Den = left.num, left.den
		}
		targets = append(targets, prove.Target{Answer: grpcAnswer(f.status, "the fault filter"), Num: f.part.num, Den: f.part.den})
	}
	return targets, unknown
}

// weighted is a cluster and the part of the calls that it gets.
type weighted struct {
	name     string
	byHeader string // the header that names it, instead
	fraction
	*routev3.WeightedCluster_ClusterWeight // nil for the only one
}

// targets divides the calls of a route among what they reach.
func (x *resolver) targets(p routePlace, a *routev3.RouteAction, levels []level) ([]prove.Target, string) {
	parts, unknown := clusters(a)
	if unknown != "" {
		return nil, unknown
	}
	var out []prove.Target
	for _, w := range parts {
		if w.num == 0 {
			continue
		}
		mine, unknown := x.reached(p, a, w)
		if unknown != "" {
			return nil, unknown
		}
		all := levels
		if w.WeightedCluster_ClusterWeight != nil {
			all = append([]level{w.GetTypedPerFilterConfig()}, levels...)
		}
		if mine, unknown = p.chain.aborted(mine, all); unknown != "" {
			return nil, unknown
		}
		for i := range mine {
			f := newFraction(mine[i].Num, mine[i].Den).times(w.fraction)
			mine[i].Num, mine[i].Den = f.num, f.den
		}
		out = append(out, mine...)
	}
	return out, ""
}

// clusters lists the clusters of an action.
func clusters(a *routev3.RouteAction) ([]weighted, string) {
	switch s := a.GetClusterSpecifier().(type) {
	case *routev3.RouteAction_Cluster:
		return []weighted{{name: s.Cluster, fraction: fraction{1, 1}}}, ""
	case *routev3.RouteAction_ClusterHeader:
		return []weighted{{byHeader: s.ClusterHeader, fraction: fraction{1, 1}}}, ""
	case *routev3.RouteAction_WeightedClusters:
		return weights(s.WeightedClusters)
	}
	return nil, fmt.Sprintf("its cluster is chosen in a way that is not read (%T)", a.GetClusterSpecifier())
}

func weights(w *routev3.WeightedCluster) ([]weighted, string) {
	var total int64
	for _, c := range w.GetClusters() {
		total += int64(c.GetWeight().GetValue())
	}
	var out []weighted
	for _, c := range w.GetClusters() {
		out = append(out, weighted{c.GetName(), c.GetClusterHeader(), newFraction(int64(c.GetWeight().GetValue()), total), c})
	}
	if total == 0 {
		return nil, "the weights of its clusters add up to 0, which Envoy refuses"
	}
	return out, ""
}

// reached is what the calls reach that a cluster gets.
func (x *resolver) reached(p routePlace, a *routev3.RouteAction, w weighted) ([]prove.Target, string) {
	n, why := x.cluster(w.name)
	if w.byHeader != "" {
		n, why = named{targets: []prove.Target{{Kind: "Cluster", Name: "that header " + w.byHeader + " names", Num: 1, Den: 1}}}, ""
	}
	switch {
	case why != "":
		return nil, why
	case n.unavailable:
		return []prove.Target{failing(answer(503, fmt.Sprintf("cluster %s has no endpoint", w.name)))}, ""
	case n.missing:
		code := map[routev3.RouteAction_ClusterNotFoundResponseCode]int{
			routev3.RouteAction_NOT_FOUND: 404, routev3.RouteAction_INTERNAL_SERVER_ERROR: 500,
		}[a.GetClusterNotFoundResponseCode()]
		if code == 0 {
			code = 503
		}
		return []prove.Target{failing(answer(code, fmt.Sprintf("there is no cluster %s", w.name)))}, ""
	}
	texts, why := x.changes(p, a, w)
	if why != "" {
		return nil, why
	}
	out := slices.Clone(n.targets)
	for i := range out {
		out[i].Filters = texts
	}
	return out, ""
}

// changes writes what becomes of the calls on their way: edits from the most
// specific level to the least, and copies.
func (x *resolver) changes(p routePlace, a *routev3.RouteAction, w weighted) ([]string, string) {
	var request, response edits
	steps := []headerLevel{p.route.proto, p.host.proto, p.table.config}
	if w.WeightedCluster_ClusterWeight != nil {
		steps = append([]headerLevel{w}, steps...)
	}
	if p.table.config.GetMostSpecificHeaderMutationsWins() {
		slices.Reverse(steps)
	}
	for _, l := range steps {
		request.options(l.GetRequestHeadersToAdd(), l.GetRequestHeadersToRemove())
		response.options(l.GetResponseHeadersToAdd(), l.GetResponseHeadersToRemove())
	}
	request.host = a.GetHostRewriteLiteral()
	if host := w.GetHostRewriteLiteral(); w.WeightedCluster_ClusterWeight != nil && host != "" {
		request.host = host
	}
	out := append(request.texts("request"), response.texts("response")...)
	for _, m := range mirrorsOf(p, a) {
		f := fraction{1, 1}
		if r := m.GetRuntimeFraction(); r != nil {
			f = percent(r.GetDefaultValue())
		}
		n, why := x.cluster(m.GetCluster())
		switch {
		case f.num == 0:
			continue
		case m.GetClusterHeader() != "":
			out = mirrored(out, f, "the cluster that header "+m.GetClusterHeader()+" names")
			continue
		case why != "":
			return nil, "mirror: " + why
		}
		for _, t := range n.targets {
			out = mirrored(out, f.times(newFraction(t.Num, t.Den)), t.String())
		}
	}
	slices.Sort(out)
	return out, ""
}

// headerLevel is one of the places that edit headers.
type headerLevel interface {
	GetRequestHeadersToAdd() []*corev3.HeaderValueOption
	GetRequestHeadersToRemove() []string
	GetResponseHeadersToAdd() []*corev3.HeaderValueOption
	GetResponseHeadersToRemove() []string
}

// mirrorsOf returns the mirrors that count: those of the most specific level that
// has any.
func mirrorsOf(p routePlace, a *routev3.RouteAction) []*routev3.RouteAction_RequestMirrorPolicy {
	for _, list := range [][]*routev3.RouteAction_RequestMirrorPolicy{
		a.GetRequestMirrorPolicies(), p.host.proto.GetRequestMirrorPolicies(), p.table.config.GetRequestMirrorPolicies(),
	} {
		if len(list) > 0 {
			return list
		}
	}
	return nil
}
