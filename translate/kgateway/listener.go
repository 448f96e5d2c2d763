package kgateway

import (
	"fmt"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// packed wraps a message of Envoy's. It fails for messages with text that is not
// UTF-8, which no manifest has.
func packed(m proto.Message) *anypb.Any {
	out, err := anypb.New(m)
	if err != nil {
		return &anypb.Any{}
	}
	return out
}

// server writes the listener of a port: one filter chain for all HTTP listeners,
// or one for each HTTPS listener.
func (w *writer) server(s *routing.Server) {
	for _, l := range s.Refused {
		why := "its ListenerSet is not accepted"
		if len(l.Refusals) > 0 {
			why = l.Refusals[0].Message
		}
		w.lost(l.Doc(), l.Path(), "listener %q is left out: %s", l.Name, why)
	}
	if why := s.Blocked(); why != "" {
		w.lost(nil, nil, "Envoy refuses the routes: %s", why)
	}
	if g := s.Gateways[0]; g.ClientCertificate != nil && g.Object != nil {
		w.lost(g.Object.Doc, manifest.Path{"spec", "tls", "backend"}, "the certificate that is shown to backends is left out: the names of the clusters that kgateway makes for it are not known")
	}
	if s.Port == 0 {
		w.lost(nil, nil, "Gateway %s is not in the input and is left out: its ports are not known", w.gateway)
		return
	}
	name := fmt.Sprintf("listener~%d", s.Port)
	out := &listenerv3.Listener{Name: name, Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: "::", Ipv4Compat: true, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(s.Port)},
	}}}}
	plain := false
	for _, l := range s.Listeners {
		switch t := l.Topology; t.Protocol {
		case "HTTP":
			if !plain { // they share their routes
				plain = true
				out.FilterChains = append(out.FilterChains, w.chain(name))
				w.routes(name, l.Hosts, false)
			}
		case "HTTPS":
			w.secure(out, l)
		default:
			w.lost(t.Doc(), t.Path("protocol"), "listener %q is left out: kgateway takes no gRPC routes for protocol %s", t.Name, t.Protocol)
		}
	}
	if len(out.FilterChains) == 0 {
		return
	}
	slices.SortFunc(out.FilterChains, func(a, b *listenerv3.FilterChain) int { return strings.Compare(a.Name, b.Name) })
	if slices.ContainsFunc(out.FilterChains, func(c *listenerv3.FilterChain) bool { return c.FilterChainMatch != nil }) {
		out.ListenerFilters = []*listenerv3.ListenerFilter{{
			Name:       "envoy.filters.listener.tls_inspector",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: packed(&inspectorv3.TlsInspector{})},
		}}
	}
	w.out.Listeners = append(w.out.Listeners, out)
}

// secure adds the filter chain of an HTTPS listener, which its hostname chooses as
// SNI.
func (w *writer) secure(out *listenerv3.Listener, l *routing.Listener) {
	t := l.Topology
	secret := w.downstreamTLS(t)
	if secret == nil {
		w.lost(t.Doc(), t.Path(), "listener %q is left out: it has no certificate that can be written", t.Name)
		return
	}
	name := chainName(t)
	c := w.chain(name)
	c.TransportSocket = secret
	if t.Hostname != "" {
		c.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: []string{t.Hostname}}
	}
	out.FilterChains = append(out.FilterChains, c)
	w.routes(name, l.Hosts, true)
}

// chainName is that of an HTTPS listener. How one of a ListenerSet is told from a
// Gateway's is not known; here its set stands before it.
func chainName(l *topology.Listener) string {
	if l.Set != nil && l.Set.Object != nil {
		return strings.ReplaceAll(l.Set.Object.Doc.Ref.Key(), "/", "~") + "~" + l.Name
	}
	return l.Name
}

// overADS says that a resource comes with the others.
func overADS() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ResourceApiVersion:    corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
	}
}

// chain writes what becomes of the calls of a connection, whose routes have the
// name of the chain.
func (w *writer) chain(name string) *listenerv3.FilterChain {
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix:       "http",
		RouteSpecifier:   &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: overADS(), RouteConfigName: name}},
		UseRemoteAddress: wrapperspb.Bool(true),
		NormalizePath:    wrapperspb.Bool(true),
		MergeSlashes:     true,
		HttpFilters: []*hcmv3.HttpFilter{{
			Name:       "envoy.filters.http.router",
			ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(&routerv3.Router{})},
		}},
	}
	return &listenerv3.FilterChain{Name: name, Filters: []*listenerv3.Filter{{
		Name:       "envoy.filters.network.http_connection_manager",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(manager)},
	}}}
}

// routes writes the route configuration of a filter chain: a virtual host for each
// hostname.
func (w *writer) routes(name string, hosts []*routing.Host, secure bool) {
	out := &routev3.RouteConfiguration{Name: name, IgnorePortInHostMatching: true}
	for _, h := range hosts {
		domain := h.Name
		if domain == "" {
			domain = "*"
		}
		// Dots would divide the names of Envoy's statistics.
		to := &routev3.VirtualHost{Name: strings.ReplaceAll(name+"~"+domain, ".", "_"), Domains: []string{domain}}
		if secure {
			to.RequireTls = routev3.VirtualHost_ALL
		}
		for i, e := range h.Entries {
			if r := w.route(e, fmt.Sprintf("%s-route-%d", to.Name, i)); r != nil {
				to.Routes = append(to.Routes, r)
			}
		}
		out.VirtualHosts = append(out.VirtualHosts, to)
	}
	slices.SortFunc(out.VirtualHosts, func(a, b *routev3.VirtualHost) int { return strings.Compare(a.Name, b.Name) })
	w.out.Routes = append(w.out.Routes, out)
}
