package xds

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	upstreamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// BootstrapOptions say who a client is and where it finds the server.
type BootstrapOptions struct {
	Node    string // its id, "NS/NAME" of the Gateway
	Address string // HOST:PORT of the server
	Admin   string // HOST:PORT of Envoy's admin interface, "" for none
	Delta   bool   // Envoy asks for changes only
}

// serverCluster is the name of the cluster of the server in Envoy's bootstrap.
const serverCluster = "grpcroute-xds"

// EnvoyBootstrap returns what `envoy -c` takes, which asks the server for everything
// else.
func EnvoyBootstrap(o BootstrapOptions) (*bootstrapv3.Bootstrap, error) {
	server, err := cluster(o.Address)
	if err != nil {
		return nil, err
	}
	kind := corev3.ApiConfigSource_GRPC
	if o.Delta {
		kind = corev3.ApiConfigSource_DELTA_GRPC
	}
	b := &bootstrapv3.Bootstrap{
		Node: &corev3.Node{Id: o.Node, Cluster: o.Node},
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{
			AdsConfig: &corev3.ApiConfigSource{
				ApiType: kind, TransportApiVersion: corev3.ApiVersion_V3, SetNodeOnFirstMessageOnly: true,
				GrpcServices: []*corev3.GrpcService{{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: serverCluster}}}},
			},
			LdsConfig: envoy.ADS("", ""), CdsConfig: envoy.ADS("", ""),
		},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{Clusters: []*clusterv3.Cluster{server}},
		LayeredRuntime: &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
			Name: envoy.RuntimeName,
			LayerSpecifier: &bootstrapv3.RuntimeLayer_RtdsLayer_{RtdsLayer: &bootstrapv3.RuntimeLayer_RtdsLayer{
				Name: envoy.RuntimeName, RtdsConfig: envoy.ADS("", ""),
			}},
		}}},
	}
	if o.Admin != "" {
		at, _, err := socketAddress(o.Admin)
		if err != nil {
			return nil, err
		}
		b.Admin = &bootstrapv3.Admin{Address: at}
	}
	return b, nil
}

// cluster is how Envoy reaches the server.
func cluster(hostPort string) (*clusterv3.Cluster, error) {
	at, name, err := socketAddress(hostPort)
	if err != nil {
		return nil, err
	}
	kind := clusterv3.Cluster_STATIC
	if name {
		kind = clusterv3.Cluster_STRICT_DNS
	}
	options := &anypb.Any{}
	if err := options.MarshalFrom(&upstreamv3.HttpProtocolOptions{UpstreamProtocolOptions: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig_{
		ExplicitHttpConfig: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
				ConnectionKeepalive: &corev3.KeepaliveSettings{Interval: durationpb.New(30 * time.Second), Timeout: durationpb.New(10 * time.Second)},
			}},
		},
	}}); err != nil {
		return nil, fmt.Errorf("write the bootstrap: %w", err)
	}
	return &clusterv3.Cluster{
		Name:                          serverCluster,
		ClusterDiscoveryType:          &clusterv3.Cluster_Type{Type: kind},
		ConnectTimeout:                durationpb.New(5 * time.Second),
		TypedExtensionProtocolOptions: map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
		LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: serverCluster, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: at}}}},
		}}},
	}, nil
}

// socketAddress reads HOST:PORT; name is true for a host that DNS has.
func socketAddress(hostPort string) (at *corev3.Address, name bool, err error) {
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, false, fmt.Errorf("address %q: %w", hostPort, err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, false, fmt.Errorf("address %q: %w", hostPort, err)
	}
	_, err = netip.ParseAddr(host)
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}, err != nil, nil
}

// GRPCBootstrap returns what a gRPC client reads from the file that
// GRPC_XDS_BOOTSTRAP names (grpc/proposal A27), as JSON.
func GRPCBootstrap(o BootstrapOptions) ([]byte, error) {
	type creds struct {
		Type string `json:"type"`
	}
	type server struct {
		URI      string   `json:"server_uri"`
		Creds    []creds  `json:"channel_creds"`
		Features []string `json:"server_features"`
	}
	out := struct {
		Servers []server `json:"xds_servers"`
		Node    struct {
			ID string `json:"id"`
		} `json:"node"`
	}{Servers: []server{{o.Address, []creds{{"insecure"}}, []string{"xds_v3"}}}}
	out.Node.ID = o.Node
	text, err := json.MarshalIndent(&out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the bootstrap: %w", err)
	}
	return append(text, '\n'), nil
}
