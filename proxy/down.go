package proxy

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"github.com/grpcroute/grpcroute/routing"
	"golang.org/x/net/http2/hpack"
)

// onRequest takes a header block of a client: a new call, or the trailers of one.
func (c *conn) onRequest(id uint32, end bool, wrong error) error {
	if id&1 == 0 {
		return &h2.ConnError{Code: h2.ProtocolError, Reason: "a client's stream has an even id"}
	}
	c.mu.Lock()
	c.active = time.Now()
	if id <= c.lastID {
		l, reset := c.streams[id], c.wasReset(id)
		c.mu.Unlock()
		return c.onTrailers(id, l, reset, end)
	}
	c.lastID = id
	refused := c.closing && id > c.refuse || len(c.streams) >= c.srv.options.MaxStreams
	c.mu.Unlock()
	if wrong != nil {
		return wrong
	}
	r, malformed := h2.ParseRequest(c.fields)
	switch {
	case c.list > c.srv.options.MaxHeaderList:
		r.ContentLength = -1
	case malformed != "":
		return &h2.StreamError{Stream: id, Code: h2.ProtocolError, Reason: malformed}
	case end && r.ContentLength > 0:
		return &h2.StreamError{Stream: id, Code: h2.ProtocolError, Reason: "content-length without content"}
	}
	if refused {
		return &h2.StreamError{Stream: id, Code: h2.RefusedStream, Reason: "too many calls at once"}
	}
	c.call(id, end, &r)
	return nil
}

// onTrailers ends a request.
func (c *conn) onTrailers(id uint32, l *leg, reset, end bool) error {
	switch {
	case l == nil && reset:
		return nil
	case l == nil:
		return &h2.ConnError{Code: h2.StreamClosed, Reason: "HEADERS on a stream that is over"}
	case !end:
		return &h2.StreamError{Stream: id, Code: h2.ProtocolError, Reason: "trailers without END_STREAM"}
	}
	if malformed := h2.CheckTrailers(c.fields); malformed != "" {
		return &h2.StreamError{Stream: id, Code: h2.ProtocolError, Reason: malformed}
	}
	c.mu.Lock()
	again := l.recvEnd
	l.recvEnd = true
	c.mu.Unlock()
	if again {
		return &h2.StreamError{Stream: id, Code: h2.StreamClosed, Reason: "HEADERS after the end of the stream"}
	}
	k := l.call
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.up == nil || k.done {
		_, err := k.requestData(&c.batch, nil, true)
		return err
	}
	k.ended, k.keep = true, false
	k.up.conn.mu.Lock()
	k.up.sendHeaders(c.fields, true)
	k.up.conn.mu.Unlock()
	c.batch.touch(k.up.conn)
	return nil
}

// call begins a call and routes it.
func (c *conn) call(id uint32, end bool, r *h2.Request) {
	k := &call{ended: end, length: r.ContentLength, isGRPC: isGRPC(r.ContentType)}
	k.down = leg{call: k, conn: c, id: id, granted: streamWindow, recvEnd: end}
	k.record = Record{Start: time.Now(), Authority: r.Authority, Path: r.Path}
	k.mu.Lock()
	defer k.mu.Unlock()
	c.mu.Lock()
	k.down.window = c.initial
	c.streams[id] = &k.down
	c.mu.Unlock()
	c.batch.touch(c)
	switch {
	case c.list > c.srv.options.MaxHeaderList:
		k.fail(&c.batch, 8, "the request's headers are longer than "+strconv.Itoa(c.srv.options.MaxHeaderList)+" bytes")
		return
	case !k.isGRPC || r.Method != "POST":
		k.isGRPC = false
		if end {
			k.sentence(&c.batch)
		}
		return
	}
	c.route(k, r)
}

func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// route chooses the backend of a call; k.mu is held.
func (c *conn) route(k *call, r *h2.Request) {
	st := c.srv.state.Load()
	authority := r.Authority
	if authority == "" {
		authority = valueOf(c.fields, "host")
	}
	request := routing.Request{Gateway: c.port.Gateway, Port: c.port.Port, SNI: c.sni, Authority: authority, Path: r.Path, Headers: c.headers()}
	found := st.table.Lookup(&request)
	b := &c.batch
	if found.Entry == nil {
		k.refuse(b, &found, authority)
		return
	}
	p := st.plans[found.Entry.Action]
	k.record.Route, k.record.Rule = p.route, p.rule
	action := found.Entry.Action
	if action.Answer != nil {
		k.fail(b, action.Answer.GRPC, p.name+": "+action.Why)
		return
	}
	at := action.Pick(rand.Uint64())
	t := &p.targets[at]
	k.target, k.record.Backend = t, t.name
	if t.answer != nil {
		k.fail(b, t.answer.GRPC, p.name+": "+t.why)
		return
	}
	k.fields = append(make([]hpack.HeaderField, 0, len(c.fields)), c.fields...)
	for i := range k.fields {
		if k.fields[i].Name == ":scheme" {
			k.fields[i].Value = t.scheme
		}
	}
	for i := range t.request {
		k.fields = t.request[i].apply(k.fields)
	}
	k.keep = true
	if d, ok := timeout(r.Timeout); ok {
		k.deadline = k.record.Start.Add(d)
		k.timer = time.AfterFunc(d, k.expire)
	}
	k.attempt(b)
}

// headers returns the request's headers as routing reads them, until the next
// call.
func (c *conn) headers() []routing.Header {
	c.matched = c.matched[:0]
	for i := range c.fields {
		if f := &c.fields[i]; f.Name[0] != ':' {
			c.matched = append(c.matched, routing.Header{Name: f.Name, Value: f.Value})
		}
	}
	return c.matched
}

func valueOf(fields []hpack.HeaderField, name string) string {
	for i := range fields {
		if fields[i].Name == name {
			return fields[i].Value
		}
	}
	return ""
}

// timeout reads a grpc-timeout (grpc doc/PROTOCOL-HTTP2.md, Timeout).
func timeout(s string) (time.Duration, bool) {
	if len(s) < 2 || len(s) > 9 {
		return 0, false
	}
	unit, ok := units[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if !ok || err != nil {
		return 0, false
	}
	return min(time.Duration(n), maxTimeout/unit) * unit, true
}

const maxTimeout = 365 * 24 * time.Hour

var units = map[byte]time.Duration{
	'H': time.Hour, 'M': time.Minute, 'S': time.Second,
	'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
}
