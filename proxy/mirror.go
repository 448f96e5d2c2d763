package proxy

import (
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"golang.org/x/net/http2/hpack"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// mirror is a RequestMirror filter made ready. A copy of a call is a leg without a
// call on a connection of its own, which no call ever waits for: what it does not
// take is dropped, and its answer is read and forgotten.
type mirror struct {
	backend  *backend
	num, den uint64 // the part of the calls that is copied
}

// mirrorSpec returns what a RequestMirror that has a target says, nil for another
// filter.
func mirrorSpec(f *topology.Filter) *gatewayv1.HTTPRequestMirrorFilter {
	switch {
	case f.Mirror == nil || f.Type != "RequestMirror":
		return nil
	case f.GRPC != nil:
		return f.GRPC.RequestMirror
	case f.HTTP != nil:
		return f.HTTP.RequestMirror
	}
	return nil
}

// newMirror makes a filter ready; ok is false for one that is no mirror.
func (s *Server) newMirror(st, old *state, c *Config, of *routing.Server, f *topology.Filter) (m mirror, ok bool) {
	spec := mirrorSpec(f)
	if spec == nil {
		return m, false
	}
	m.num, m.den = 1, 1
	switch {
	case spec.Fraction != nil:
		m.num, m.den = uint64(max(spec.Fraction.Numerator, 0)), 100
		if d := spec.Fraction.Denominator; d != nil && *d > 0 {
			m.den = uint64(*d)
		}
	case spec.Percent != nil:
		m.num, m.den = uint64(max(*spec.Percent, 0)), 100
	}
	m.backend = s.backend(st, old, c, of, f.Mirror, true)
	return m, true
}

// draws reports whether a call is copied, by a uniform random number.
func (m *mirror) draws(random uint64) bool {
	at, _ := bits.Mul64(random, m.den)
	return at < m.num
}

// mirror sends the head of a request to those mirrors that draw it; k.mu is held.
func (k *call) mirror(b *batch, to []mirror) {
	srv := k.down.conn.srv
	for i := range to {
		m := &to[i]
		if !m.draws(rand.Uint64()) {
			continue
		}
		c, err := m.backend.pick(k.down.conn)
		if err != nil {
			srv.dropped.Add(1)
			continue
		}
		setScheme(k.fields, m.backend.scheme)
		l := &leg{conn: c}
		c.mu.Lock()
		if !c.take(l) {
			c.mu.Unlock()
			srv.dropped.Add(1)
			continue
		}
		l.sendHeaders(k.fields, k.ended)
		c.mu.Unlock()
		b.touch(c)
		srv.mirrored.Add(1)
		k.copies++
		k.mirrors = append(k.mirrors, l)
	}
}

func setScheme(fields []hpack.HeaderField, scheme string) {
	for i := range fields {
		if fields[i].Name == ":scheme" {
			fields[i].Value = scheme
		}
	}
}

// copyData hands content to the mirrors, and drops the copies that fall behind;
// k.mu is held.
func (k *call) copyData(b *batch, p []byte, end bool) {
	for i := 0; i < len(k.mirrors); {
		l := k.mirrors[i]
		c := l.conn
		c.mu.Lock()
		gone := l.closed
		if n := len(p); !gone && (int(l.queued)+n > mirrorQueue || c.queued+int64(n) > mirrorQueues) {
			l.cut(b)
			c.srv.dropped.Add(1)
			gone = true
		}
		if !gone {
			l.sendData(b, p, end, nil)
		}
		c.mu.Unlock()
		b.touch(c)
		if gone {
			k.forget(i)
		} else {
			i++
		}
	}
}

func (k *call) forget(i int) {
	last := len(k.mirrors) - 1
	k.mirrors[i], k.mirrors[last] = k.mirrors[last], nil
	k.mirrors = k.mirrors[:last]
}

// copyTrailers hands the trailers of a request to the mirrors; k.mu is held.
func (k *call) copyTrailers(b *batch, fields []hpack.HeaderField) {
	for _, l := range k.mirrors {
		l.conn.mu.Lock()
		l.sendHeaders(fields, true)
		l.conn.mu.Unlock()
		b.touch(l.conn)
	}
}

// leaveMirrors lets the copies of a complete request go on for a while, and ends
// those of one that was given up; k.mu is held.
func (k *call) leaveMirrors(b *batch) {
	for _, l := range k.mirrors {
		c := l.conn
		c.mu.Lock()
		if k.ended {
			l.until = c.srv.seconds(time.Now().Add(c.srv.options.MirrorGrace)) + 1
		} else {
			l.cut(b)
		}
		c.mu.Unlock()
		b.touch(c)
	}
	k.mirrors = nil
}

// seconds is a time as [leg.until] counts it.
func (s *Server) seconds(now time.Time) uint32 { return uint32(now.Sub(s.start) / time.Second) }

// cut gives a copy up; the connection's lock is held.
func (l *leg) cut(b *batch) {
	l.discard(b)
	l.conn.reset(l, h2.Cancel)
	l.conn.promote(b)
}

// answered ends a copy whose answer is complete.
func (l *leg) answered(b *batch) {
	c := l.conn
	c.mu.Lock()
	l.discard(b)
	if l.sentEnd {
		c.drop(l)
	} else {
		c.reset(l, h2.NoError)
	}
	c.promote(b)
	c.mu.Unlock()
	b.touch(c)
}

// lost tells the call of a leg that it is gone.
func (l *leg) lost(b *batch, e ending) {
	if l.call != nil {
		l.call.lost(b, l, e)
		return
	}
	l.conn.mu.Lock()
	l.discard(b)
	l.conn.mu.Unlock()
	l.conn.srv.dropped.Add(1)
}

// expireMirrors gives up the copies whose call is over for long.
func (c *conn) expireMirrors(now time.Time) {
	var b batch
	c.mu.Lock()
	at := c.srv.seconds(now)
	var over []*leg
	for _, l := range c.streams {
		if l.until != 0 && l.until < at {
			over = append(over, l)
		}
	}
	for _, l := range c.held {
		if l.until != 0 && l.until < at {
			over = append(over, l)
		}
	}
	for _, l := range over {
		l.cut(&b)
		c.srv.dropped.Add(1)
	}
	c.mu.Unlock()
	b.touch(c)
	b.flush()
}
