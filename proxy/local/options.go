package local

import (
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/topology"
)

// Options are what the manifests do not say.
type Options struct {
	Proxy proxy.Options
	// Addresses holds, by Gateway "NS/NAME", the IP that its listeners are bound to
	// at their own ports, or "IP:0" for free ports there. What cannot be bound there
	// is an error. Other Gateways are bound to 127.0.0.1, at another port when their
	// own is not to be had.
	Addresses map[string]string
	// Listen is HOST:PORT for routes whose Gateway is not in the input; "" means
	// [DefaultListen], or a later port when that is taken. Further such Gateways get
	// the ports that follow.
	Listen string
	// Backends are the addresses of backends, before any that the input holds.
	Backends map[Ref][]string
	// Dial says how a backend is reached that the manifests do not know, as those of
	// a translated configuration; nil for none. Addresses in Backends replace its own.
	Dial func(*topology.Backend) (proxy.Backend, bool)
	// Mock returns the address of a stand-in, which is dialled without TLS, for a
	// backend that has no other address; nil for none.
	Mock func(*topology.Backend) (string, error)
	// Authority signs certificates for HTTPS listeners whose Secret is not in the
	// input; nil for none.
	Authority *Authority
	// Drain is how long calls may go on when their listener is removed; 0 means 10s.
	Drain time.Duration

	listenTaken bool // by a Gateway that the input lacks
}

// DefaultListen is where routes are served whose Gateway is not in the input.
const DefaultListen = "127.0.0.1:8080"

// Ref names a backend.
type Ref struct {
	Namespace, Name string
	Port            int32 // 0 for a reference without a port
}

// RefOf returns the name of what a backendRef refers to.
func RefOf(b *topology.Backend) Ref { return Ref{b.Namespace, b.Name, b.Port} }

// String returns "NS/NAME:PORT", see [topology.Backend.Label].
func (r Ref) String() string {
	b := topology.Backend{Namespace: r.Namespace, Name: r.Name, Port: r.Port}
	return b.Label()
}
