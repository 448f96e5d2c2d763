// Package kgateway writes the resources that kgateway sends the Envoy of a Gateway
// over xDS, for comparison with what is written elsewhere: with its names, its
// order of routes and its shape (kgateway-dev/kgateway pkg/kgateway/translator).
//
// Routes and endpoints are found over ADS, as kgateway has it, so that the
// resources are not a bootstrap.
package kgateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Options are what the resources depend on that no manifest says.
type Options struct {
	// Brief leaves out diagnostics of severity info, and what it takes to find their
	// places.
	Brief bool
	// Gateway is the one Gateway whose Envoy gets the resources, "NS/NAME"; "" for
	// the only one.
	Gateway string
}

// Resources are what one Envoy gets.
type Resources struct {
	Listeners []*listenerv3.Listener        // by port
	Routes    []*routev3.RouteConfiguration // by name of the listener, then by their own
	Clusters  []*clusterv3.Cluster          // by name; those that a route names
}

// writer gathers the resources of a Gateway.
type writer struct {
	gateway  string
	out      *Resources
	clusters map[string]bool
	notes    plan.Notes
	set      *manifest.Set
}

// Translate writes the resources for a Gateway of a table under [Profile]. Each
// Gateway has an Envoy of its own: without Options.Gateway the table must have one.
//
// Diagnostics of severity warning are what gets lost, those of severity info what
// the result depends on.
func Translate(t *routing.Table, o Options) (*Resources, diag.List, error) {
	var names []string
	for _, g := range t.Topology.Gateways {
		names = append(names, g.Key())
	}
	switch {
	case o.Gateway == "" && len(names) == 1:
		o.Gateway = names[0]
	case o.Gateway == "" && len(names) > 1:
		return nil, nil, fmt.Errorf("each Gateway has an Envoy of its own: choose one of %s", strings.Join(names, ", "))
	case o.Gateway != "" && !slices.Contains(names, o.Gateway):
		return nil, nil, fmt.Errorf("no Gateway %s: there is %s", o.Gateway, cmp.Or(strings.Join(names, ", "), "none"))
	}
	w := &writer{gateway: o.Gateway, notes: plan.Notes{Brief: o.Brief}, out: &Resources{}, clusters: map[string]bool{}, set: t.Topology.Set}
	w.unsent(t)
	for _, s := range t.Servers {
		switch {
		case s.Service != "":
			w.depends(nil, nil, "the routes of Service %s are for a mesh, and not for the Gateway's Envoy", s.Service)
		case s.Gateways[0].Key() == o.Gateway:
			w.server(s)
		}
	}
	slices.SortFunc(w.out.Clusters, func(a, b *clusterv3.Cluster) int { return strings.Compare(a.Name, b.Name) })
	w.notes.List.Sort()
	return w.out, w.notes.List, nil
}

// JSON writes resources as the list "resources" of a DiscoveryResponse: listeners,
// route configurations, clusters, each with its "@type".
func JSON(r *Resources) ([]byte, error) {
	var all []proto.Message
	for _, l := range r.Listeners {
		all = append(all, l)
	}
	for _, c := range r.Routes {
		all = append(all, c)
	}
	for _, c := range r.Clusters {
		all = append(all, c)
	}
	var list bytes.Buffer
	list.WriteString(`{"resources":[`)
	for i, m := range all {
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("write the resources: %w", err)
		}
		if i > 0 {
			list.WriteByte(',')
		}
		// Each has a name, so that more fields follow.
		fmt.Fprintf(&list, `{"@type":"type.googleapis.com/%s",`, m.ProtoReflect().Descriptor().FullName())
		list.Write(text[1:])
	}
	list.WriteString("]}")
	// protojson varies its blanks on purpose.
	var out bytes.Buffer
	if err := json.Indent(&out, list.Bytes(), "", "  "); err != nil {
		return nil, fmt.Errorf("write the resources: %w", err)
	}
	return append(out.Bytes(), '\n'), nil
}

// HoldsKey reports whether resources hold a private key.
func (r *Resources) HoldsKey() bool {
	for _, l := range r.Listeners {
		for _, c := range l.FilterChains {
			if c.TransportSocket != nil {
				return true
			}
		}
	}
	return false
}
