package proxy

import (
	"errors"
	"sync"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"github.com/grpcroute/grpcroute/routing"
	"golang.org/x/net/http2/hpack"
)

// call is one request and its answer: a leg to the client and, once a backend is
// chosen, a leg to that.
type call struct {
	mu       sync.Mutex // before any connection's
	down     leg
	up       *leg   // the present attempt; nil for an answer of our own
	mirrors  []*leg // copies that are still fed
	listener *routing.Listener
	plan     *plan
	target   *target
	length   int64 // of the content that is still to come, by content-length; -1 when not said
	begun    []byte
	fields   []hpack.HeaderField // of the request, kept for another attempt
	// deadline is that of grpc-timeout or of the rule; the zero time for none.
	deadline time.Time
	due      time.Duration // the same since the start of the server, 0 for none; guarded by the client's connection

	done    bool // the answer is complete, or nobody wants it
	headed  bool // the client has response headers
	ended   bool // the request is complete
	keep    bool // another attempt is possible
	isGRPC  bool
	ruled   bool  // the deadline is the rule's
	plain   int32 // bytes taken of a request that is not gRPC
	tries   int32
	copies  int32 // mirrors begun
	http    int32 // status that the client got
	started time.Time

	authority, path, message string
	received, returned       int64 // bytes of content
}

// ending is how a leg was lost.
type ending struct {
	code        h2.Code
	text        string
	unprocessed bool // the backend has not seen the call
	gone        bool // the connection is gone
}

// late says which deadline has passed.
func (k *call) late() string {
	if k.ruled {
		return "the rule's timeout of " + k.plan.timeout.String() + " has passed"
	}
	return "the deadline of the call has passed"
}

// nearDeadline is by how much a backend's reading of a timeout may differ.
const nearDeadline = 50 * time.Millisecond

// data hands content on. It reports whether some has to wait.
func (k *call) data(b *batch, from *leg, p []byte, end bool) (waits bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if from == &k.down {
		return k.requestData(b, p, end)
	}
	if from != k.up || k.done {
		return false, nil
	}
	k.returned += int64(len(p))
	to := &k.down
	to.conn.mu.Lock()
	waits = to.sendData(b, p, end, from)
	to.conn.mu.Unlock()
	b.touch(to.conn)
	if end {
		// A gRPC answer ends with trailers; this one has no status.
		k.finish(codeOf(int(k.http)))
		k.leave(b, h2.NoError)
	}
	return waits, nil
}

func (k *call) requestData(b *batch, p []byte, end bool) (waits bool, err error) {
	if k.length >= 0 {
		if k.length -= int64(len(p)); k.length < 0 || end && k.length != 0 {
			return false, &h2.StreamError{Stream: k.down.id, Code: h2.ProtocolError, Reason: "content-length differs from the length of the content"}
		}
	}
	k.ended = k.ended || end
	k.received += int64(len(p))
	switch {
	case k.done:
		return false, nil
	case k.up == nil:
		k.plainData(b, len(p), end)
		return false, nil
	}
	if k.keep {
		if len(k.begun)+len(p) > maxReplay {
			k.keep, k.begun, k.fields = false, nil, nil
		} else {
			k.begun = append(k.begun, p...)
		}
	}
	if len(k.mirrors) > 0 {
		k.copyData(b, p, end)
	}
	up := k.up
	up.conn.mu.Lock()
	waits = up.sendData(b, p, end, &k.down)
	up.conn.mu.Unlock()
	b.touch(up.conn)
	return waits, nil
}

// attempt sends the request to a backend, or fails the call.
func (k *call) attempt(b *batch) {
	for {
		k.tries++
		c, err := k.target.backend.pick(k.down.conn)
		if err != nil {
			k.fail(b, unavailable, k.target.says(err))
			return
		}
		up := &leg{call: k, conn: c}
		c.mu.Lock()
		if !c.take(up) {
			c.mu.Unlock()
			continue // it went away since it was picked
		}
		up.sendHeaders(k.fields, k.ended && len(k.begun) == 0)
		if len(k.begun) > 0 {
			up.sendData(b, k.begun, k.ended, nil)
		}
		c.mu.Unlock()
		k.up = up
		b.touch(c)
		return
	}
}

// leave ends the attempt on the backend's side; k.mu is held.
func (k *call) leave(b *batch, code h2.Code) {
	if len(k.mirrors) > 0 {
		k.leaveMirrors(b)
	}
	up := k.up
	if up == nil {
		return
	}
	c := up.conn
	c.mu.Lock()
	up.discard(b)
	if !up.closed {
		if up.recvEnd && up.sentEnd {
			c.drop(up)
		} else {
			c.reset(up, code)
		}
		c.promote(b)
	}
	c.mu.Unlock()
	b.touch(c)
}

// lost ends a call whose leg a peer has given up, or begins another attempt.
func (k *call) lost(b *batch, l *leg, e ending) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.done:
		if l == &k.down {
			l.conn.mu.Lock()
			l.discard(b)
			l.conn.mu.Unlock()
			k.leave(b, h2.Cancel)
		}
	case l == &k.down:
		l.conn.mu.Lock()
		l.discard(b)
		l.conn.mu.Unlock()
		k.message = "the client gave the call up"
		if e.gone {
			k.message = "the client is gone: " + e.text
		}
		k.finish(1)
		k.leave(b, h2.Cancel)
	case l != k.up:
	default:
		l.conn.mu.Lock()
		l.discard(b)
		l.conn.mu.Unlock()
		if e.unprocessed && k.keep && !k.headed && k.tries < maxTries {
			k.attempt(b)
			return
		}
		code, text := e.status(), e.text
		if code == 1 && !k.deadline.IsZero() && time.Until(k.deadline) < nearDeadline {
			code, text = deadlineExceeded, k.late() // the backend's clock was a little ahead
		}
		k.fail(b, code, k.target.says(errors.New(text)))
	}
}

// status is the gRPC status of a lost leg: that of the code in gRPC's mapping
// (grpc doc/PROTOCOL-HTTP2.md, Errors), or unavailable when the connection is gone.
func (e *ending) status() int {
	switch {
	case e.gone || e.unprocessed || e.code == h2.RefusedStream:
		return 14
	case e.code == h2.Cancel:
		return 1
	case e.code == h2.EnhanceYourCalm:
		return 8
	case e.code == h2.InadequateSecurity:
		return 7
	}
	return 13
}

// giveUp ends a call for a reason of our own, nil for its deadline.
func (k *call) giveUp(b *batch, code int, why error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.done {
		return
	}
	if why == nil {
		why = errors.New(k.late())
	}
	c := k.down.conn
	c.mu.Lock()
	k.down.discard(b) // what waits is of no use any more
	c.mu.Unlock()
	message := why.Error()
	if k.target != nil {
		message = k.target.says(why)
	}
	k.fail(b, code, message)
}

// finish notes the end of the call once; k.mu is held.
func (k *call) finish(code int) {
	if k.done {
		return
	}
	k.done, k.keep, k.begun, k.fields = true, false, nil, nil
	c := k.down.conn
	if code != 1 {
		c.mu.Lock()
		c.limits.completed()
		c.mu.Unlock()
	}
	if done := c.srv.options.Done; done != nil {
		k.report(done, code)
	}
}
