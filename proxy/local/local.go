// Package local is a gateway on this machine: it opens the sockets that Gateways
// ask for, finds certificates and backends, and keeps a [proxy.Server] up to date
// as manifests change. Where a call goes is decided by the table, how it is
// carried in package proxy.
package local

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Options say how Gateways become sockets and backends become addresses.
type Options struct {
	// Addresses are the IP addresses of Gateways, by "NS/NAME", whose listeners keep
	// their own ports there. Other Gateways share Host, and their ports may change.
	Addresses map[string]netip.Addr
	Host      netip.Addr // 127.0.0.1 when not set
	// Listen are HOST:PORT for Gateways that the input lacks, in the order of their
	// names; then come ports of Host from 50051 on.
	Listen []string
	// SelfSigned: listeners without a certificate in the input get one of an
	// authority in the folder TLSDir, which is made when it is not there.
	SelfSigned bool
	TLSDir     string
	// Backends are addresses, HOST:PORT, by "NS/NAME:PORT". Backends that are not in
	// it are looked for with Dial, then in the input's EndpointSlices, then with Mock.
	Backends map[string][]string
	Dial     func(*topology.Backend) (proxy.Backend, bool) // nil for none
	Mock     func(*topology.Backend) (string, error)       // nil for none
	Proxy    proxy.Options
}

// Socket is where clients connect.
type Socket struct {
	Gateway   string // "NS/NAME"
	Port      int32  // of the Gateway's listeners; 0 when the input lacks the Gateway
	TLS       bool
	Address   string // HOST:PORT
	Listeners []*topology.Listener
	Server    *routing.Server
}

// Moved reports whether the port is not that of the listeners.
func (s *Socket) Moved() bool {
	at, err := netip.ParseAddrPort(s.Address)
	return err == nil && s.Port != 0 && int32(at.Port()) != s.Port
}

// Gateway serves tables on sockets. Its zero value is not usable; see [Open].
type Gateway struct {
	options   Options
	authority *authority // nil unless SelfSigned
	trusts    trusts

	mu      sync.Mutex
	tables  []*routing.Table
	servers map[string]*proxy.Server // by profile
	sockets map[socketKey]*open
	notes   []string
	closed  bool
	serving sync.WaitGroup
}

// open is a socket that is served.
type open struct {
	Socket
	listener net.Listener
	server   *proxy.Server
	certs    *certificates // nil in the clear
}

// Open opens the sockets that tables ask for, one table per implementation, and
// serves them. It fails when an address that was asked for cannot be listened at.
func Open(tables []*routing.Table, o Options) (*Gateway, error) {
	if !o.Host.IsValid() {
		o.Host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	g := &Gateway{options: o, servers: map[string]*proxy.Server{}, sockets: map[socketKey]*open{}}
	if o.SelfSigned {
		a, err := openAuthority(o.TLSDir)
		if err != nil {
			return nil, fmt.Errorf("make certificates in %s: %w", o.TLSDir, err)
		}
		g.authority = a
	}
	if err := g.Update(tables); err != nil {
		_ = g.Close(context.Background()) // the error is the one to tell
		return nil, err
	}
	return g, nil
}

// Update serves other tables from now on. Sockets that are still asked for stay
// open with all their connections; others are drained. With an error the old tables
// are served as before.
func (g *Gateway) Update(tables []*routing.Table) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errors.New("the gateway is closed")
	}
	wants, notes := g.wants(tables)
	fresh, err := g.bind(wants)
	if err != nil {
		return err
	}
	resolver := newResolver(g)
	used := map[string]bool{}
	for _, t := range tables {
		name := t.Topology.Profile.Name
		used[name] = true
		config := proxy.Config{Table: t, Backend: resolver.of(t)}
		if s := g.servers[name]; s != nil {
			s.Update(config)
		} else {
			g.servers[name] = proxy.New(config, g.options.Proxy)
		}
	}
	g.tables = tables
	g.swap(wants, fresh)
	for name, s := range g.servers {
		if !used[name] {
			delete(g.servers, name)
			g.serving.Go(func() { _ = s.Shutdown(context.Background()) })
		}
	}
	g.notes = slices.Concat(notes, resolver.sorted(), gaps(tables))
	return nil
}

// swap starts new sockets, drains those that nobody asks for, and gives the others
// their certificates.
func (g *Gateway) swap(wants []want, fresh map[socketKey]net.Listener) {
	keep := map[socketKey]bool{}
	for i := range wants {
		w := &wants[i]
		keep[w.key] = true
		o := g.sockets[w.key]
		if l := fresh[w.key]; l != nil {
			o = &open{listener: l, server: g.servers[w.server.Profile.Name]}
			o.Address = l.Addr().String()
			g.sockets[w.key] = o
		}
		address := o.Address
		o.Socket = Socket{w.key.gateway, w.key.port, w.key.tls, address, w.listeners, w.server}
		if w.key.tls {
			if o.certs == nil {
				o.certs = &certificates{}
			}
			o.certs.set(w.listeners, g.authority)
		}
		if fresh[w.key] != nil {
			g.serve(o)
		}
	}
	for key, o := range g.sockets {
		if !keep[key] {
			delete(g.sockets, key)
			g.serving.Go(func() { _ = o.server.Drain(context.Background(), o.listener) })
		}
	}
}

func (g *Gateway) serve(o *open) {
	l := proxy.Listener{Gateway: o.Gateway, Port: o.Port}
	if o.certs != nil {
		l.TLS = &tls.Config{GetCertificate: o.certs.get, MinVersion: tls.VersionTLS12}
	}
	g.serving.Go(func() { _ = o.server.Serve(o.listener, l) })
}

// gaps are what rules ask for in vain, as notes.
func gaps(tables []*routing.Table) (notes []string) {
	for _, t := range tables {
		for _, gap := range proxy.Gaps(t) {
			notes = append(notes, fmt.Sprintf("%s rule %d: %s", gap.Route, gap.Rule, gap.Says))
		}
	}
	return notes
}

// Tables returns the tables that are served.
func (g *Gateway) Tables() []*routing.Table {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tables
}

// Sockets returns where clients can connect, by Gateway and port.
func (g *Gateway) Sockets() []Socket {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Socket
	for _, key := range slices.SortedFunc(maps.Keys(g.sockets), socketKey.compare) {
		out = append(out, g.sockets[key].Socket)
	}
	return out
}

// Notes are what is not served, and why, one sentence each.
func (g *Gateway) Notes() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.notes
}

// Stats are the figures of all servers together.
func (g *Gateway) Stats() proxy.Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	var sum proxy.Stats
	for _, name := range slices.Sorted(maps.Keys(g.servers)) {
		s := g.servers[name].Stats()
		sum.Clients, sum.Calls = sum.Clients+s.Clients, sum.Calls+s.Calls
		sum.Mirrored, sum.MirrorsDropped = sum.Mirrored+s.Mirrored, sum.MirrorsDropped+s.MirrorsDropped
		sum.Backends = append(sum.Backends, s.Backends...)
	}
	return sum
}

// Close drains all connections: clients are told to go, and calls in flight end.
// When the context ends first they are cut off, and its error is returned.
func (g *Gateway) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	servers := slices.Collect(maps.Values(g.servers))
	g.mu.Unlock()
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() { errs[i] = s.Shutdown(ctx) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	g.serving.Wait()
	return nil
}
