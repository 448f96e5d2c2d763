package proxy

import (
	"strconv"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"golang.org/x/net/http2/hpack"
)

// onResponse takes a header block of a backend: the head of an answer, its
// trailers, or both in one.
func (c *conn) onResponse(id uint32, end bool) error {
	c.mu.Lock()
	c.heard = true
	if c.idle(id) {
		c.mu.Unlock()
		return &h2.ConnError{Code: h2.ProtocolError, Reason: "HEADERS on a stream that was never begun"}
	}
	l := c.streams[id]
	if l != nil && l.recvEnd {
		l = nil
	}
	if l != nil {
		l.recvEnd = end
	}
	c.mu.Unlock()
	switch {
	case l == nil: // we gave the stream up
		return nil
	case l.call == nil:
		if end {
			l.answered(&c.batch)
		}
		return nil
	}
	return l.call.response(&c.batch, l, c.fields, end, c.list > c.srv.options.MaxHeaderList)
}

// response hands a header block on to the client.
func (k *call) response(b *batch, from *leg, fields []hpack.HeaderField, end, long bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.done || from != k.up {
		return nil
	}
	malformed := ""
	switch {
	case long:
		malformed = "headers that are too long"
	case k.headed:
		malformed = h2.CheckTrailers(fields)
	default:
		var status string
		status, malformed = h2.ParseResponse(fields)
		switch {
		case malformed != "":
		case status[0] == '1':
			return nil // nothing that gRPC has a use for
		default:
			k.http = int32(decimal(status))
		}
	}
	if malformed != "" || k.headed && !end {
		return &h2.StreamError{Stream: from.id, Code: h2.ProtocolError, Reason: "a malformed answer: " + malformed}
	}
	if !k.headed {
		k.headed, k.keep, k.begun, k.fields = true, false, nil, nil
		for i := range k.target.response {
			fields = k.target.response[i].apply(fields)
		}
		fields = k.explain(fields)
	}
	c := k.down.conn
	c.mu.Lock()
	k.down.sendHeaders(fields, end)
	c.mu.Unlock()
	b.touch(c)
	if end {
		k.finish(statusOf(fields, int(k.http)))
		k.leave(b, h2.NoError)
	}
	return nil
}

// statusOf returns the gRPC status of trailers; when they have none, what a client
// makes of the HTTP status.
func statusOf(fields []hpack.HeaderField, http int) int {
	n, err := strconv.ParseUint(valueOf(fields, "grpc-status"), 10, 16)
	if err != nil {
		return codeOf(http)
	}
	return int(n)
}

// codeOf is the gRPC status that a client takes an HTTP status for (grpc
// doc/http-grpc-status-mapping.md).
func codeOf(http int) int {
	switch http {
	case 400:
		return 13
	case 401:
		return 16
	case 403:
		return 7
	case 404:
		return 12
	case 429, 502, 503, 504:
		return 14
	}
	return 2
}

// decimal reads a status of three digits; 0 when it is none.
func decimal(s string) (n int) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}

// onReset takes RST_STREAM.
func (c *conn) onReset(id uint32, code h2.Code) error {
	c.mu.Lock()
	if c.idle(id) {
		c.mu.Unlock()
		return &h2.ConnError{Code: h2.ProtocolError, Reason: "RST_STREAM on a stream that was never begun"}
	}
	l := c.streams[id]
	var flood error
	if l != nil {
		c.drop(l)
		c.promote(&c.batch)
		if c.server() {
			flood = c.limits.resetCall()
		}
	}
	c.mu.Unlock()
	if l == nil {
		return nil
	}
	c.batch.touch(c)
	l.lost(&c.batch, ending{
		code: code, text: "the backend reset the call (" + code.String() + ")", unprocessed: code == h2.RefusedStream,
	})
	return flood
}

// onGoAway moves the calls that the backend has not seen to other connections.
func (c *conn) onGoAway(last uint32, code h2.Code) {
	if c.server() {
		return // a client that leaves closes the connection when it is done
	}
	c.mu.Lock()
	c.closing = true
	var unseen []*leg
	for id, l := range c.streams {
		if id > last {
			delete(c.streams, id)
			l.closed = true
			unseen = append(unseen, l)
		}
	}
	for _, l := range c.held {
		l.closed = true
		unseen = append(unseen, l)
	}
	c.held = nil
	c.room()
	empty := len(c.streams) == 0
	c.mu.Unlock()
	c.endpoint.remove(c)
	for _, l := range unseen {
		l.lost(&c.batch, ending{code: code, text: "the backend is going away (" + code.String() + ")", unprocessed: true})
	}
	if empty {
		c.batch.flush()
		c.abandon(nil)
	}
}
