package proxy

import (
	"fmt"
	"strconv"

	"github.com/grpcroute/grpcroute/routing"
	"golang.org/x/net/http2/hpack"
)

// statusFields are the headers of an answer without content, or, once the client
// has headers, its trailers.
func statusFields(fields []hpack.HeaderField, http, code int, message string, headed bool) []hpack.HeaderField {
	if !headed {
		fields = append(fields,
			hpack.HeaderField{Name: ":status", Value: strconv.Itoa(http)},
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

// refuse answers a call that no rule takes; k.mu is held. A client learns of a
// misdirected request by HTTP 421 (Gateway API, Listener.Hostname), of all else by
// a gRPC status.
func (k *call) refuse(b *batch, found *routing.Result, authority string) {
	code, http := 12, 200
	if found.Answer != nil {
		code = found.Answer.GRPC
	}
	message := fmt.Sprintf("no rule takes %s for host %q", k.record.Path, authority)
	switch {
	case found.Misdirected:
		http = found.Answer.HTTP
		message = fmt.Sprintf("host %q belongs to another listener than the connection's", authority)
	case found.Outcome == routing.NoListener:
		message = fmt.Sprintf("no listener serves host %q", authority)
	}
	if http == 200 {
		k.fail(b, code, message)
		return
	}
	c := k.down.conn
	c.mu.Lock()
	k.down.sendHeaders(statusFields(nil, http, code, message, false), true)
	c.mu.Unlock()
	k.record.Message = message
	k.finish(code)
}

// maxPlain is how much of a request that is not gRPC is read before its answer.
const maxPlain = 64 << 10

const plainSentence = "This listener carries gRPC: send POST with content-type application/grpc.\n"

// plainData takes content of a request that is not gRPC; k.mu is held.
func (k *call) plainData(b *batch, n int, end bool) {
	if k.plain += n; end || k.plain > maxPlain {
		k.sentence(b)
	}
}

// sentence answers a request that is not gRPC; k.mu is held.
func (k *call) sentence(b *batch) {
	c := k.down.conn
	c.mu.Lock()
	k.down.sendHeaders([]hpack.HeaderField{
		{Name: ":status", Value: "415"},
		{Name: "content-type", Value: "text/plain"},
		{Name: "content-length", Value: strconv.Itoa(len(plainSentence))},
	}, false)
	k.down.sendData(b, []byte(plainSentence), true, nil)
	c.mu.Unlock()
	b.touch(c)
	k.record.Message = "the request is not gRPC"
	k.finish(2)
}
