package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

// Server carries calls. Its zero value is not usable; see [New].
type Server struct {
	options Options
	state   atomic.Pointer[state]

	mu      sync.Mutex // last in the order of locks
	conns   map[*conn]bool
	ports   []*port
	closing bool
	ticker  *time.Ticker
	stop    chan struct{}
}

// Listener is what a socket that clients connect to stands for.
type Listener struct {
	Gateway string      // "NS/NAME", as in [routing.Request]
	Port    int32       // of the Gateway's listener
	TLS     *tls.Config // nil for cleartext by prior knowledge
}

type port struct {
	Listener
	socket net.Listener
}

// New returns a Server of a configuration.
func New(c Config, o Options) *Server {
	o.fill()
	s := &Server{options: o, conns: map[*conn]bool{}, ticker: time.NewTicker(time.Second), stop: make(chan struct{})}
	s.Update(c)
	go s.watch()
	return s
}

// Serve accepts clients until the listener is closed, by [Server.Shutdown] or by
// the caller.
func (s *Server) Serve(socket net.Listener, l Listener) error {
	at := &port{l, socket}
	if at.TLS != nil {
		at.TLS = at.TLS.Clone()
		at.TLS.NextProtos = []string{"h2", "http/1.1"}
		at.TLS.DynamicRecordSizingDisabled = true
	}
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

// client serves one connection.
func (s *Server) client(nc net.Conn, at *port) {
	if t, ok := nc.(*net.TCPConn); ok {
		_ = t.SetKeepAliveConfig(keepAlive) // without it a vanished client is found by PING
	}
	c := newConn(s)
	c.port, c.writing = at, true
	below, kept := nc, (*sealed)(nil)
	if at.TLS != nil {
		kept = &sealed{Conn: nc}
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
	s.conns[c] = true
	return !s.closing || !c.server()
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

// Shutdown closes the listeners, tells clients to go in two steps (RFC 9113, 6.8)
// and waits for calls in flight. When the context ends first, it cuts them off.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.closing
	s.closing = true
	ports := s.ports
	s.mu.Unlock()
	for _, p := range ports {
		_ = p.socket.Close() // a caller may have closed it
	}
	if first {
		for _, c := range s.list() {
			c.goAway(h2.MaxStreamID)
		}
		pause(ctx, 100*time.Millisecond) // calls that are on their way
	}
	for {
		left := 0
		for _, c := range s.list() {
			if c.leave() {
				left++
			}
		}
		if left == 0 || ctx.Err() != nil {
			break
		}
		pause(ctx, 10*time.Millisecond)
	}
	if first {
		s.ticker.Stop()
		close(s.stop)
	}
	for _, c := range s.list() {
		c.abandon(errors.New("the proxy shuts down"))
	}
	return ctx.Err()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// goAway tells a client up to which stream calls are served.
func (c *conn) goAway(last uint32) {
	if !c.server() {
		return
	}
	c.mu.Lock()
	c.out = h2.AppendGoAway(c.out, last, h2.NoError, "")
	c.mu.Unlock()
	var b batch
	b.touch(c)
	b.flush()
}

// leave refuses new calls on a client's connection, and reports whether calls are
// left on it.
func (c *conn) leave() bool {
	if !c.server() {
		return false
	}
	c.mu.Lock()
	first := !c.closing
	if first {
		c.closing, c.refuse = true, c.lastID
	}
	last, left := c.refuse, len(c.streams)+len(c.out)
	c.mu.Unlock()
	if first {
		c.goAway(last)
	}
	return left > 0
}

// linger lets a peer read the last word before the socket is closed: closing with
// unread bytes would take it back.
func linger(nc net.Conn, lastWord bool) {
	below := nc
	if t, ok := nc.(*tls.Conn); ok {
		below = t.NetConn()
		if s, ok := below.(*sealed); ok {
			below = s.Conn
		}
	}
	if t, ok := below.(*net.TCPConn); ok && lastWord {
		_ = t.CloseWrite()
		_ = t.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, _ = io.CopyN(io.Discard, t, 1<<20)
	}
	_ = below.Close() // there is nothing left to lose
}
