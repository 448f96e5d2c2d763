package proxy

import (
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

// credit notes bytes of a stream that were handed on, and grants the peer more
// when a good part of a window is due; c.mu is held.
func (c *conn) credit(l *leg, n int64) {
	if c.owed >= connWindow/4 && (c.waiting < maxHeld || c.waiting < maxShared && !c.server()) {
		c.out = h2.AppendWindowUpdate(c.out, 0, c.owed)
		c.granted += c.owed
		c.owed = 0
	}
	if l == nil || l.closed || l.recvEnd {
		return
	}
	if l.owed += int32(n); l.owed >= l.size/2 {
		more := min(l.size, streamWindow-l.size)
		l.size += more
		c.out = h2.AppendWindowUpdate(c.out, l.id, int64(l.owed+more))
		l.granted += int64(l.owed + more)
		l.owed = 0
	}
}

// onData takes the content of a call.
func (c *conn) onData(f h2.Frame, p []byte) error {
	l, err := c.received(f)
	if l == nil || err != nil {
		return err
	}
	content, err := h2.Unpad(f, p)
	if err != nil {
		return err
	}
	waits := false
	switch end := f.Flags.Has(h2.EndStream); {
	case l.call != nil:
		waits, err = l.call.data(&c.batch, l, content, end)
	case end:
		l.answered(&c.batch)
	}
	n := int64(f.Length)
	c.mu.Lock()
	if waits {
		c.waiting += int64(len(content))
		n -= int64(len(content)) // given back when they are sent
	}
	before := l.owed
	c.credit(l, n)
	if l.owed < before {
		c.batch.touch(c)
	}
	c.mu.Unlock()
	return err
}

// received accounts for a DATA frame and returns its stream, nil when we gave it
// up.
func (c *conn) received(f h2.Frame) (*leg, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle(f.Stream) {
		return nil, &h2.ConnError{Code: h2.ProtocolError, Reason: "DATA on a stream that was never begun"}
	}
	n := int64(f.Length)
	c.granted -= n
	c.owed += n
	c.credit(nil, 0)
	c.heard = true
	if c.owed == 0 {
		c.batch.touch(c)
	}
	l := c.streams[f.Stream]
	switch {
	case c.granted < 0:
		return nil, &h2.ConnError{Code: h2.FlowControlError, Reason: "more DATA than the connection's window grants"}
	case l == nil && c.wasReset(f.Stream):
		return nil, nil
	case l == nil || l.recvEnd:
		return nil, &h2.StreamError{Stream: f.Stream, Code: h2.StreamClosed, Reason: "DATA after the end of the stream"}
	}
	if l.granted -= n; l.granted < 0 {
		return nil, &h2.StreamError{Stream: f.Stream, Code: h2.FlowControlError, Reason: "more DATA than the stream's window grants"}
	}
	l.recvEnd = f.Flags.Has(h2.EndStream)
	return l, nil
}

// onWindowUpdate lets waiting DATA go.
func (c *conn) onWindowUpdate(id uint32, n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case id != 0 && c.idle(id):
		return &h2.ConnError{Code: h2.ProtocolError, Reason: "WINDOW_UPDATE on a stream that was never begun"}
	case n == 0 && id == 0:
		return &h2.ConnError{Code: h2.ProtocolError, Reason: "WINDOW_UPDATE by 0"}
	case n == 0:
		return &h2.StreamError{Stream: id, Code: h2.ProtocolError, Reason: "WINDOW_UPDATE by 0"}
	case id == 0:
		if c.window += n; c.window > h2.MaxWindow {
			return &h2.ConnError{Code: h2.FlowControlError, Reason: "a window over 2^31-1"}
		}
		if len(c.blocked) > 0 {
			c.batch.touch(c) // flush pumps
		}
		return nil
	}
	l := c.streams[id]
	if l == nil {
		return nil
	}
	if l.window += n; l.window > h2.MaxWindow {
		return &h2.StreamError{Stream: id, Code: h2.FlowControlError, Reason: "a window over 2^31-1"}
	}
	if len(l.queue) > 0 {
		l.drain(&c.batch)
		c.promote(&c.batch)
		c.batch.touch(c)
	}
	return nil
}

// onSettings takes the peer's parameters and acknowledges them.
func (c *conn) onSettings(f h2.Frame, p []byte) error {
	if f.Flags.Has(h2.Ack) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.greeted {
		c.greeted = true
		if !c.server() {
			c.quiet = time.Time{}
		}
		c.setPeerMax(h2.MaxStreamID) // unless it says otherwise
	}
	// First the acknowledgement, then what the new window lets go.
	c.out = h2.Append(c.out, 0, h2.Settings, h2.Ack, 0)
	if err := h2.EachSetting(p, c.setting); err != nil {
		return err
	}
	c.promote(&c.batch)
	c.batch.touch(c)
	return nil
}

// setting takes one parameter; c.mu is held.
func (c *conn) setting(s h2.Setting) error {
	switch s.ID {
	case h2.HeaderTableSize:
		c.enc.SetLimit(s.Value)
	case h2.MaxConcurrentStreams:
		c.setPeerMax(s.Value)
	case h2.MaxFrame:
		c.maxFrame = int(min(s.Value, 64<<10))
	case h2.InitialWindowSize:
		change := int64(s.Value) - c.initial
		c.initial = int64(s.Value)
		for _, l := range c.streams {
			if l.window += change; l.window > h2.MaxWindow {
				return &h2.ConnError{Code: h2.FlowControlError, Reason: "a window over 2^31-1"}
			}
			if change > 0 && len(l.queue) > 0 {
				l.drain(&c.batch)
			}
		}
	}
	return nil
}

// setPeerMax takes how many streams the peer grants; c.mu is held.
func (c *conn) setPeerMax(n uint32) {
	c.peerMax = int(min(n, h2.MaxStreamID))
	if !c.server() && c.endpoint.mirror {
		c.peerMax = min(c.peerMax, mirrorStreams)
	}
}

func (c *conn) onPing(f h2.Frame, p []byte) {
	c.mu.Lock()
	c.heard, c.pinged = true, time.Time{}
	if !f.Flags.Has(h2.Ack) {
		c.acknowledge([8]byte(p))
	}
	c.mu.Unlock()
}
