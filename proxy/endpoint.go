package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

// backend is where the calls of one backendRef go.
type backend struct {
	why       error // what calls are told when there are no endpoints
	endpoints []*endpoint
	scheme    string
	next      atomic.Uint32
}

var errNoAddress = errors.New("no address is known for it")

// pick returns a connection to one of the backend's addresses, which take turns.
// An address that did not answer lately is left out.
func (u *backend) pick(down *conn) (*conn, error) {
	n := uint32(len(u.endpoints))
	if n == 0 {
		return nil, u.why
	}
	at := uint32(0)
	if n > 1 {
		at = u.next.Add(1)
	}
	var err error
	for i := range n {
		c, failed := u.endpoints[(at+i)%n].pick(down)
		if failed == nil {
			return c, nil
		}
		err = failed
	}
	return nil, err
}

// endpoint is one address and the connections to it.
type endpoint struct {
	srv     *Server
	address string
	tls     *tls.Config
	mirror  bool // it takes copies only

	mu       sync.Mutex
	conns    []*conn
	failures int
	failed   error
	retry    time.Time
	retired  bool
}

// Back-off of an address that does not answer.
const (
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = time.Second
)

// pick returns a connection with a free stream, a new one, or the one in whose
// queue the least calls wait.
func (e *endpoint) pick(*conn) (*conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	most, queued := maxConns, int64(maxQueued)
	if e.mirror {
		most, queued = mirrorConns, mirrorWaiting
	}
	var best *conn
	var room int64
	for _, c := range e.conns {
		n := c.remaining.Load()
		if n > 0 {
			return c, nil
		}
		if n > -queued && (best == nil || n > room) {
			best, room = c, n
		}
	}
	switch {
	case e.failures > 0 && time.Now().Before(e.retry):
		return nil, e.failed
	case len(e.conns) < most:
		c := newConn(e.srv)
		c.endpoint, c.writing, c.retired = e, true, e.retired
		c.mu.Lock()
		c.greet()
		c.room()
		c.mu.Unlock()
		e.conns = append(e.conns, c)
		e.srv.track(c)
		go c.dial()
		return c, nil
	case best != nil:
		return best, nil
	}
	return nil, fmt.Errorf("%s has too many calls waiting", e.address)
}

func (e *endpoint) remove(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, have := range e.conns {
		if have == c {
			e.conns = append(e.conns[:i:i], e.conns[i+1:]...)
			return
		}
	}
}

// answered notes whether the address takes connections.
func (e *endpoint) answered(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil {
		e.failures, e.failed = 0, nil
		return
	}
	e.failed = err
	e.retry = time.Now().Add(min(firstBackoff<<min(e.failures, 10), lastBackoff))
	e.failures++
}

// retire lets the connections end with their calls, those that still wait
// included. A call that chose the address a moment ago may still come.
func (e *endpoint) retire() {
	e.mu.Lock()
	conns := slices.Clone(e.conns)
	e.retired = true
	e.mu.Unlock()
	for _, c := range conns {
		c.mu.Lock()
		c.retired = true
		empty := len(c.streams)+len(c.held) == 0
		c.room()
		c.mu.Unlock()
		if empty {
			c.abandon(nil)
		}
	}
}

// dial connects to the backend and reads. Calls wait in the connection meanwhile.
func (c *conn) dial() {
	nc, below, s, err := c.endpoint.connect()
	c.endpoint.answered(err)
	if err != nil {
		c.end(err)
		return
	}
	c.attach(nc, below, s)
	c.batch.touch(c)
	c.run()
}

func (e *endpoint) connect() (nc, below net.Conn, s *sealed, err error) {
	d := net.Dialer{Timeout: e.srv.options.DialTimeout, KeepAliveConfig: keepAlive}
	below, err = d.Dial("tcp", e.address)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("connect to %s: %w", e.address, shortened(err))
	}
	if e.tls == nil {
		return below, below, nil, nil
	}
	s = seal(below)
	t := tls.Client(s, e.tls)
	ctx, cancel := context.WithTimeout(context.Background(), e.srv.options.DialTimeout)
	defer cancel()
	err = t.HandshakeContext(ctx)
	if err == nil && t.ConnectionState().NegotiatedProtocol != "h2" {
		err = errors.New("the backend does not offer h2 by ALPN")
	}
	if err != nil {
		_ = below.Close()
		return nil, nil, nil, fmt.Errorf("TLS with %s: %w", e.address, err)
	}
	s.start()
	return t, below, s, nil
}

// keepAlive finds peers that vanished without a word.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// shortened drops what net repeats of the address.
func shortened(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// end cleans up after a connection: peers learn why, calls end or move.
func (c *conn) end(err error) {
	c.mu.Lock()
	wrong, isWrong := errors.AsType[*h2.ConnError](err)
	if isWrong && !c.dead {
		c.out = h2.AppendGoAway(c.out, c.lastID, wrong.Code, wrong.Reason)
	}
	c.mu.Unlock()
	if isWrong {
		c.flush(&c.batch)
	}
	c.mu.Lock()
	if c.cause == nil {
		c.cause = err
	}
	text := fmt.Sprint("the connection was lost: ", c.cause)
	unseen := !c.greeted
	if c.nc == nil && err != nil {
		text = err.Error()
	}
	c.dead, c.closing = true, true
	c.alarm.stop()
	legs := c.held
	began := len(legs)
	for _, l := range c.streams {
		legs = append(legs, l)
	}
	c.streams, c.held, c.blocked = map[uint32]*leg{}, nil, nil
	c.out, c.spare = nil, nil
	for _, l := range legs {
		l.closed = true
	}
	c.room()
	nc := c.nc
	c.mu.Unlock()
	if nc != nil {
		linger(nc, isWrong)
	}
	if c.endpoint != nil {
		c.endpoint.remove(c)
	}
	for i, l := range legs {
		l.lost(&c.batch, ending{code: h2.ConnectError, text: text, unprocessed: unseen || i < began, gone: true})
	}
	c.batch.flush()
	c.srv.forget(c)
}
