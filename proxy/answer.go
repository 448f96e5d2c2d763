package proxy

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/proxy/h2"
	"github.com/grpcroute/grpcroute/routing"
	"golang.org/x/net/http2/hpack"
)

// statusFields are the headers of an answer without content, or, once the client
// has headers, its trailers.
func statusFields(fields []hpack.HeaderField, status, code int, message string, headed bool) []hpack.HeaderField {
	if !headed {
		fields = append(fields,
			hpack.HeaderField{Name: ":status", Value: strconv.Itoa(status)},
			hpack.HeaderField{Name: "content-type", Value: "application/grpc"})
	}
	return append(fields,
		hpack.HeaderField{Name: "grpc-status", Value: strconv.Itoa(code)},
		hpack.HeaderField{Name: "grpc-message", Value: percent(message)})
}

// percent encodes a status message (grpc doc/PROTOCOL-HTTP2.md, Status-Message).
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var out []byte
	for i := range len(s) {
		c := s[i]
		plain := c >= ' ' && c <= '~' && c != '%'
		if plain && out == nil {
			continue
		}
		if out == nil {
			out = append(make([]byte, 0, len(s)+16), s[:i]...)
		}
		if plain {
			out = append(out, c)
		} else {
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	if out == nil {
		return s
	}
	return string(out)
}

// explain adds the headers that name route, rule and backend, as far as they are
// known and wanted; k.mu is held.
func (k *call) explain(fields []hpack.HeaderField) []hpack.HeaderField {
	if k.plan == nil || !k.down.conn.srv.options.ExplainHeader {
		return fields
	}
	fields = append(slices.Clip(fields),
		hpack.HeaderField{Name: "grpcroute-route", Value: k.plan.route},
		hpack.HeaderField{Name: "grpcroute-rule", Value: strconv.Itoa(k.plan.rule)})
	if k.target != nil {
		fields = append(fields, hpack.HeaderField{Name: "grpcroute-backend", Value: k.target.name})
	}
	return fields
}

// fail answers the client with a gRPC status of our own and leaves the backend;
// k.mu is held.
func (k *call) fail(b *batch, code int, message string) {
	k.failAs(b, 200, code, message)
}

func (k *call) failAs(b *batch, status, code int, message string) {
	if k.done {
		return
	}
	fields := statusFields(nil, status, code, message, k.headed)
	if !k.headed {
		k.http = int32(status)
		fields = k.explain(fields)
	}
	k.message = message
	c := k.down.conn
	c.mu.Lock()
	k.down.sendHeaders(fields, true)
	c.mu.Unlock()
	b.touch(c)
	k.finish(code)
	k.leave(b, h2.Cancel)
}

// turnAway answers a call that reaches no backend as the implementation does: with
// a gRPC status, or with an HTTP status that the client maps. A client learns of a
// misdirected request by HTTP 421 (Gateway API, Listener.Hostname). k.mu is held.
func (k *call) turnAway(b *batch, p *profile.Profile, a *profile.Answer, message string) {
	switch {
	case a.HTTP == http.StatusMisdirectedRequest:
		k.failAs(b, a.HTTP, a.GRPC, message)
	case a.HTTP != http.StatusOK && p.Answers.Plain:
		k.http, k.message = int32(a.HTTP), message
		k.say(b, a.HTTP, message+"\n")
		k.finish(a.GRPC)
	default:
		k.fail(b, a.GRPC, message)
	}
}

// refuse answers a call that no rule takes; k.mu is held.
func (k *call) refuse(b *batch, found *routing.Result, authority string) {
	path, authority := excerpt(k.path), excerpt(authority)
	var message string
	switch {
	case found.Misdirected:
		message = fmt.Sprintf("host %q belongs to another listener than the connection's", authority)
	case found.Outcome == routing.NoListener:
		message = fmt.Sprintf("no listener serves host %q", authority)
	default:
		message = fmt.Sprintf("no rule takes %s for host %q", path, authority)
	}
	if found.Answer == nil {
		k.fail(b, unimplemented, message)
		return
	}
	k.turnAway(b, found.Server.Profile, found.Answer, message)
}

// The gRPC statuses of our own answers (grpc doc/statuscodes.md).
const (
	deadlineExceeded = 4
	unimplemented    = 12
	unavailable      = 14
)

// excerpt bounds what a message repeats of a request.
func excerpt(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// maxPlain is how much of a request that is not gRPC is read before its answer.
const maxPlain = 64 << 10

const plainSentence = "This listener carries gRPC: send POST with content-type application/grpc.\n"

// plainData takes content of a request that is not gRPC; k.mu is held.
func (k *call) plainData(b *batch, n int, end bool) {
	if k.plain += int32(n); end || k.plain > maxPlain {
		k.sentence(b)
	}
}

// sentence answers a request that is not gRPC; k.mu is held.
func (k *call) sentence(b *batch) {
	k.http, k.message = http.StatusUnsupportedMediaType, "the request is not gRPC"
	k.say(b, http.StatusUnsupportedMediaType, plainSentence)
	k.finish(2)
}

// say answers with text and without a gRPC status; k.mu is held.
func (k *call) say(b *batch, status int, text string) {
	c := k.down.conn
	fields := k.explain([]hpack.HeaderField{
		{Name: ":status", Value: strconv.Itoa(status)},
		{Name: "content-type", Value: "text/plain; charset=utf-8"},
		{Name: "content-length", Value: strconv.Itoa(len(text))},
	})
	c.mu.Lock()
	k.down.sendHeaders(fields, false)
	k.down.sendData(b, []byte(text), true, nil)
	c.mu.Unlock()
	b.touch(c)
}
