package kgateway

import (
	"fmt"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	upstreamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// blackhole is what routes name whose backend does not resolve. There is no such
// cluster, so that Envoy answers as cluster_not_found_response_code says.
const blackhole = "blackhole-cluster"

// http2 makes Envoy speak HTTP/2 to a cluster.
var http2 = packed(&upstreamv3.HttpProtocolOptions{UpstreamProtocolOptions: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig_{
	ExplicitHttpConfig: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig{
		ProtocolConfig: &upstreamv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{}},
	},
}})

// backend returns the name of the cluster of a backendRef, and writes the cluster.
func (w *writer) backend(share *routing.Share) string {
	b := share.Backend
	return w.target(b, b.Rule.Route.Doc, b.Path())
}

func refused(r *topology.Refusal) bool { return r != nil && r.Certainty != diag.Unknown }

// target returns the name of the cluster of what a backendRef, or a mirror, names.
func (w *writer) target(b *topology.Backend, doc *manifest.Document, path manifest.Path) string {
	switch {
	case refused(b.Refusal) && b.Refusal.Reason != "UnsupportedProtocol":
		w.lost(doc, path, "its calls go to the cluster %s, which there is not, and get 500: %s", blackhole, b.Refusal.Message)
		return blackhole
	case b.Refusal != nil:
		w.depends(doc, path, "written as if the backend can be used: %s", b.Refusal.Message)
	case b.Certainty == diag.Unknown && b.Why != "":
		w.depends(doc, path, "written as if the backend can be used: %s", b.Why)
	}
	if b.Kind != "Service" {
		name := fmt.Sprintf("%s_%s_%s_%d", strings.ToLower(b.Kind), b.Namespace, b.Name, b.Port)
		w.lost(doc, path, "the cluster of %s %s/%s is left out: neither its name, here %s, nor where it is follows from the manifests", b.Kind, b.Namespace, b.Name, name)
		return name
	}
	name := fmt.Sprintf("kube_%s_%s_%d", b.Namespace, b.Name, b.Port)
	if b.ServicePort != nil && !speaksHTTP2(b) && b.Rule.Route.GRPC != nil {
		w.lost(doc, path, "%s", Profile.Backends.Dial(b.Facts()).Message)
	}
	if w.clusters[name] {
		return name
	}
	w.clusters[name] = true
	if b.ServicePort == nil {
		w.depends(doc, path, "the cluster %s is written with HTTP/2, for which the Service's port must ask by its appProtocol or its name", name)
	}
	c := &clusterv3.Cluster{
		Name:                      name,
		ConnectTimeout:            durationpb.New(5 * time.Second),
		ClusterDiscoveryType:      &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig:          &clusterv3.Cluster_EdsClusterConfig{EdsConfig: overADS()},
		IgnoreHealthOnHostRemoval: true,
	}
	if speaksHTTP2(b) {
		c.TypedExtensionProtocolOptions = map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2}
	}
	secret, err := w.upstreamTLS(b)
	if err != nil {
		w.lost(doc, path, "the cluster %s is left out, so that its calls get 500: %v", name, err)
		return name
	}
	c.TransportSocket = secret
	w.out.Clusters = append(w.out.Clusters, c)
	return name
}

// speaksHTTP2 reports whether a port is dialled with HTTP/2. Of one that the input
// does not hold it is assumed.
func speaksHTTP2(b *topology.Backend) bool {
	return b.ServicePort == nil || Profile.Backends.Dial(b.Facts()).Name != profile.HTTP1
}
