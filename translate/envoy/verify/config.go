package verify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// Config is what an Envoy was told, as far as it is about routes.
type Config struct {
	Files []string // that it was read from

	listeners   []*listener
	tables      []*routeTable // of RDS
	clusters    map[string]*clusterv3.Cluster
	assignments map[string]*endpointv3.ClusterLoadAssignment
	runtime     map[string]bool // flags of the runtime that decide how headers are read
	problems    []string        // resources that could not be read
	discovery   bool            // a bootstrap says that clusters are discovered
	discovered  bool            // clusters came as they are discovered
}

// complete reports whether the input has every cluster.
func (c *Config) complete() bool {
	return len(c.clusters) > 0 && (!c.discovery || c.discovered)
}

// Names lists the listeners, and the route configurations that stand for themselves.
func (c *Config) Names() []string {
	var out []string
	for _, l := range c.listeners {
		out = append(out, l.name)
	}
	for _, t := range c.tables {
		out = append(out, t.name)
	}
	return out
}

// place is where something stands.
type place struct {
	file string
	line int
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

func (p place) span() diag.Range {
	at := diag.Position{Line: p.line, Column: 1}
	return diag.Range{File: p.file, Start: at, End: at}
}

// listener is a socket that Envoy opens.
type listener struct {
	name     string
	at       place
	port     int32
	chains   []*chain
	fallback *chain // nil for none
	only     bool   // made up for route configurations without listeners
}

// chain is what becomes of some connections to a listener.
type chain struct {
	name    string
	match   *listenerv3.FilterChainMatch
	secure  bool
	manager *hcmv3.HttpConnectionManager // nil when connections carry no calls that are routed
	table   *routeTable                  // nil when it is found by rds
	rds     string
	unknown []string // what of it cannot be interpreted
	names   map[string]bool
}

// routeTable is a route configuration.
type routeTable struct {
	name    string
	at      place
	config  *routev3.RouteConfiguration // without virtual hosts
	hosts   []*virtualHost
	unknown []string

	byDomain *index
}

// virtualHost is the routes of some domains.
type virtualHost struct {
	at      place
	proto   *routev3.VirtualHost // without routes
	routes  []*route
	unknown []string
}

// route is one route.
type route struct {
	at      place
	proto   *routev3.Route
	unknown []string
}

// reader gathers a Config.
type reader struct {
	*Config
	file string
	seen map[string]bool
}

// Read reads files: bootstraps, discovery responses, single resources, and dumps of
// the admin interface. The error says what is no YAML or JSON, or that there is
// nothing of Envoy's in the files.
func Read(files []*manifest.File) (*Config, error) {
	r := &reader{Config: &Config{
		clusters: map[string]*clusterv3.Cluster{}, assignments: map[string]*endpointv3.ClusterLoadAssignment{}, runtime: map[string]bool{},
	}, seen: map[string]bool{}}
	var errs []error
	for _, f := range files {
		docs, err := parse(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.file = f.Name
		r.Files = append(r.Files, f.Name)
		for _, d := range docs {
			r.document(d)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(r.listeners) == 0 && len(r.tables) == 0 {
		if len(r.problems) > 0 {
			return nil, errors.New(strings.Join(r.problems, "\n"))
		}
		return nil, fmt.Errorf("%s: no Envoy listener and no route configuration: expected a bootstrap, a discovery response or the admin interface's config_dump", strings.Join(r.Files, ", "))
	}
	return r.Config, nil
}

// document reads a document by what it holds.
func (r *reader) document(n *node) {
	switch {
	case n.kind == listNode:
		for _, v := range n.values {
			r.document(v)
		}
	case n.kind != objectNode:
	case n.get("static_resources") != nil || n.get("dynamic_resources") != nil || n.get("layered_runtime") != nil:
		r.bootstrap(n)
	case n.get("configs") != nil:
		for _, c := range n.list("configs") {
			r.dumped(c)
		}
	case n.get("resources") != nil:
		for _, v := range n.list("resources") {
			r.document(v)
		}
	case n.get("resource") != nil: // wrapped, with its version
		r.document(n.get("resource"))
	default:
		r.resource(n)
	}
}

func (r *reader) bootstrap(n *node) {
	r.discovery = r.discovery || n.get("dynamic_resources").get("cds_config") != nil
	static := n.get("static_resources")
	for _, v := range static.list("listeners") {
		r.listener(v)
	}
	for _, v := range static.list("clusters") {
		r.cluster(v, false)
	}
	for _, layer := range n.get("layered_runtime").list("layers") {
		r.layer(layer)
	}
}

func (r *reader) layer(n *node) {
	if l := n.get("static_layer"); l != nil && l.kind == objectNode {
		for i, k := range l.keys {
			r.runtime[k] = l.values[i].scalar == "true" || l.values[i].scalar == `"true"`
		}
	}
}

// dumpFields are the fields in which a dump of the admin interface holds resources.
var dumpFields = []string{
	"static_listeners", "dynamic_listeners", "active_state", "listener",
	"static_route_configs", "dynamic_route_configs", "route_config",
	"static_clusters", "dynamic_active_clusters", "cluster",
	"static_endpoint_configs", "dynamic_endpoint_configs", "endpoint_config",
}

// dumped reads a part of a dump. What it shows of a bootstrap comes again as
// listeners and clusters.
func (r *reader) dumped(n *node) {
	switch n.kind {
	case listNode:
		for _, v := range n.values {
			r.dumped(v)
		}
		return
	case scalarNode:
		return
	}
	if b := n.get("bootstrap"); b != nil {
		r.discovery = r.discovery || b.get("dynamic_resources").get("cds_config") != nil
		for _, layer := range b.get("layered_runtime").list("layers") {
			r.layer(layer)
		}
		return
	}
	found := false
	for _, name := range dumpFields {
		if v := n.get(name); v != nil {
			found = true
			r.dumped(v)
		}
	}
	if !found {
		r.resource(n)
	}
}

// resource reads a single resource.
func (r *reader) resource(n *node) {
	switch kind := lastPart(n.text("@type")); {
	case kind == "envoy.config.listener.v3.Listener", kind == "" && (n.get("filter_chains") != nil || n.get("default_filter_chain") != nil):
		r.listener(n)
	case kind == "envoy.config.route.v3.RouteConfiguration", kind == "" && n.get("virtual_hosts") != nil:
		t := r.table(n)
		if !slices.ContainsFunc(r.tables, func(o *routeTable) bool { return o.name == t.name }) {
			r.tables = append(r.tables, t)
		}
	case kind == "envoy.config.cluster.v3.Cluster", kind == "" && (n.get("load_assignment") != nil || n.get("connect_timeout") != nil):
		r.cluster(n, true)
	case kind == "envoy.config.endpoint.v3.ClusterLoadAssignment", kind == "" && n.get("cluster_name") != nil:
		a := &endpointv3.ClusterLoadAssignment{}
		if _, err := decode(n, a); err != nil {
			r.problem(n, err)
			return
		}
		r.assignments[a.GetClusterName()] = a
	}
}

func (r *reader) problem(n *node, err error) {
	r.problems = append(r.problems, fmt.Sprintf("%s:%d: %v", r.file, n.line, err))
}

func (r *reader) cluster(n *node, discovered bool) {
	r.discovered = r.discovered || discovered
	c := &clusterv3.Cluster{}
	if _, err := decode(n, c); err != nil {
		r.problem(n, err)
		return
	}
	r.clusters[c.GetName()] = c
}

func (r *reader) at(n *node) place { return place{r.file, n.line} }

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
