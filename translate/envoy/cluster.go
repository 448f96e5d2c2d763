package envoy

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	upstreamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// upstreamOptions is the name of the options of a cluster for HTTP.
const upstreamOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

// http2 makes Envoy speak HTTP/2 to a cluster, whatever its client speaks.
var http2 = packed(&upstreamv3.HttpProtocolOptions{UpstreamProtocolOptions: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig_{
	ExplicitHttpConfig: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig{
		ProtocolConfig: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{}},
	},
}})

// unlimited is more than there are: Envoy's own limits (1024 calls to a cluster)
// are not in the manifests.
const unlimited = 1 << 30

// newCluster returns a cluster without endpoints.
func newCluster(name string) *clusterv3.Cluster {
	most := wrapperspb.UInt32(unlimited)
	return &clusterv3.Cluster{
		Name:                          name,
		ConnectTimeout:                durationpb.New(5 * time.Second),
		ClusterDiscoveryType:          &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		LoadAssignment:                &endpointv3.ClusterLoadAssignment{ClusterName: name},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{upstreamOptions: http2},
		CircuitBreakers: &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
			MaxConnections: most, MaxPendingRequests: most, MaxRequests: most,
		}}},
	}
}

// unavailable returns the cluster of what a rule cannot serve.
func (w *writer) unavailable(s *routing.Server, r *topology.Rule) string {
	return w.cluster(newCluster(ruleName(r)+"/unavailable"), s)
}

// backend returns the cluster of a backendRef.
func (w *writer) backend(s *routing.Server, share *routing.Share) string {
	b := share.Backend
	return w.target(s, b, fmt.Sprintf("%s/backend/%d", ruleName(b.Rule), b.Index), b.Rule.Route.Doc, b.Path())
}

// target returns the cluster of what a backendRef, or a mirror, names. One that
// cannot be reached as the manifests say has no endpoints.
func (w *writer) target(s *routing.Server, b *topology.Backend, name string, doc *manifest.Document, path manifest.Path) string {
	c := newCluster(name)
	socket, err := w.upstreamTLS(s, b)
	if err != nil {
		w.lost(doc, path, "%s %s/%s is left without endpoints: %v", b.Kind, b.Namespace, b.Name, err)
		return w.cluster(c, s)
	}
	c.TransportSocket = socket
	hosts, err := plan.Endpoints(b, w.o.Backends, w.o.ClusterDomain)
	if err != nil {
		w.lost(doc, path, "%s %s/%s is left without endpoints: %v", b.Kind, b.Namespace, b.Name, err)
		return w.cluster(c, s)
	}
	group := &endpointv3.LocalityLbEndpoints{}
	for _, host := range hosts {
		if !isIP(host) {
			c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STRICT_DNS}
		}
		group.LbEndpoints = append(group.LbEndpoints, &endpointv3.LbEndpoint{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
			Endpoint: &endpointv3.Endpoint{Address: address(host)},
		}})
	}
	c.LoadAssignment.Endpoints = []*endpointv3.LocalityLbEndpoints{group}
	return w.cluster(c, s)
}

func isIP(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return false
	}
	_, err = netip.ParseAddr(host)
	return err == nil
}

// address writes HOST:PORT.
func address(hostPort string) *corev3.Address {
	host, port, _ := net.SplitHostPort(hostPort) // checked where it is read
	n, _ := strconv.ParseUint(port, 10, 16)
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(n)},
	}}}
}
