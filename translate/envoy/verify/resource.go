package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// listener reads a listener. One that is shown twice, as static ones are in some
// dumps, counts once.
func (r *reader) listener(n *node) {
	l := &listenerv3.Listener{}
	if _, err := decode(n.without("filter_chains", "default_filter_chain"), l); err != nil {
		r.problem(n, err)
		return
	}
	name := cmp.Or(l.GetName(), l.GetAddress().GetSocketAddress().GetAddress())
	if r.seen[name] {
		return
	}
	r.seen[name] = true
	out := &listener{name: name, at: r.at(n), port: int32(l.GetAddress().GetSocketAddress().GetPortValue())}
	for _, c := range n.list("filter_chains") {
		if x := r.chain(c); x != nil {
			out.chains = append(out.chains, x)
		}
	}
	if d := n.get("default_filter_chain"); d != nil {
		out.fallback = r.chain(d)
	}
	if l.GetFilterChainMatcher() != nil {
		for _, c := range out.all() {
			c.unknown = append(c.unknown, "filter_chain_matcher chooses among the filter chains of listener "+name)
		}
	}
	r.listeners = append(r.listeners, out)
}

// all returns every chain.
func (l *listener) all() []*chain {
	if l.fallback == nil {
		return l.chains
	}
	return append(slices.Clone(l.chains), l.fallback)
}

const managerType = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

// chain reads a filter chain.
func (r *reader) chain(n *node) *chain {
	f := &listenerv3.FilterChain{}
	if _, err := decode(n.without("filters"), f); err != nil {
		r.problem(n, err)
		return nil
	}
	out := &chain{name: f.GetName(), match: f.GetFilterChainMatch(), secure: f.GetTransportSocket() != nil}
	if kind := typeOf(f.GetTransportSocket().GetTypedConfig()); strings.HasSuffix(kind, ".RawBuffer") {
		out.secure = false
	}
	for _, filter := range n.list("filters") {
		config := filter.get("typed_config")
		if config == nil {
			continue
		}
		if kind := lastPart(config.text("@type")); kind != managerType {
			out.unknown = append(out.unknown, fmt.Sprintf("network filter %s (%s) stands before the routes", filter.text("name"), kind))
			continue
		}
		r.manager(out, config)
	}
	return out
}

// manager reads what routes the calls of a chain.
func (r *reader) manager(out *chain, n *node) {
	m := &hcmv3.HttpConnectionManager{}
	unknown, err := decode(n.without("route_config"), m)
	if err != nil {
		r.problem(n, err)
		return
	}
	out.manager = m
	for _, f := range unknown {
		out.unknown = append(out.unknown, fmt.Sprintf("field %s of the HTTP connection manager", f))
	}
	if t := n.get("route_config"); t != nil {
		out.table = r.table(t)
	}
	out.rds = m.GetRds().GetRouteConfigName()
	if m.GetScopedRoutes() != nil {
		out.unknown = append(out.unknown, "scoped_routes chooses the route configuration by the request")
	}
	out.filters()
}

// table reads a route configuration, each route by itself.
func (r *reader) table(n *node) *routeTable {
	out := &routeTable{at: r.at(n), config: &routev3.RouteConfiguration{}, name: n.text("name")}
	unknown, err := decode(n.without("virtual_hosts"), out.config)
	if err != nil {
		r.problem(n, err)
		out.unknown = append(out.unknown, err.Error())
	}
	for _, f := range unknown {
		out.unknown = append(out.unknown, fmt.Sprintf("field %s of route configuration %s", f, out.name))
	}
	if out.config.GetVhds() != nil {
		out.unknown = append(out.unknown, "vhds: virtual hosts are fetched when they are asked for")
	}
	if len(out.config.GetInternalOnlyHeaders()) > 0 {
		out.unknown = append(out.unknown, "internal_only_headers takes headers away before the routes are asked")
	}
	if out.config.GetIgnorePathParametersInPathMatching() {
		out.unknown = append(out.unknown, "ignore_path_parameters_in_path_matching cuts paths at a semicolon")
	}
	for _, h := range n.list("virtual_hosts") {
		out.hosts = append(out.hosts, r.host(h))
	}
	return out
}

func (r *reader) host(n *node) *virtualHost {
	out := &virtualHost{at: r.at(n), proto: &routev3.VirtualHost{}}
	unknown, err := decode(n.without("routes"), out.proto)
	if err != nil {
		r.problem(n, err)
		out.unknown = append(out.unknown, err.Error())
	}
	for _, f := range unknown {
		out.unknown = append(out.unknown, fmt.Sprintf("field %s of virtual host %s", f, out.proto.GetName()))
	}
	if out.proto.GetMatcher() != nil {
		out.unknown = append(out.unknown, fmt.Sprintf("virtual host %s chooses its route by a matcher tree", out.proto.GetName()))
	}
	for _, v := range n.list("routes") {
		x := &route{at: r.at(v), proto: &routev3.Route{}}
		unknown, err := decode(v, x.proto)
		if err != nil {
			x.unknown = append(x.unknown, err.Error())
		}
		for _, f := range unknown {
			x.unknown = append(x.unknown, "field "+f)
		}
		out.routes = append(out.routes, x)
	}
	return out
}
