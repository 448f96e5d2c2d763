package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Server carries calls. Its zero value is not usable; see [New].
type Server struct {
	options Options
	state   atomic.Pointer[state]
	update  sync.Mutex // one Update at a time
	start   time.Time
	// Copies of calls for mirrors: begun, and not begun or cut off.
	mirrored, dropped atomic.Uint64

	late    late
	mu      sync.Mutex // last in the order of locks
	conns   map[*conn]bool
	ports   []*port
	closing bool
	ticker  *time.Ticker
	stop    chan struct{}
}

// Listener is what a socket that clients connect to stands for.
type Listener struct {
	Gateway string // "NS/NAME", as in [routing.Request]
	Port    int32  // of the Gateway's listener
	// TLS is nil for cleartext by prior knowledge. Its GetCertificate and
	// GetConfigForClient are asked at each handshake, so that certificates can be
	// renewed while serving. NextProtos is ours, also of what they return.
	TLS *tls.Config
}

type port struct {
	Listener
	socket  net.Listener
	drained bool // guarded by the server's lock: its clients are to go
}

// New returns a Server of a configuration.
func New(c Config, o Options) *Server {
	o.fill()
	s := &Server{options: o, start: time.Now(), conns: map[*conn]bool{}, ticker: time.NewTicker(time.Second), stop: make(chan struct{})}
	s.Update(c)
	go s.watch()
	return s
}

// Serve accepts clients until [Server.Drain] or [Server.Shutdown] closes the
// listener, or the caller does, whose clients then stay. It returns nil.
func (s *Server) Serve(socket net.Listener, l Listener) error {
	at := &port{Listener: l, socket: socket}
	at.TLS = offering(l.TLS)
	s.mu.Lock()
	s.ports = append(s.ports, at)
	closing := s.closing
	s.mu.Unlock()
	if closing {
		return socket.Close()
	}
	for {
		nc, err := socket.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			// As when descriptors run out, which passes.
			select {
			case <-time.After(50 * time.Millisecond):
			case <-s.stop:
				return nil
			}
		default:
			go s.client(nc, at)
		}
	}
}

// offering returns a configuration that offers what is understood here.
func offering(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.NextProtos = []string{"h2", "http/1.1"}
	c.DynamicRecordSizingDisabled = true
	if choose := c.GetConfigForClient; choose != nil {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			return offering(chosen), err
		}
	}
	return c
}

// client serves one connection.
func (s *Server) client(nc net.Conn, at *port) {
	if t, ok := nc.(*net.TCPConn); ok {
		_ = t.SetKeepAliveConfig(keepAlive) // without it a vanished client is found by PING
	}
	c := newConn(s)
	c.port, c.writing, c.peer = at, true, nc.RemoteAddr().String()
	below, kept := nc, (*sealed)(nil)
	if at.TLS != nil {
		kept = seal(nc)
		t := tls.Server(kept, at.TLS)
		ctx, cancel := context.WithTimeout(context.Background(), s.options.HeaderTimeout)
		err := t.HandshakeContext(ctx)
		cancel()
		if err != nil {
			_ = nc.Close()
			return
		}
		kept.start()
		c.sni = t.ConnectionState().ServerName
		nc = t
	}
	c.attach(nc, below, kept)
	if !s.track(c) {
		_ = nc.Close()
		return
	}
	c.run()
}

// track remembers a connection; it reports whether a client's is welcome.
func (s *Server) track(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.server() && (s.closing || c.port.drained) {
		return false
	}
	s.conns[c] = true
	return true
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

func (s *Server) list() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		out = append(out, c)
	}
	return out
}
