package proxy

import (
	"sync"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"golang.org/x/net/http2/hpack"
)

// leg is a call's stream on one connection, guarded by that connection's lock.
type leg struct {
	call    *call // nil for a copy that goes to a mirror
	conn    *conn
	id      uint32 // 0 while it waits for a free stream
	queued  int32  // bytes of DATA in queue
	window  int64  // that the peer grants
	granted int64  // that the peer may still send
	owed    int32  // received and handed on, not given back yet
	size    int32  // of the window that we grant
	queue   []chunk
	recvEnd bool   // the peer has ended its side
	sentEnd bool   // we have ended ours
	blocked bool   // it is in the connection's list
	closed  bool   // the connection has forgotten it
	until   uint32 // of a copy whose call is over: when it must end, in seconds of the server; 0 for no limit
}

// chunk is DATA or a header block that could not be sent at once.
type chunk struct {
	data   []byte
	room   *[chunkSize]byte // of rooms, that data is in; nil for an array of its own
	fields []hpack.HeaderField
	end    bool
	from   *leg // whose bytes they are, to give credit back to; nil for ours
}

// sendHeaders writes a header block, or queues it behind what waits. The fields
// may be reused afterwards. The connection's lock is held.
func (l *leg) sendHeaders(fields []hpack.HeaderField, end bool) {
	switch {
	case l.closed || l.sentEnd:
	case l.id == 0 || len(l.queue) > 0:
		l.queue = append(l.queue, chunk{fields: append([]hpack.HeaderField(nil), fields...), end: end})
	default:
		l.conn.writeHeaders(l.id, fields, end)
		l.ended(end)
	}
}

// sendData writes bytes as far as the windows allow and queues the rest. It
// reports whether some wait; credit for those is given later, by the batch of
// whoever sends them. The connection's lock is held.
func (l *leg) sendData(b *batch, p []byte, end bool, from *leg) (waits bool) {
	c := l.conn
	n := int64(len(p))
	switch {
	case l.closed || l.sentEnd:
		return false
	case l.id != 0 && len(l.queue) == 0 && n <= l.window && n <= c.window && len(p) <= c.maxFrame && (len(c.out) < highWater || n == 0):
		c.writeData(l.id, p, end)
		l.window -= n
		c.window -= n
		l.ended(end)
		return false
	}
	l.hold(p, end, from)
	if l.id != 0 {
		l.drain(b)
	}
	return true
}

// hold queues bytes, in one piece with those before them as far as they are small,
// so that the windows bound the memory.
func (l *leg) hold(p []byte, end bool, from *leg) {
	l.queued += int32(len(p))
	l.conn.queued += int64(len(p))
	if n := len(l.queue); n > 0 {
		last := &l.queue[n-1]
		if last.fields == nil && last.from == from && !last.end && len(last.data)+len(p) <= chunkSize {
			last.data, last.end = append(last.data, p...), end
			return
		}
	}
	k := chunk{end: end, from: from}
	if len(p) <= chunkSize && l.queued >= chunkSize/4 { // more will follow
		k.room, _ = rooms.Get().(*[chunkSize]byte)
		k.data = k.room[:0]
	}
	k.data = append(k.data, p...)
	l.queue = append(l.queue, k)
}

// rooms are what DATA waits in, used again: a slow client is sent all its DATA
// through them.
var rooms = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// free gives the room of a chunk back, whose data is no longer needed.
func (k *chunk) free() {
	if k.room != nil {
		rooms.Put(k.room)
	}
	*k = chunk{}
}

// ended notes that our side is over; the connection's lock is held.
func (l *leg) ended(end bool) {
	if !end {
		return
	}
	l.sentEnd = true
	c := l.conn
	switch {
	case l.recvEnd:
		c.drop(l)
	case c.server():
		// A complete answer before the request's end (RFC 9113, 8.1).
		c.reset(l, h2.NoError)
	}
}

// drain sends what the windows allow; the connection's lock is held.
func (l *leg) drain(b *batch) {
	c := l.conn
	for len(l.queue) > 0 && !l.closed {
		k := &l.queue[0]
		if k.fields != nil {
			c.writeHeaders(l.id, k.fields, k.end)
		} else if !l.drainData(b, k) {
			return
		}
		end := k.end
		l.queue[0].free()
		l.queue = l.queue[1:]
		l.ended(end)
	}
	l.queue = nil
}

// drainData sends a chunk, and reports whether all of it went.
func (l *leg) drainData(b *batch, k *chunk) bool {
	c := l.conn
	for {
		n := min(len(k.data), c.maxFrame)
		if n > 0 && (c.window <= 0 || len(c.out) >= highWater) {
			if !l.blocked {
				l.blocked = true
				c.blocked = append(c.blocked, l)
			}
			return false
		}
		n = int(min(int64(n), c.window, l.window))
		if n <= 0 && len(k.data) > 0 {
			return false // the peer's WINDOW_UPDATE for the stream goes on with it
		}
		n = max(n, 0)
		last := n == len(k.data)
		c.writeData(l.id, k.data[:n], last && k.end)
		l.window -= int64(n)
		c.window -= int64(n)
		l.queued -= int32(n)
		c.queued -= int64(n)
		b.refund(k.from, int64(n))
		if k.data = k.data[n:]; last {
			return true
		}
	}
}

// discard gives back what waits in a stream that is over; the connection's lock
// is held.
func (l *leg) discard(b *batch) {
	for i := range l.queue {
		b.refund(l.queue[i].from, int64(len(l.queue[i].data)))
		l.queue[i].free()
	}
	l.conn.queued -= int64(l.queued)
	l.queue, l.queued = nil, 0
}

// pump goes on with the streams that waited for the connection; c.mu is held.
func (c *conn) pump(b *batch) {
	for range len(c.blocked) {
		if c.window <= 0 || len(c.out) >= highWater {
			return
		}
		l := c.blocked[0]
		c.blocked[0] = nil
		c.blocked = c.blocked[1:]
		l.blocked = false
		l.drain(b)
	}
}

// promote begins streams that waited for the backend to have one free; c.mu is
// held.
func (c *conn) promote(b *batch) {
	for len(c.held) > 0 && len(c.streams) < c.peerMax && !c.closing && !c.dead {
		l := c.held[0]
		c.held[0] = nil
		c.held = c.held[1:]
		if !l.closed {
			c.begin(l)
			l.drain(b)
		}
	}
	c.room()
}

// take begins a stream of ours, or lets it wait for a free one. It reports false
// when the connection takes no more; c.mu is held.
func (c *conn) take(l *leg) bool {
	if c.dead || c.closing {
		return false
	}
	if len(c.streams) < c.peerMax {
		c.begin(l)
	} else {
		c.held = append(c.held, l)
	}
	c.room()
	return true
}

// begin gives a stream of ours its id; c.mu is held.
func (c *conn) begin(l *leg) {
	l.id = c.nextID
	c.nextID += 2
	l.window, l.granted, l.size = c.initial, firstWindow, firstWindow
	c.streams[l.id] = l
	if c.nextID > h2.MaxStreamID-2 {
		c.closing = true
	}
}
