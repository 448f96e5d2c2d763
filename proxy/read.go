package proxy

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

// errHTTP1 ends a connection that was answered in HTTP/1.1.
var errHTTP1 = errors.New("the client speaks HTTP/1.1")

// run reads until the connection ends, and cleans up.
func (c *conn) run() {
	err := c.read()
	c.batch.flush()
	c.end(err)
}

// peek returns n bytes. Before a read that would wait, everything that the bytes
// so far have caused is written.
func (c *conn) peek(n int) ([]byte, error) {
	if c.br.Buffered() < n && len(c.batch.conns) > 0 {
		// Other readers whose turn it is add to the same buffers first: one write
		// carries what several connections caused.
		runtime.Gosched()
		c.batch.flush()
	}
	return c.br.Peek(n)
}

func (c *conn) read() error {
	if c.server() {
		if err := c.readPreface(); err != nil {
			return err
		}
	}
	c.batch.touch(c)
	for first := true; ; first = false {
		head, err := c.peek(h2.HeaderLen)
		if err != nil {
			return err
		}
		f := h2.Parse(head)
		switch {
		case f.Length > h2.MinFrameSize:
			return &h2.ConnError{Code: h2.FrameSizeError, Reason: "a frame longer than SETTINGS_MAX_FRAME_SIZE"}
		case first && (f.Type != h2.Settings || f.Flags.Has(h2.Ack)):
			return &h2.ConnError{Code: h2.ProtocolError, Reason: "the first frame is not SETTINGS"}
		case c.block.stream != 0 && (f.Type != h2.Continuation || f.Stream != c.block.stream):
			return &h2.ConnError{Code: h2.ProtocolError, Reason: "a header block is interrupted"}
		}
		frame, err := c.peek(h2.HeaderLen + f.Length)
		if err != nil {
			return err
		}
		if err := c.frame(f, frame[h2.HeaderLen:]); err != nil {
			if err = c.streamError(err); err != nil {
				return err
			}
		}
		if len(c.batch.refunds) > 0 {
			c.batch.settle()
		}
		if _, err := c.br.Discard(h2.HeaderLen + f.Length); err != nil {
			return err
		}
	}
}

// readPreface reads what an HTTP/2 client sends first, and answers one that
// speaks HTTP/1.1 with a sentence.
func (c *conn) readPreface() error {
	for n := 1; n <= len(h2.Preface); n++ {
		got, err := c.peek(n)
		if err != nil {
			return err
		}
		if got[n-1] == h2.Preface[n-1] {
			continue
		}
		if got, _ = c.br.Peek(max(c.br.Buffered(), n)); looksLikeHTTP1(got) {
			_ = c.nc.SetWriteDeadline(time.Now().Add(c.srv.options.WriteTimeout))
			_, _ = io.WriteString(c.nc, http1Answer) // the connection ends either way
			if c.sealed != nil {
				_, _ = c.sealed.Conn.Write(c.sealed.take())
			}
			return errHTTP1
		}
		return &h2.ConnError{Code: h2.ProtocolError, Reason: "no HTTP/2 preface"}
	}
	_, _ = c.br.Discard(len(h2.Preface)) // it is buffered
	c.mu.Lock()
	c.greet()
	c.quiet = time.Time{}
	c.mu.Unlock()
	return nil
}

const http1Sentence = "This listener carries gRPC, which needs HTTP/2: use a gRPC client, or curl with --http2-prior-knowledge.\n"

const http1Answer = "HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + http1Sentence

func looksLikeHTTP1(b []byte) bool {
	verb, _, ok := strings.Cut(string(b[:min(len(b), 12)]), " ")
	return ok && slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}, verb)
}

