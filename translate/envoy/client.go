package envoy

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/protobuf/proto"
)

// Clients is what gRPC clients are told that route their own calls, without a proxy
// (grpc/proposal A27, A28): for each hostname of a Gateway a route configuration,
// and a listener for each target that one of them names.
type Clients struct {
	// Routes by name, "NS/NAME:PORT/HOST".
	Routes map[string]*routev3.RouteConfiguration
	Discovered
	doors []*clientDoor
}

// clientDoor is one port of a Gateway as clients see it.
type clientDoor struct {
	name   string
	port   int32
	index  *plan.Index
	routes map[string]string // names of route configurations, by hostname
}

// ForClients translates for gRPC clients. Options.Listen does not count. Diagnostics
// of severity warning are what clients do not do as the manifests say.
func ForClients(tables []*routing.Table, o Options) (*Clients, diag.List, error) {
	w := newWriter(o)
	w.discovery, w.clients = true, true
	out := &Clients{Routes: map[string]*routev3.RouteConfiguration{}}
	w.all(tables, func(s *routing.Server) { w.clientServer(out, s) })
	slices.SortStableFunc(out.doors, func(a, b *clientDoor) int {
		return cmp.Or(cmp.Compare(usual(a.port), usual(b.port)), cmp.Compare(a.port, b.port))
	})
	split := &splitter{source: ADS, out: &out.Discovered, names: w.secrets, seen: map[string]proto.Message{}}
	for _, c := range w.out.Clusters {
		if c.GetType() == clusterv3.Cluster_STRICT_DNS {
			c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_LOGICAL_DNS}
		}
		split.cluster(c)
	}
	w.notes.List.Sort()
	return out, w.notes.List, split.err
}

// usual orders ports for a target that names none.
func usual(port int32) int {
	if i := slices.Index([]int32{443, 80}, port); i >= 0 {
		return i
	}
	return 2
}

// clientServer writes the routes of each hostname of a server.
func (w *writer) clientServer(out *Clients, s *routing.Server) {
	if s.Service != "" {
		return
	}
	for _, d := range plan.Doors(s, w.o.Gateway, w.lost, w.depends) {
		x := plan.NewIndex(s)
		door := &clientDoor{name: d.Name, port: d.Port, index: x, routes: map[string]string{}}
		for _, name := range x.Names {
			h, miss := x.Find(name, false, nil)
			if h == nil || door.routes[name] != "" {
				continue
			}
			r := &routev3.RouteConfiguration{Name: d.Name + "/" + domain(name)}
			v := &routev3.VirtualHost{Name: domain(name), Domains: []string{"*"}} // the listener is that of the host
			for _, e := range h.Entries {
				w.clientNotes(e)
			}
			for _, route := range w.routes(s, h, nil) {
				v.Routes = append(v.Routes, w.clientRoute(s, route))
			}
			v.Routes = append(v.Routes, w.clientMiss(s, miss.GRPC))
			r.VirtualHosts = []*routev3.VirtualHost{v}
			out.Routes[r.Name], door.routes[name] = r, r.Name
		}
		out.doors = append(out.doors, door)
	}
}

// Listener returns what a client asks for that dials "xds:///NAME", a host or
// HOST:PORT; nil when no route is for that host. A port is one of the Gateway's;
// without it the most specific hostname counts, then port 443, then 80.
func (c *Clients) Listener(name string) *listenerv3.Listener {
	host, port := name, ""
	if h, p, err := net.SplitHostPort(name); err == nil {
		host, port = h, p
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	best, route := -1, ""
	for _, d := range c.doors {
		if port != "" && d.port != 0 && port != strconv.Itoa(int(d.port)) {
			continue
		}
		for _, n := range d.index.Coverers(host) {
			if r := d.routes[n]; r != "" {
				// The star of a wildcard does not count.
				if exact := len(strings.TrimPrefix(n, "*")); exact > best {
					best, route = exact, r
				}
				break
			}
		}
	}
	if route == "" {
		return nil
	}
	manager := &hcmv3.HttpConnectionManager{
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{RouteConfigName: route, ConfigSource: ADS(RouteType, route)}},
		HttpFilters:    httpFilters(true),
	}
	return &listenerv3.Listener{Name: name, ApiListener: &listenerv3.ApiListener{ApiListener: packed(manager)}}
}

// Targets lists the hostnames that clients may dial, each with its port.
func (c *Clients) Targets() []string {
	var out []string
	for _, d := range c.doors {
		for name := range d.routes {
			target := domain(name)
			if d.port != 0 {
				target = net.JoinHostPort(target, strconv.Itoa(int(d.port)))
			}
			out = append(out, target)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
