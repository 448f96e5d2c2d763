package kgateway_test

import (
	"fmt"
	"net"
	"sync"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	upstreamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/translate/kgateway"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// ads gives resources out as a control plane does.
type ads struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	resources *kgateway.Resources
	endpoint  func(cluster string) string

	mu      sync.Mutex
	refused []string // what Envoy said of what it does not take
	asked   map[string]bool
}

const typePrefix = "type.googleapis.com/envoy.config."

// StreamAggregatedResources answers each new question once: nothing changes.
func (a *ads) StreamAggregatedResources(s discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	for n := 0; ; n++ {
		q, err := s.Recv()
		if err != nil {
			return err
		}
		a.mu.Lock()
		if e := q.GetErrorDetail(); e != nil {
			a.refused = append(a.refused, e.GetMessage())
		}
		key := fmt.Sprint(q.TypeUrl, q.ResourceNames)
		known := a.asked[key]
		a.asked[key] = true
		a.mu.Unlock()
		if known {
			continue
		}
		out := &discoveryv3.DiscoveryResponse{TypeUrl: q.TypeUrl, VersionInfo: "1", Nonce: fmt.Sprint(n)}
		for _, m := range a.of(q) {
			packed, err := anypb.New(m)
			if err != nil {
				return err
			}
			out.Resources = append(out.Resources, packed)
		}
		if err := s.Send(out); err != nil {
			return err
		}
	}
}

func (a *ads) of(q *discoveryv3.DiscoveryRequest) (out []proto.Message) {
	switch q.TypeUrl {
	case typePrefix + "listener.v3.Listener":
		for _, l := range a.resources.Listeners {
			out = append(out, l)
		}
	case typePrefix + "cluster.v3.Cluster":
		for _, c := range a.resources.Clusters {
			out = append(out, c)
		}
	case typePrefix + "route.v3.RouteConfiguration":
		for _, c := range a.resources.Routes {
			out = append(out, c)
		}
	case typePrefix + "endpoint.v3.ClusterLoadAssignment":
		for _, name := range q.ResourceNames {
			out = append(out, &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
				LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
					Endpoint: &endpointv3.Endpoint{Address: a.address(name)},
				}}},
			}}})
		}
	}
	return out
}

func (a *ads) address(cluster string) *corev3.Address {
	a.mu.Lock()
	defer a.mu.Unlock()
	address, _ := net.ResolveTCPAddr("tcp", a.endpoint(cluster)) // of a listener of the test
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: address.IP.String(), PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(address.Port)},
	}}}
}

// serve serves the stream and returns where.
func (a *ads) serve(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s, a)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// settled waits for what is being answered.
func (a *ads) settled() {
	a.mu.Lock()
	defer a.mu.Unlock()
}

// controlled is the bootstrap of an Envoy that asks a control plane for everything.
func controlled(t testing.TB, plane string) *standIn {
	s := newStandIn(t)
	options, err := anypb.New(&upstreamv3.HttpProtocolOptions{UpstreamProtocolOptions: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig_{
		ExplicitHttpConfig: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := &clusterv3.Cluster{Name: "plane", TypedExtensionProtocolOptions: map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options}}
	c.LoadAssignment = &endpointv3.ClusterLoadAssignment{ClusterName: "plane", Endpoints: []*endpointv3.LocalityLbEndpoints{{
		LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: socketAddress(t, plane)}}}},
	}}}
	s.out.StaticResources.Clusters = []*clusterv3.Cluster{c}
	over := &corev3.ConfigSource{ResourceApiVersion: corev3.ApiVersion_V3, ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}}}
	s.out.Node = &corev3.Node{Id: "envoy", Cluster: "test"}
	s.out.DynamicResources = &bootstrapv3.Bootstrap_DynamicResources{
		LdsConfig: over, CdsConfig: over,
		AdsConfig: &corev3.ApiConfigSource{
			ApiType: corev3.ApiConfigSource_GRPC, TransportApiVersion: corev3.ApiVersion_V3,
			GrpcServices: []*corev3.GrpcService{{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: "plane"}}}},
		},
	}
	return s
}

// TestOverADS: an Envoy takes the resources as they are over ADS, but for the
// listeners' addresses, and calls through it agree.
func TestOverADS(t *testing.T) {
	agreement.Envoy(t)
	again := 0
	for seed := 0; seed < 5; seed++ {
		table := compile(read(t, randomText(seed)))
		resources, _, err := kgateway.Translate(table, kgateway.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g := &replay{t: t, numbers: map[string]string{}, clients: map[string]*grpc.ClientConn{}, silent: true}
		plane := &ads{resources: resources, asked: map[string]bool{}, endpoint: func(cluster string) string {
			number := fmt.Sprint(len(g.numbers))
			g.numbers[cluster] = number
			return agreement.Backend(t, number)
		}}
		g.at = map[string]string{}
		free := agreement.Addresses(t, len(resources.Listeners)+1)
		for i, l := range resources.Listeners {
			g.at[fmt.Sprintf("%s:%d", table.Topology.Gateways[0].Key(), l.GetAddress().GetSocketAddress().GetPortValue())] = free[i]
			l.Address = socketAddress(t, free[i])
		}
		if inUse := controlled(t, plane.serve(t)).tryRun(free[len(free)-1]); inUse != "" {
			if again++; again > 5 {
				t.Fatal(inUse)
			}
			seed-- // somebody was faster
			continue
		}
		plane.settled()
		source := random.New(uint64(seed) + 5000)
		for range 100 {
			q := source.Call()
			q.Gateway = table.Topology.Gateways[0].Key()
			g.call(table, &q)
		}
		plane.mu.Lock()
		if len(plane.refused) > 0 || len(plane.asked) < 3 {
			t.Errorf("seed %d: Envoy refuses %q; asked for %v", seed, plane.refused, plane.asked)
		}
		plane.mu.Unlock()
		if g.calls < 20 {
			t.Errorf("seed %d: %d calls", seed, g.calls)
		}
		for _, cc := range g.clients {
			_ = cc.Close()
		}
	}
}
