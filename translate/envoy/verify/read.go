package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"github.com/grpcroute/grpcroute/manifest"
)

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
