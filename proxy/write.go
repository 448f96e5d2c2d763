package proxy

import (
	"net"
	"slices"
	"sync"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"golang.org/x/net/http2/hpack"
)

// batch is what one goroutine has to do once it holds no lock: connections to
// flush and credit to give back.
type batch struct {
	conns   []*conn
	refunds []refund
}

type refund struct {
	to *leg
	n  int64
}

func (b *batch) touch(c *conn) {
	for _, have := range b.conns {
		if have == c {
			return
		}
	}
	b.conns = append(b.conns, c)
}

func (b *batch) refund(to *leg, n int64) {
	if to != nil && n > 0 {
		b.refunds = append(b.refunds, refund{to, n})
	}
}

// settle gives credit back for bytes that were handed on after they had waited.
func (b *batch) settle() {
	for i := 0; i < len(b.refunds); i++ {
		l, n := b.refunds[i].to, b.refunds[i].n
		c := l.conn
		c.mu.Lock()
		c.waiting -= n
		c.credit(l, n)
		c.mu.Unlock()
		b.touch(c)
	}
	clear(b.refunds) // they would keep connections of the past
	b.refunds = b.refunds[:0]
}

// flush settles and writes until nothing is left to do.
func (b *batch) flush() {
	for len(b.refunds) > 0 || len(b.conns) > 0 {
		b.settle()
		conns := b.conns
		b.conns = nil
		for i, c := range conns {
			c.flush(b)
			conns[i] = nil
		}
		if b.conns == nil {
			b.conns = conns[:0]
		}
	}
}

// flush writes the buffer as far as the socket takes it; a goroutine does the
// rest, so that no reader waits for a peer.
func (c *conn) flush(b *batch) {
	c.mu.Lock()
	if c.writing || c.dead {
		c.mu.Unlock()
		return
	}
	c.writing = true
	for !c.dead {
		c.pump(b)
		if len(c.out) == c.patient {
			break // nothing, or what can wait
		}
		text := c.out
		c.out, c.spare, c.patient = c.spare, nil, 0
		c.mu.Unlock()
		whole, n := c.try(text)
		if n < len(whole) {
			go c.slow(whole, n)
			return
		}
		c.mu.Lock()
		c.keep(text)
	}
	c.writing = false
	c.mu.Unlock()
}

// keep keeps a buffer that is written for the next batch; c.mu is held.
func (c *conn) keep(text []byte) {
	if cap(text) <= maxSpare && !c.dead {
		c.spare = text[:0]
	}
}

// try writes without waiting. It returns the bytes for the socket, which with TLS
// are the sealed ones, and how many of them it took.
func (c *conn) try(text []byte) (whole []byte, n int) {
	whole = text
	if c.sealed != nil {
		if _, err := c.nc.Write(text); err != nil {
			c.abandon(err)
			return nil, 0
		}
		whole = c.sealed.take()
	}
	if c.socket != nil {
		n = c.socket.try(whole)
	}
	if n < len(whole) {
		if c.sealed != nil {
			c.mu.Lock()
			c.keep(text)
			c.mu.Unlock()
		}
	} else if c.sealed != nil {
		c.sealed.give(whole)
	}
	return whole, n
}

// slow writes what the socket did not take at once, the bytes from n on. Their
// buffer is used again: one that grew anew for each batch would cost a slow client
// more than what it reads.
func (c *conn) slow(whole []byte, n int) {
	below := c.nc
	if c.sealed != nil {
		below = c.sealed.Conn
	}
	err := below.SetWriteDeadline(time.Now().Add(c.srv.options.WriteTimeout))
	if err == nil {
		_, err = below.Write(whole[n:])
	}
	if err != nil {
		c.abandon(err)
		return
	}
	if c.sealed != nil {
		c.sealed.give(whole)
	}
	c.mu.Lock()
	if c.sealed == nil {
		c.keep(whole)
	}
	c.writing = false
	c.mu.Unlock()
	var b batch
	b.touch(c)
	b.flush()
}

// abandon closes the socket, upon which the reader cleans up.
func (c *conn) abandon(err error) {
	c.mu.Lock()
	if c.cause == nil {
		c.cause = err
	}
	c.dead, c.closing = true, true
	c.room()
	nc := c.nc
	c.mu.Unlock()
	if nc != nil {
		_ = nc.Close()
	}
}

// writeHeaders appends a header block; c.mu is held.
func (c *conn) writeHeaders(id uint32, fields []hpack.HeaderField, end bool) {
	f := h2.EndHeaders
	if end {
		f |= h2.EndStream
	}
	start := len(c.out)
	c.out = c.enc.Begin(h2.Append(c.out, 0, h2.Headers, f, id))
	for i := range fields {
		c.out = c.enc.Append(c.out, &fields[i])
	}
	if n := len(c.out) - start - h2.HeaderLen; n <= c.maxFrame {
		h2.SetLength(c.out[start:], n)
		return
	}
	c.splitHeaders(start, id, f)
}

// splitHeaders makes HEADERS and CONTINUATION of a block that is too long for one
// frame; it begins behind the frame header at start.
func (c *conn) splitHeaders(start int, id uint32, f h2.Flags) {
	text := slices.Clone(c.out[start+h2.HeaderLen:])
	c.out = c.out[:start]
	f &^= h2.EndHeaders
	for t := h2.Headers; len(text) > 0; t, f = h2.Continuation, 0 {
		n := min(len(text), c.maxFrame)
		if n == len(text) {
			f |= h2.EndHeaders
		}
		c.out = append(h2.Append(c.out, n, t, f, id), text[:n]...)
		text = text[n:]
	}
}

func (c *conn) writeData(id uint32, p []byte, end bool) {
	var f h2.Flags
	if end {
		f = h2.EndStream
	}
	c.out = append(h2.Append(c.out, len(p), h2.Data, f, id), p...)
}

// sealed is the connection below TLS. After the handshake it keeps what TLS
// writes until it is taken, so that writing never waits.
type sealed struct {
	net.Conn
	socket *socket
	mu     sync.Mutex
	keep   bool
	text   []byte
	free   []byte // to write into once text is taken
}

func seal(nc net.Conn) *sealed { return &sealed{Conn: nc, socket: newSocket(nc)} }

// Read reads what TLS has to open.
func (s *sealed) Read(p []byte) (int, error) {
	if s.socket == nil {
		return s.Conn.Read(p)
	}
	return s.socket.Read(p)
}

// Write keeps bytes, or writes them during the handshake.
func (s *sealed) Write(p []byte) (int, error) {
	s.mu.Lock()
	if !s.keep {
		s.mu.Unlock()
		return s.Conn.Write(p)
	}
	s.text = append(s.text, p...)
	s.mu.Unlock()
	return len(p), nil
}

func (s *sealed) start() {
	s.mu.Lock()
	s.keep = true
	s.mu.Unlock()
}

func (s *sealed) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text
	s.text, s.free = s.free, nil
	return text
}

// give takes back what was taken and is written.
func (s *sealed) give(text []byte) {
	if cap(text) > maxSpare {
		return
	}
	s.mu.Lock()
	s.free = text[:0]
	s.mu.Unlock()
}

// shrink lets a large buffer go.
func (s *sealed) shrink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(s.free) > idleSpare {
		s.free = nil
	}
	if len(s.text) == 0 && cap(s.text) > idleSpare {
		s.text = nil
	}
}
