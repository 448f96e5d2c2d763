package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

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
	s.drain(ctx, first, func(*conn) bool { return true })
	if first {
		s.ticker.Stop()
		close(s.stop)
	}
	for _, c := range s.list() {
		c.cutOff(errShutdown)
	}
	return ctx.Err()
}

var (
	errShutdown = errors.New("the proxy shuts down")
	errDrained  = errors.New("the listener was removed")
)

// Drain closes a socket that [Server.Serve] accepts clients from, and tells those
// that came by it to go, in two steps (RFC 9113, 6.8). It waits for their calls;
// when the context ends first, it cuts them off. Other clients notice nothing.
// A socket that is not served is an error.
func (s *Server) Drain(ctx context.Context, socket net.Listener) error {
	s.mu.Lock()
	var at *port
	for i, p := range s.ports {
		if p.socket == socket {
			at, s.ports = p, slices.Delete(slices.Clone(s.ports), i, i+1)
			p.drained = true
			break
		}
	}
	s.mu.Unlock()
	if at == nil {
		return errors.New("drain: the socket is not served")
	}
	_ = socket.Close() // a caller may have closed it
	its := func(c *conn) bool { return c.port == at }
	s.drain(ctx, true, its)
	for _, c := range s.list() {
		if its(c) {
			c.cutOff(errDrained)
		}
	}
	return ctx.Err()
}

// drain lets the calls of some connections end, and tells their clients to go.
func (s *Server) drain(ctx context.Context, first bool, which func(*conn) bool) {
	if first {
		for _, c := range s.list() {
			if which(c) {
				c.goAway(h2.MaxStreamID)
			}
		}
		pause(ctx, 100*time.Millisecond) // calls that are on their way
	}
	for {
		left := 0
		for _, c := range s.list() {
			if which(c) && c.leave() {
				left++
			}
		}
		if left == 0 || ctx.Err() != nil {
			break
		}
		pause(ctx, 10*time.Millisecond)
	}
	// Clients that understood close on their own, having read all there was.
	for range 20 {
		if ctx.Err() != nil || !slices.ContainsFunc(s.list(), func(c *conn) bool { return c.server() && which(c) }) {
			return
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// cutOff answers the calls that are left on a client's connection, as far as the
// socket takes it at once, and closes it.
func (c *conn) cutOff(why error) {
	if c.server() {
		c.mu.Lock()
		left := slices.Collect(maps.Values(c.streams))
		c.mu.Unlock()
		var b batch
		for _, l := range left {
			l.call.giveUp(&b, unavailable, why)
		}
		b.flush()
	}
	c.abandon(why)
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
	if c.writing {
		left++
	}
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
