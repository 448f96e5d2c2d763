package envoy

import (
	"cmp"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// server writes the listeners of a server: one, or one for each port that shares
// its table.
func (w *writer) server(s *routing.Server) {
	if s.Service != "" {
		if w.o.Gateway == "" {
			w.lost(nil, nil, "routes of Service %s are left out: a mesh needs a proxy beside each client", s.Service)
		}
		return
	}
	doors := plan.Doors(s, w.o.Gateway, w.lost, w.depends)
	if len(doors) == 0 {
		return
	}
	if why := s.Blocked(); why != "" {
		w.lost(nil, nil, "%s", why)
	}
	x := plan.NewIndex(s)
	for _, d := range doors {
		at := w.listen(d)
		if at == "" {
			continue
		}
		l := &listenerv3.Listener{Name: d.Name, Address: address(at)}
		if d.Secure {
			w.secure(l, x, d)
		} else {
			l.FilterChains = []*listenerv3.FilterChain{w.chain(d.Name, w.virtualHosts(x, false, nil))}
		}
		if len(l.FilterChains) > 0 {
			w.out.Listeners = append(w.out.Listeners, l)
		}
	}
}

// listen returns the address of a port, "" when it is not known.
func (w *writer) listen(d *plan.Door) string {
	at := w.o.Listen[d.Name]
	if at == "" && d.Port == 0 {
		w.lost(nil, nil, "Gateway %s is not in the input and is left out: add it, or say where Envoy listens with --listen %s=HOST:PORT", d.Gateway.Key(), d.Gateway.Key())
		return ""
	}
	at = cmp.Or(at, fmt.Sprintf("0.0.0.0:%d", d.Port))
	if other := w.addresses[at]; other != "" && w.err == nil {
		w.err = fmt.Errorf("the Gateway ports %s and %s would both be bound to %s: choose one Gateway, or give one of them another address", other, d.Name, at)
	}
	w.addresses[at] = d.Name
	return at
}

// secure writes a filter chain for each listener of a port with TLS, which the SNI
// chooses. A connection whose SNI is no listener's is shown some certificate, so
// that its calls get an answer.
func (w *writer) secure(l *listenerv3.Listener, x *plan.Index, d *plan.Door) {
	var fallback *corev3.TransportSocket
	all := false
	seen := map[string]bool{}
	for _, of := range d.Listeners {
		name := of.Topology.Hostname
		if seen[name] {
			continue // the first one of a hostname takes its connections
		}
		seen[name] = true
		all = all || name == ""
		secret, ok := w.downstreamTLS(of.Topology)
		if !ok {
			continue
		}
		c := w.chain(d.Name+"/"+of.Topology.Name, w.virtualHosts(x, true, of))
		c.TransportSocket = secret
		if name != "" {
			c.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: []string{name}}
		}
		l.FilterChains = append(l.FilterChains, c)
		if fallback == nil {
			fallback = secret
		}
	}
	if fallback == nil {
		return
	}
	if !all {
		l.DefaultFilterChain = w.chain(d.Name+"/no listener", w.virtualHosts(x, true, nil))
		l.DefaultFilterChain.TransportSocket = fallback
	}
	l.ListenerFilters = []*listenerv3.ListenerFilter{{
		Name:       "envoy.filters.listener.tls_inspector",
		ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: packed(&inspectorv3.TlsInspector{})},
	}}
}

// chain writes what becomes of the calls of a connection.
func (w *writer) chain(name string, hosts []*routev3.VirtualHost) *listenerv3.FilterChain {
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix: name,
		RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
			// A port in the authority does not count.
			Name: name, VirtualHosts: hosts, IgnorePortInHostMatching: true,
		}},
		HttpFilters:          httpFilters(w.faults || w.discovery),
		StripTrailingHostDot: true,
		// A stream may be silent for as long as it likes.
		StreamIdleTimeout: durationpb.New(0),
		// Clients are not trusted with x-envoy headers.
		UseRemoteAddress:           wrapperspb.Bool(true),
		GenerateRequestId:          wrapperspb.Bool(false),
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		NormalizePath:              wrapperspb.Bool(false),
	}
	w.faults = false
	return &listenerv3.FilterChain{Name: name, Filters: []*listenerv3.Filter{{
		Name:       "envoy.filters.network.http_connection_manager",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(manager)},
	}}}
}
