package kgateway_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/envoybin"
	"github.com/grpcroute/grpcroute/translate/kgateway"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// standIn is a bootstrap that stands in for the control plane: what resources leave
// to ADS is in it.
type standIn struct {
	t        testing.TB
	out      *bootstrapv3.Bootstrap
	clusters map[string]*clusterv3.Cluster
	// endpoint returns the address of a cluster's one endpoint, "" for none.
	endpoint func(cluster string) string
}

func newStandIn(t testing.TB) *standIn {
	return &standIn{
		t: t, clusters: map[string]*clusterv3.Cluster{}, endpoint: func(string) string { return "" },
		out: &bootstrapv3.Bootstrap{
			StaticResources: &bootstrapv3.Bootstrap_StaticResources{},
			LayeredRuntime: &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{Name: "test", LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{
				// Values of repeated headers are joined, as the profile reads them.
				StaticLayer: &structpb.Struct{Fields: map[string]*structpb.Value{"envoy.reloadable_features.match_headers_individually": structpb.NewBoolValue(false)}},
			}}}},
		},
	}
}

// fits reports whether no cluster of the resources means another of its name.
func (s *standIn) fits(r *kgateway.Resources) bool {
	for _, c := range r.Clusters {
		if old := s.clusters[c.Name]; old != nil && !proto.Equal(old, c) {
			return false
		}
	}
	return true
}

// add takes resources in. Listeners are named with a prefix, and are at the
// addresses that at gives for their ports; "" leaves them out.
func (s *standIn) add(r *kgateway.Resources, prefix string, at func(port uint32) string) {
	for _, l := range r.Listeners {
		l := proto.CloneOf(l)
		address := at(l.GetAddress().GetSocketAddress().GetPortValue())
		if address == "" {
			continue
		}
		l.Name, l.Address = prefix+l.Name, socketAddress(s.t, address)
		for _, c := range l.FilterChains {
			filter := c.Filters[0]
			manager := &hcmv3.HttpConnectionManager{}
			if err := filter.GetTypedConfig().UnmarshalTo(manager); err != nil {
				s.t.Fatal(err)
			}
			manager.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: s.routes(r, manager.GetRds().GetRouteConfigName())}
			packed, err := anypb.New(manager)
			if err != nil {
				s.t.Fatal(err)
			}
			filter.GetTypedConfig().Value = packed.Value
		}
		s.out.StaticResources.Listeners = append(s.out.StaticResources.Listeners, l)
	}
	for _, c := range r.Clusters {
		if s.clusters[c.Name] == nil {
			s.clusters[c.Name] = c
			s.out.StaticResources.Clusters = append(s.out.StaticResources.Clusters, s.placed(c))
		}
	}
}

// routes returns what RDS would give by that name, and lets each route say its name
// in the answer.
func (s *standIn) routes(r *kgateway.Resources, name string) *routev3.RouteConfiguration {
	for _, c := range r.Routes {
		if c.Name != name {
			continue
		}
		c = proto.CloneOf(c)
		c.ValidateClusters = wrapperspb.Bool(false) // as RDS has it
		for _, h := range c.VirtualHosts {
			for _, route := range h.Routes {
				route.ResponseHeadersToAdd = append(route.ResponseHeadersToAdd, &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: "route", Value: route.Name}})
			}
		}
		return c
	}
	s.t.Fatalf("there is no route configuration %q", name)
	return nil
}

// placed gives a cluster what EDS would.
func (s *standIn) placed(c *clusterv3.Cluster) *clusterv3.Cluster {
	c = proto.CloneOf(c)
	if c.GetType() != clusterv3.Cluster_EDS || c.EdsClusterConfig.GetEdsConfig().GetAds() == nil {
		s.t.Fatalf("cluster %s has no endpoints over ADS", c.Name)
	}
	c.ClusterDiscoveryType, c.EdsClusterConfig = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}, nil
	c.LoadAssignment = &endpointv3.ClusterLoadAssignment{ClusterName: c.Name}
	if address := s.endpoint(c.Name); address != "" {
		c.LoadAssignment.Endpoints = []*endpointv3.LocalityLbEndpoints{{LbEndpoints: []*endpointv3.LbEndpoint{{
			HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: socketAddress(s.t, address)}},
		}}}}
	}
	return c
}

func socketAddress(t testing.TB, text string) *corev3.Address {
	host, port, err := net.SplitHostPort(text)
	n, bad := strconv.ParseUint(port, 10, 16)
	if err := errors.Join(err, bad); err != nil {
		t.Fatal(err)
	}
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(n)},
	}}}
}

// file writes the bootstrap.
func (s *standIn) file() string {
	text, err := protojson.Marshal(s.out)
	if err != nil {
		s.t.Fatal(err)
	}
	name := filepath.Join(s.t.TempDir(), "envoy.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// validate asks Envoy whether it would take the bootstrap.
func (s *standIn) validate() error {
	path, name := agreement.Envoy(s.t), s.file()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--mode", "validate", "--log-level", "error", "--concurrency", "1", "-c", name).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// tryRun runs an Envoy until the test ends; inUse is what it says of an address
// that somebody else has.
func (s *standIn) tryRun(admin string) (inUse string) {
	s.t.Helper()
	s.out.Admin = &bootstrapv3.Admin{Address: socketAddress(s.t, admin)}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stop, err := envoybin.Start(ctx, agreement.Envoy(s.t), s.file(), admin)
	if errors.Is(err, envoybin.ErrInUse) {
		return err.Error()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(stop)
	return ""
}