// frame handles one frame.
func (c *conn) frame(f h2.Frame, p []byte) error {
	if err := c.count(f); err != nil {
		return err
	}
	checked := h2.Check(f, p)
	if checked != nil {
		return checked
	}
	switch f.Type {
	case h2.Data:
		return c.onData(f, p)
	case h2.Headers:
		return c.onHeaders(f, p)
	case h2.Continuation:
		return c.onContinuation(f, p)
	case h2.Reset:
		return c.onReset(f.Stream, h2.Code(h2.Uint32(p)))
	case h2.Settings:
		return c.onSettings(f, p)
	case h2.Ping:
		c.onPing(f, p)
	case h2.GoAway:
		c.onGoAway(h2.Uint31(p), h2.Code(h2.Uint32(p[4:])))
	case h2.WindowUpdate:
		return c.onWindowUpdate(f.Stream, int64(h2.Uint31(p)))
	}
	return nil
}

// count spends or earns the credit of a frame.
func (c *conn) count(f h2.Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f.Type == h2.Headers || f.Type == h2.Data && f.Length > 0:
		c.limits.useful()
		return nil
	case f.Type == h2.WindowUpdate || f.Type == h2.Continuation || f.Type == h2.Data && f.Flags.Has(h2.EndStream):
		return nil
	}
	return c.limits.idleFrame()
}

// streamError answers an error of one stream and returns any other.
func (c *conn) streamError(err error) error {
	wrong, ok := errors.AsType[*h2.StreamError](err)
	if !ok {
		return err
	}
	c.mu.Lock()
	l := c.streams[wrong.Stream]
	if l != nil {
		c.reset(l, wrong.Code)
	} else {
		c.resetID(wrong.Stream, wrong.Code)
	}
	c.promote(&c.batch)
	// A peer that makes us reset its calls costs as much as one that does so itself
	// (CVE-2025-8671).
	err = c.limits.resetCall()
	c.mu.Unlock()
	c.batch.touch(c)
	if l != nil {
		l.lost(&c.batch, ending{code: wrong.Code, text: wrong.Reason})
	}
	return err
}

// onHeaders begins a header block.
func (c *conn) onHeaders(f h2.Frame, p []byte) error {
	text, wrong := h2.Fragment(f, p)
	if wrong != nil && text == nil {
		return wrong
	}
	if f.Flags.Has(h2.EndHeaders) {
		return c.decode(f.Stream, text, f.Flags.Has(h2.EndStream), wrong)
	}
	if wrong != nil {
		return &h2.ConnError{Code: h2.ProtocolError, Reason: wrong.Error()}
	}
	c.block = block{f.Stream, f.Flags.Has(h2.EndStream), append(c.block.text[:0], text...), 0}
	c.mu.Lock()
	c.quiet = time.Now()
	c.mu.Unlock()
	return nil
}

// onContinuation goes on with a header block, within limits.
func (c *conn) onContinuation(f h2.Frame, p []byte) error {
	if c.block.stream == 0 {
		return &h2.ConnError{Code: h2.ProtocolError, Reason: "CONTINUATION without a header block"}
	}
	c.block.text = append(c.block.text, p...)
	if c.block.frames++; c.block.frames > maxContinued || len(c.block.text) > 2*c.srv.options.MaxHeaderList {
		return &h2.ConnError{Code: h2.EnhanceYourCalm, Reason: "a header block without end"}
	}
	if !f.Flags.Has(h2.EndHeaders) {
		return nil
	}
	b := c.block
	c.block = block{text: b.text[:0]}
	c.mu.Lock()
	c.quiet = time.Time{}
	c.mu.Unlock()
	return c.decode(b.stream, b.text, b.end, nil)
}

// decode reads a complete header block and hands it on, unless the stream is
// wrong already; the decoder has to see it in any case.
func (c *conn) decode(id uint32, text []byte, end bool, wrong error) error {
	var err error
	c.fields, c.list, err = c.dec.Decode(c.fields[:0], text, c.srv.options.MaxHeaderList)
	switch {
	case err != nil:
		return &h2.ConnError{Code: h2.CompressionError, Reason: err.Error()}
	case c.server():
		return c.onRequest(id, end, wrong)
	case wrong != nil:
		return wrong
	}
	return c.onResponse(id, end)
}
