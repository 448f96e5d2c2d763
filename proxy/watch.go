package proxy

import (
	"errors"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

// watch looks after all connections once a second.
func (s *Server) watch() {
	for {
		select {
		case <-s.stop:
			return
		case now := <-s.ticker.C:
			for _, c := range s.list() {
				c.check(now)
			}
		}
	}
}

// silence is for how long nothing of use was heard, in looks; c.mu is held.
func (c *conn) silence(now time.Time) time.Duration {
	if c.heard {
		c.heard, c.active = false, now
	}
	return now.Sub(c.active)
}

// check ends a connection that is of no use any more, or asks its peer for a sign
// of life. Backends are found by TCP's keep-alive alone: many of them take an
// unasked PING for abuse.
func (c *conn) check(now time.Time) {
	c.release()
	if !c.server() && c.endpoint.mirror {
		c.expireMirrors(now)
	}
	o := &c.srv.options
	c.mu.Lock()
	silent := c.silence(now)
	c.shrink()
	var why error
	word := h2.NoError
	ping := false
	switch {
	case c.dead:
	case len(c.out) > hardLimit:
		why, word = errors.New("the peer reads nothing"), h2.EnhanceYourCalm
	case !c.quiet.IsZero() && now.Sub(c.quiet) > o.HeaderTimeout:
		why, word = errors.New("a header block or the preface is not completed"), h2.EnhanceYourCalm
	case !c.server() && (len(c.streams)+len(c.held) > 0 || c.nc == nil):
	case !c.server():
		if c.closing || c.retired {
			why = errors.New("the backend is no longer used")
		} else if silent > o.IdleTimeout {
			c.closing = true // it ends next time, when nobody can choose it any more
			c.room()
		}
	case !c.pinged.IsZero() && now.Sub(c.pinged) > o.KeepAlive/2:
		why = errors.New("the client does not answer")
	case len(c.streams) == 0 && silent > o.IdleTimeout:
		why = errors.New("the connection is idle")
	case silent > o.KeepAlive && c.pinged.IsZero() && c.quiet.IsZero():
		ping = true
		c.pinged = now
		c.out = h2.AppendPing(c.out, 0, [8]byte{})
	}
	if why != nil && c.server() {
		c.out = h2.AppendGoAway(c.out, c.lastID, word, why.Error())
	}
	c.mu.Unlock()
	if why == nil && !ping {
		return
	}
	var b batch
	b.touch(c)
	b.flush()
	if why != nil {
		c.abandon(why)
	}
}

// shrink lets the large buffers of a connection without calls go; c.mu is held.
func (c *conn) shrink() {
	if len(c.streams) > 0 || len(c.out) > 0 || c.writing {
		return
	}
	if cap(c.out) > idleSpare || cap(c.spare) > idleSpare {
		c.out, c.spare = nil, nil
	}
	if c.sealed != nil {
		c.sealed.shrink()
	}
}

// release moves the calls that wait on a connection which has no more streams to
// give.
func (c *conn) release() {
	c.mu.Lock()
	var stuck []*leg
	if c.closing && !c.dead {
		stuck, c.held = c.held, nil
		for _, l := range stuck {
			l.closed = true
		}
	}
	c.mu.Unlock()
	var b batch
	for _, l := range stuck {
		l.lost(&b, ending{code: h2.RefusedStream, text: "its connection has no streams left", unprocessed: true})
	}
	b.flush()
}
