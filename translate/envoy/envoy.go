// Package envoy writes the configuration of an Envoy that routes as a routing
// table does: a complete static bootstrap with listeners, routes and clusters.
// What Envoy cannot be told is said in diagnostics, with the place of the field.
//
// Routes are named NS/NAME/rule/N/match/M, clusters NS/NAME/rule/N/backend/M. What
// cannot be served points at the cluster NS/NAME/rule/N/unavailable, which has no
// endpoint, so that its calls get UNAVAILABLE.
package envoy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// Options are what a configuration depends on that no manifest says.
type Options struct {
	// Brief leaves out diagnostics of severity info, and what it takes to find their
	// places.
	Brief bool
	// Gateway is the one Gateway that is translated, "NS/NAME"; "" for all.
	Gateway string
	// Listen holds, by "NS/NAME:PORT" of a Gateway, or "NS/NAME" for one that is not
	// in the input, the HOST:PORT that Envoy listens on there. Other ports are bound
	// as they are on every IPv4 address.
	Listen map[string]string
	// Backends holds, by "NS/NAME:PORT", the addresses (HOST:PORT) of backends. Others
	// are looked up in the cluster's DNS.
	Backends map[string][]string
	// Resolve says where the addresses of other backends come from.
	Resolve Resolve
	// Mock returns the address of a stand-in, which is dialled without TLS, for a
	// backend without any in Backends or in EndpointSlices; nil for none.
	Mock func(*topology.Backend) (string, error)
	// ClusterDomain is that of the cluster's DNS; "" for cluster.local.
	ClusterDomain string
	// Admin is the HOST:PORT of Envoy's admin interface; "" for none.
	Admin string
	// CertificateDir is a folder on Envoy's machine with NS/NAME/tls.crt and
	// NS/NAME/tls.key of Secrets that are not in the input; "" for none.
	CertificateDir string
	// SystemCA is the file on Envoy's machine with the authorities that its system
	// trusts; "" for [DefaultSystemCA].
	SystemCA string
}

// DefaultSystemCA is where Envoy's own images keep the system's authorities.
const DefaultSystemCA = "/etc/ssl/certs/ca-certificates.crt"

// writer gathers a bootstrap.
type writer struct {
	o         Options
	out       *bootstrapv3.Bootstrap_StaticResources
	clusters  map[string]*clusterv3.Cluster
	notes     plan.Notes
	addresses map[string]string // who listens there
	set       *manifest.Set
	regexes   bool // some matcher is a regular expression
	repeated  repeated
	faults    bool // some answer of the listener at hand is given by the fault filter
	plans     map[planKey]*planned
	err       error
	slices    *topology.Endpoints // of set
	discovery bool                // resources are served one by one, and change one by one
	secrets   map[string]string   // names of Secrets, by the certificate chain
	clients   bool                // gRPC clients are told, not Envoys
}

// Translate writes the bootstrap for the Gateways of tables, one table per
// implementation. Diagnostics of severity warning are what gets lost, those of
// severity info what the result depends on. There is an error when two listeners
// would be bound to one address.
func Translate(tables []*routing.Table, o Options) (*bootstrapv3.Bootstrap, diag.List, error) {
	w := newWriter(o)
	w.all(tables, w.server)
	if w.err != nil {
		return nil, nil, w.err
	}
	b := &bootstrapv3.Bootstrap{StaticResources: w.out}
	if o.Admin != "" {
		b.Admin = &bootstrapv3.Admin{Address: address(o.Admin)}
	}
	b.LayeredRuntime = w.runtime()
	w.notes.List.Sort()
	return b, w.notes.List, nil
}

func newWriter(o Options) *writer {
	o.ClusterDomain = cmp.Or(strings.TrimSuffix(o.ClusterDomain, "."), "cluster.local")
	o.SystemCA = cmp.Or(o.SystemCA, DefaultSystemCA)
	return &writer{
		o: o, out: &bootstrapv3.Bootstrap_StaticResources{}, clusters: map[string]*clusterv3.Cluster{}, secrets: map[string]string{},
		notes: plan.Notes{Brief: o.Brief}, addresses: map[string]string{}, plans: map[planKey]*planned{},
	}
}

// all writes every server of tables.
func (w *writer) all(tables []*routing.Table, write func(*routing.Server)) {
	for _, t := range tables {
		if w.set != t.Topology.Set {
			w.set, w.slices = t.Topology.Set, topology.NewEndpoints(t.Topology.Set)
		}
		for _, s := range t.Servers {
			write(s)
		}
	}
}

// runtime is what Envoy is told about matching as a whole, nil for nothing.
func (w *writer) runtime() *bootstrapv3.LayeredRuntime {
	fields := map[string]*structpb.Value{}
	if w.regexes || w.discovery {
		// By default an expression may have 100 instructions, which a pattern that a
		// route may have exceeds easily.
		fields["re2.max_program_size.error_level"] = structpb.NewNumberValue(1 << 20)
	}
	if each, ok := w.settle(); ok {
		fields[individually] = structpb.NewBoolValue(each)
	}
	if len(fields) == 0 {
		return nil
	}
	return &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
		Name:           "grpcroute",
		LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{StaticLayer: &structpb.Struct{Fields: fields}},
	}}}
}

// cluster adds a cluster and returns its name. One that says something else under
// a name that is taken, as for a Gateway with another client certificate, gets the
// name of its Gateway as well.
func (w *writer) cluster(c *clusterv3.Cluster, s *routing.Server) string {
	name := c.Name
	for i := 1; ; i++ {
		old := w.clusters[c.Name]
		if old == nil {
			w.clusters[c.Name] = c
			w.out.Clusters = append(w.out.Clusters, c)
			return c.Name
		}
		if proto.Equal(old, c) {
			return c.Name
		}
		c.Name = name + "/gateway/" + s.Gateways[0].Key()
		if i > 1 {
			c.Name = fmt.Sprintf("%s/%d", c.Name, i)
		}
		c.LoadAssignment.ClusterName = c.Name
	}
}

// JSON writes a bootstrap, or another message, as Envoy reads it, in a stable order.
func JSON(b proto.Message) ([]byte, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("write the bootstrap: %w", err)
	}
	// protojson varies its blanks on purpose.
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		return nil, fmt.Errorf("write the bootstrap: %w", err)
	}
	return append(out.Bytes(), '\n'), nil
}

// HoldsKey reports whether a bootstrap, as [JSON] writes it, holds a private key.
func HoldsKey(text []byte) bool { return bytes.Contains(text, []byte("PRIVATE KEY-----")) }
