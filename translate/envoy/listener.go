package envoy

import (
	"cmp"
	"fmt"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// door is one port of one Gateway.
type door struct {
	gateway   *topology.Gateway
	port      int32 // 0 when the Gateway is not in the input
	listeners []*routing.Listener
	secure    bool
}

func (d *door) String() string {
	if d.port == 0 {
		return d.gateway.Key()
	}
	return fmt.Sprintf("%s:%d", d.gateway.Key(), d.port)
}

// server writes the listeners of a server: one, or one for each port that shares
// its table.
func (w *writer) server(s *routing.Server) {
	if s.Service != "" {
		if w.o.Gateway == "" {
			w.lost(nil, nil, "routes of Service %s are left out: a mesh needs a proxy beside each client", s.Service)
		}
		return
	}
	doors := w.doors(s)
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
		l := &listenerv3.Listener{Name: d.String(), Address: address(at)}
		if d.secure {
			w.secure(l, x, d)
		} else {
			l.FilterChains = []*listenerv3.FilterChain{w.chain(d.String(), w.virtualHosts(x, false, nil))}
		}
		if len(l.FilterChains) > 0 {
			w.out.Listeners = append(w.out.Listeners, l)
		}
	}
}

// doors lists the ports of a server, and says which of its listeners are left out.
func (w *writer) doors(s *routing.Server) []*door {
	var out []*door
	wanted := func(l *topology.Listener) bool { return w.o.Gateway == "" || l.Gateway.Key() == w.o.Gateway }
	for _, l := range s.Refused {
		if wanted(l) {
			why := "its ListenerSet is not accepted"
			if len(l.Refusals) > 0 {
				why = l.Refusals[0].Message
			}
			w.lost(l.Doc(), l.Path(), "listener %q is left out: %s", l.Name, why)
		}
	}
	for _, l := range s.Listeners {
		t := l.Topology
		if !wanted(t) {
			continue
		}
		if why := unserved(t); why != "" {
			w.lost(t.Doc(), t.Path(), "listener %q is left out: %s", t.Name, why)
			continue
		}
		i := slices.IndexFunc(out, func(d *door) bool { return d.gateway == t.Gateway && d.port == t.Port })
		if i < 0 {
			i = len(out)
			out = append(out, &door{gateway: t.Gateway, port: t.Port})
		}
		d := out[i]
		d.listeners = append(d.listeners, l)
		if t.Protocol == "HTTPS" || t.Protocol == "TLS" {
			if s.Profile.Transport.NoTLS {
				w.depends(t.Doc(), t.Path(), "listener %q takes connections without TLS: %s leaves TLS to what is in front of it", t.Name, s.Profile.Title)
			}
			d.secure = !s.Profile.Transport.NoTLS
		}
	}
	slices.SortStableFunc(out, func(a, b *door) int {
		return cmp.Or(cmp.Compare(a.gateway.Key(), b.gateway.Key()), cmp.Compare(a.port, b.port))
	})
	return out
}

// unserved says why nothing is opened for a listener, "" when something is.
func unserved(l *topology.Listener) string {
	switch l.Protocol {
	case "", "HTTP", "HTTPS":
		return ""
	case "TLS":
		if l.TLS != nil && l.TLS.Mode != nil && *l.TLS.Mode == gatewayv1.TLSModePassthrough {
			return "TLS passthrough carries no calls that could be routed"
		}
		return ""
	}
	return fmt.Sprintf("protocol %s carries no gRPC calls", l.Protocol)
}

// listen returns the address of a port, "" when it is not known.
func (w *writer) listen(d *door) string {
	at := w.o.Listen[d.String()]
	if at == "" && d.port == 0 {
		w.lost(nil, nil, "Gateway %s is not in the input and is left out: add it, or say where Envoy listens with --listen %s=HOST:PORT", d.gateway.Key(), d.gateway.Key())
		return ""
	}
	at = cmp.Or(at, fmt.Sprintf("0.0.0.0:%d", d.port))
	if other := w.addresses[at]; other != "" && w.err == nil {
		w.err = fmt.Errorf("the Gateway ports %s and %s would both be bound to %s: choose one Gateway, or give one of them another address", other, d, at)
	}
	w.addresses[at] = d.String()
	return at
}

// secure writes a filter chain for each listener of a port with TLS, which the SNI
// chooses. A connection whose SNI is no listener's is shown some certificate, so
// that its calls get an answer.
func (w *writer) secure(l *listenerv3.Listener, x *plan.Index, d *door) {
	var fallback *corev3.TransportSocket
	all := false
	seen := map[string]bool{}
	for _, of := range d.listeners {
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
		c := w.chain(d.String()+"/"+of.Topology.Name, w.virtualHosts(x, true, of))
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
		l.DefaultFilterChain = w.chain(d.String()+"/no listener", w.virtualHosts(x, true, nil))
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
		HttpFilters:          httpFilters(w.faults),
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
