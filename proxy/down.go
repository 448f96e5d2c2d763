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
	c.heard = true
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
	k.copyTrailers(&c.batch, c.fields)
	k.up.conn.mu.Lock()
	k.up.sendHeaders(c.fields, true)
	k.up.conn.mu.Unlock()
	c.batch.touch(k.up.conn)
	return nil
}

// call begins a call and routes it.
func (c *conn) call(id uint32, end bool, r *h2.Request) {
	k := &call{ended: end, length: r.ContentLength, isGRPC: isGRPC(r.ContentType)}
	k.down = leg{call: k, conn: c, id: id, granted: firstWindow, size: firstWindow, recvEnd: end}
	k.started, k.authority, k.path = time.Now(), r.Authority, r.Path
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
	k.listener = found.Listener
	if found.Server != nil && found.Server.Blocked() != "" {
		// The implementation takes no such table, so that it answers as one without.
		p := found.Server.Profile
		k.turnAway(b, p, &p.Answers.NoMatch, "the table is not served: "+found.Server.Blocked())
		return
	}
	if found.Entry == nil {
		k.refuse(b, &found, authority)
		return
	}
	action := found.Entry.Action
	k.plan = st.plans[planKey{found.Server, action}]
	if action.Answer != nil {
		k.turnAway(b, found.Server.Profile, action.Answer, k.plan.name+": "+action.Why)
		return
	}
	k.target = &k.plan.targets[action.Pick(rand.Uint64())]
	if t := k.target; t.answer != nil {
		k.turnAway(b, found.Server.Profile, t.answer, k.plan.name+": backend "+t.name+": "+t.why)
		return
	}
	k.send(b, c.fields, r.Timeout)
}

// send makes the request ready for its backend and its mirrors and sends it; k.mu
// is held.
func (k *call) send(b *batch, fields []hpack.HeaderField, text string) {
	p, t := k.plan, k.target
	k.fields = append(make([]hpack.HeaderField, 0, len(fields)), fields...)
	for i := range p.request {
		k.fields = p.request[i].apply(k.fields)
	}
	if len(p.mirrors)+len(t.mirrors) > 0 {
		k.mirror(b, p.mirrors)
		k.mirror(b, t.mirrors)
	}
	setScheme(k.fields, t.backend.scheme)
	for i := range t.request {
		k.fields = t.request[i].apply(k.fields)
	}
	k.keep = true
	d, ok := timeout(text)
	if p.timeout > 0 && (!ok || p.timeout < d) {
		d, ok, k.ruled = p.timeout, true, true
	}
	if ok {
		k.deadline = k.started.Add(d)
		k.down.conn.due(k)
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
