package local

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
)

// Gateway is all Gateways of an input, open on this machine.
type Gateway struct {
	options Options
	tasks   sync.WaitGroup // what drains in the background
	stop    context.Context
	halt    context.CancelFunc

	mu      sync.Mutex
	servers map[string]*proxy.Server // by the name of the profile, which another table has too
	doors   map[frontKey]*door
	order   []frontKey
	known   tlsConfigs
	found   map[Ref]Found
	notes   []string
	tables  []*routing.Table
}

// door is an open socket.
type door struct {
	front
	socket net.Listener
	server *proxy.Server
	config atomic.Pointer[tls.Config]
}

// Socket is where clients connect to a port of a Gateway.
type Socket struct {
	Gateway   string // "NS/NAME"
	Port      int32  // of the Gateway's listeners; 0 when the Gateway is not in the input
	Address   string // "HOST:PORT"
	TLS       bool
	Listeners []string // their names
	// Moved: the port is another one than the Gateway's.
	Moved bool
}

// Open opens the Gateways of tables, one table per implementation. Either every
// socket is open, or there is an error and none is.
func Open(tables []*routing.Table, o Options) (*Gateway, error) {
	if o.Drain == 0 {
		o.Drain = 10 * time.Second
	}
	g := &Gateway{options: o, servers: map[string]*proxy.Server{}, doors: map[frontKey]*door{}}
	g.stop, g.halt = context.WithCancel(context.Background())
	if err := g.Update(tables); err != nil {
		g.halt()
		_ = g.Shutdown(g.stop) // it was never in use
		return nil, err
	}
	return g, nil
}

// Update serves other tables from now on. Calls in flight keep what they began
// with, and connections stay, but for those to listeners that are gone, which are
// drained. When a socket cannot be opened there is an error; what could be opened
// is served.
func (g *Gateway) Update(tables []*routing.Table) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.found, g.notes, g.order, g.tables = map[Ref]Found{}, nil, nil, tables
	g.known.next()
	wanted := map[frontKey]*front{}
	kept := map[string]bool{}
	for _, t := range tables {
		p := t.Topology.Profile.Name
		kept[p] = true
		config := proxy.Config{Table: t, Backend: newFinder(&g.options, t, &g.known, g.found).backend}
		if s := g.servers[p]; s != nil {
			s.Update(config)
		} else {
			g.servers[p] = proxy.New(config, g.options.Proxy)
		}
		list, notes := fronts(t)
		g.notes = append(g.notes, notes...)
		for _, f := range list {
			wanted[f.frontKey] = f
			g.order = append(g.order, f.frontKey)
		}
	}
	g.close(wanted)
	var err error
	if len(tables) > 0 {
		err = g.open(wanted, tables[0].Topology.Set)
	}
	for p, s := range g.servers {
		if !kept[p] {
			delete(g.servers, p)
			g.background(func(ctx context.Context) { _ = s.Shutdown(ctx) })
		}
	}
	return err
}

// close drains what is open and no longer wanted.
func (g *Gateway) close(wanted map[frontKey]*front) {
	for key, d := range g.doors {
		f := wanted[key]
		if f != nil && f.tls == d.tls && g.servers[f.of.Profile.Name] == d.server {
			continue
		}
		delete(g.doors, key)
		_ = d.socket.Close() // so that another may have the port
		g.background(func(ctx context.Context) { _ = d.server.Drain(ctx, d.socket) })
	}
}

func (g *Gateway) open(wanted map[frontKey]*front, set *manifest.Set) error {
	var errs []error
	for _, key := range g.order {
		f := wanted[key]
		d := g.doors[key]
		if d == nil {
			socket, err := g.options.bind(f)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			d = &door{socket: socket, server: g.servers[f.of.Profile.Name]}
		}
		d.front = *f
		l := proxy.Listener{Gateway: f.gateway, Port: f.port}
		if f.tls {
			c, notes := g.options.serverTLS(f)
			if err := askClients(c, set, f); err != nil {
				notes = append(notes, fmt.Sprintf("Gateway %s port %d asks clients for certificates: %v", f.gateway, f.port, err))
			}
			g.notes = append(g.notes, notes...)
			d.config.Store(c)
			l.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return d.config.Load(), nil }}
		}
		if g.doors[key] == nil {
			g.doors[key] = d
			g.tasks.Go(func() { _ = d.server.Serve(d.socket, l) })
		}
	}
	return errors.Join(errs...)
}

// background runs what ends by itself, within the time that calls are given.
func (g *Gateway) background(f func(context.Context)) {
	ctx, cancel := context.WithTimeout(g.stop, g.options.Drain)
	g.tasks.Go(func() {
		defer cancel()
		f(ctx)
	})
}

// Sockets returns what is open, in the order of the tables.
func (g *Gateway) Sockets() []Socket {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Socket
	for _, key := range g.order {
		d := g.doors[key]
		if d == nil {
			continue
		}
		s := Socket{Gateway: key.gateway, Port: key.port, Address: d.socket.Addr().String(), TLS: d.tls}
		for _, l := range d.listeners {
			s.Listeners = append(s.Listeners, l.Name)
		}
		if a, ok := d.socket.Addr().(*net.TCPAddr); ok {
			s.Moved = key.port != 0 && int32(a.Port) != key.port
		}
		out = append(out, s)
	}
	return out
}

// AuthorityFile is the certificate that clients of listeners without a Secret are to
// trust, "" for none.
func (g *Gateway) AuthorityFile() string {
	if g.options.Authority == nil {
		return ""
	}
	return g.options.Authority.File
}

// Notes returns what is not served and why, a sentence each.
func (g *Gateway) Notes() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.notes)
}

// Backends returns how each backend is reached that a usable rule names, by name.
func (g *Gateway) Backends() []Found {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.SortedFunc(maps.Values(g.found), func(a, b Found) int { return strings.Compare(a.Ref.String(), b.Ref.String()) })
}

// Stats returns the figures of the moment, those of all implementations together.
func (g *Gateway) Stats() proxy.Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	var sum proxy.Stats
	for _, s := range g.servers {
		one := s.Stats()
		sum.Clients += one.Clients
		sum.Calls += one.Calls
		sum.Mirrored += one.Mirrored
		sum.MirrorsDropped += one.MirrorsDropped
		sum.Backends = append(sum.Backends, one.Backends...)
	}
	slices.SortStableFunc(sum.Backends, func(a, b proxy.BackendStats) int { return strings.Compare(a.Address, b.Address) })
	return sum
}

// Shutdown closes every socket, tells clients to go and waits for their calls.
// When the context ends first, it cuts them off.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.mu.Lock()
	servers := g.servers
	g.servers, g.doors, g.order = map[string]*proxy.Server{}, map[frontKey]*door{}, nil
	g.mu.Unlock()
	defer g.halt()
	defer context.AfterFunc(ctx, g.halt)()
	errs := make(chan error, len(servers))
	for _, s := range servers {
		go func() { errs <- s.Shutdown(ctx) }()
	}
	var err error
	for range servers {
		err = errors.Join(err, <-errs)
	}
	g.tasks.Wait()
	return err
}

// Tables returns what is served now.
func (g *Gateway) Tables() []*routing.Table {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tables
}
