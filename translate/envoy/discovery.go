package envoy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	runtimev3 "github.com/envoyproxy/go-control-plane/envoy/service/runtime/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Discovered is what discovery services serve, by type, each in a stable order. A
// cluster is named as its backend is, NS/NAME:PORT, so that what a name means does
// not change when rules are moved.
type Discovered struct {
	Listeners []*listenerv3.Listener
	Routes    []*routev3.RouteConfiguration
	Clusters  []*clusterv3.Cluster
	Endpoints []*endpointv3.ClusterLoadAssignment
	Secrets   []*tlsv3.Secret
	// Runtime holds how Envoy matches as a whole; nil for gRPC clients.
	Runtime *runtimev3.Runtime
}

// The types of resources, as their URLs have them.
const (
	ListenerType = "type.googleapis.com/envoy.config.listener.v3.Listener"
	RouteType    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	ClusterType  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	EndpointType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	SecretType   = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
	RuntimeType  = "type.googleapis.com/envoy.service.runtime.v3.Runtime"
)

// RuntimeName is the name of the Runtime of [Discovered], and of its layer.
const RuntimeName = "grpcroute"

// Source says where Envoy finds a resource, of a type and a name.
type Source func(kind, name string) *corev3.ConfigSource

// ADS is the source of what comes over one aggregated stream.
func ADS(string, string) *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		ResourceApiVersion:    corev3.ApiVersion_V3,
	}
}

// Discover translates as [Translate] does, into resources that Envoy asks for. Each
// names its own through source.
func Discover(tables []*routing.Table, o Options, source Source) (*Discovered, diag.List, error) {
	w := newWriter(o)
	w.discovery = true
	w.all(tables, w.server)
	if w.err != nil {
		return nil, nil, w.err
	}
	s := &splitter{source: source, out: &Discovered{}, names: w.secrets, seen: map[string]proto.Message{}}
	for _, l := range w.out.Listeners {
		s.listener(l)
	}
	for _, c := range w.out.Clusters {
		s.cluster(c)
	}
	layer := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for _, l := range w.runtime().GetLayers() {
		layer = l.GetStaticLayer()
	}
	s.out.Runtime = &runtimev3.Runtime{Name: RuntimeName, Layer: layer}
	w.notes.List.Sort()
	return s.out, w.notes.List, s.err
}

// splitter takes static listeners and clusters apart.
type splitter struct {
	source Source
	out    *Discovered
	names  map[string]string        // of Secrets, by their certificate chain
	seen   map[string]proto.Message // by type and name
	err    error
}

// keep reports whether a resource is a new one. Its name changes when another has
// it.
func (s *splitter) keep(kind string, name *string, m proto.Message) bool {
	first := *name
	for i := 2; ; i++ {
		old := s.seen[kind+" "+*name]
		if old == nil {
			s.seen[kind+" "+*name] = m
			return true
		}
		if proto.Equal(old, m) {
			return false
		}
		*name = fmt.Sprintf("%s/%d", first, i)
	}
}

// listener takes routes and certificates out of a listener.
func (s *splitter) listener(l *listenerv3.Listener) {
	chains := l.FilterChains
	if l.DefaultFilterChain != nil {
		chains = append(chains[:len(chains):len(chains)], l.DefaultFilterChain)
	}
	for _, c := range chains {
		c.TransportSocket = s.downstream(c.TransportSocket)
		for _, f := range c.Filters {
			manager := &hcmv3.HttpConnectionManager{}
			if s.unpack(f.GetTypedConfig().UnmarshalTo(manager)) {
				routes := manager.GetRouteConfig()
				if s.keep(RouteType, &routes.Name, routes) {
					s.out.Routes = append(s.out.Routes, routes)
				}
				manager.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{
					RouteConfigName: routes.Name, ConfigSource: s.source(RouteType, routes.Name),
				}}
				f.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: packed(manager)}
			}
		}
	}
	s.out.Listeners = append(s.out.Listeners, l)
}

// unpack reports whether a message, which this package has packed, was read.
func (s *splitter) unpack(err error) bool {
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("take a listener apart: %w", err)
	}
	return err == nil
}

func (s *splitter) downstream(from *corev3.TransportSocket) *corev3.TransportSocket {
	context := &tlsv3.DownstreamTlsContext{}
	if from == nil || !s.unpack(from.GetTypedConfig().UnmarshalTo(context)) {
		return from
	}
	s.certificates(context.CommonTlsContext)
	return socket(context)
}

// certificates makes Secrets of the certificates in a configuration; those that
// Envoy finds in its files stay. A renewed certificate then changes its Secret only,
// and no listener, whose connections would be drained.
func (s *splitter) certificates(common *tlsv3.CommonTlsContext) {
	inFiles := common.TlsCertificates
	common.TlsCertificates = nil
	for _, pair := range inFiles {
		chain := pair.GetCertificateChain().GetInlineString()
		if chain == "" {
			common.TlsCertificates = append(common.TlsCertificates, pair)
			continue
		}
		secret := &tlsv3.Secret{Name: s.names[chain], Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: pair}}
		if s.keep(SecretType, &secret.Name, secret) {
			s.out.Secrets = append(s.out.Secrets, secret)
		}
		common.TlsCertificateSdsSecretConfigs = append(common.TlsCertificateSdsSecretConfigs, &tlsv3.SdsSecretConfig{
			Name: secret.Name, SdsConfig: s.source(SecretType, secret.Name),
		})
	}
}

// cluster takes addresses, but for names that Envoy looks up in DNS, and client
// certificates out of a cluster.
func (s *splitter) cluster(c *clusterv3.Cluster) {
	if t := c.TransportSocket; t != nil {
		context := &tlsv3.UpstreamTlsContext{}
		if s.unpack(t.GetTypedConfig().UnmarshalTo(context)) {
			s.certificates(context.CommonTlsContext)
			c.TransportSocket = socket(context)
		}
	}
	if c.GetType() == clusterv3.Cluster_STATIC {
		a := c.LoadAssignment
		c.LoadAssignment = nil
		a.ClusterName = c.Name + version(c)
		c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS}
		c.EdsClusterConfig = &clusterv3.Cluster_EdsClusterConfig{EdsConfig: s.source(EndpointType, a.ClusterName)}
		if a.ClusterName != c.Name {
			c.EdsClusterConfig.ServiceName = a.ClusterName
		}
		for _, group := range a.Endpoints {
			// gRPC clients take no other.
			group.Locality, group.LoadBalancingWeight = &corev3.Locality{}, wrapperspb.UInt32(1)
		}
		s.out.Endpoints = append(s.out.Endpoints, a)
	}
	s.out.Clusters = append(s.out.Clusters, c)
}

// version tells apart what a cluster with TLS says. Envoy waits for the endpoints of
// a cluster that changes, and is sent those under a new name at once.
func version(c *clusterv3.Cluster) string {
	if c.TransportSocket == nil {
		return ""
	}
	return "/" + digest(c)
}

// digest tells messages apart.
func digest(m proto.Message) string {
	text, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m) // fails only for text that is no UTF-8
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
