package verify

import (
	"fmt"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/diag"
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
	neutral []string // HTTP filters that the user says do nothing
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
