package h2_test

import (
	"errors"
	"testing"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"golang.org/x/net/http2/hpack"
)

// TestCheck has a case for each clause of RFC 9113, 6 that needs no state.
func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name    string
		frame   h2.Frame
		payload string
		code    h2.Code // of the error
		stream  bool    // it ends the stream only
	}{
		{"6.1 DATA on stream 0", h2.Frame{Type: h2.Data}, "x", h2.ProtocolError, false},
		{"6.2 HEADERS on stream 0", h2.Frame{Type: h2.Headers}, "x", h2.ProtocolError, false},
		{"6.3 PRIORITY on stream 0", h2.Frame{Type: h2.Priority}, "12345", h2.ProtocolError, false},
		{"6.3 PRIORITY of 4 bytes", h2.Frame{Type: h2.Priority, Stream: 1}, "1234", h2.FrameSizeError, true},
		{"5.3.1 a stream that depends on itself", h2.Frame{Type: h2.Priority, Stream: 1}, "\x00\x00\x00\x01\x10", h2.ProtocolError, true},
		{"6.4 RST_STREAM on stream 0", h2.Frame{Type: h2.Reset}, "1234", h2.ProtocolError, false},
		{"6.4 RST_STREAM of 3 bytes", h2.Frame{Type: h2.Reset, Stream: 1}, "123", h2.FrameSizeError, false},
		{"6.5 SETTINGS on a stream", h2.Frame{Type: h2.Settings, Stream: 1}, "", h2.ProtocolError, false},
		{"6.5 SETTINGS of 5 bytes", h2.Frame{Type: h2.Settings}, "12345", h2.FrameSizeError, false},
		{"6.5 an acknowledgement with content", h2.Frame{Type: h2.Settings, Flags: h2.Ack}, "123456", h2.FrameSizeError, false},
		{"6.6 PUSH_PROMISE", h2.Frame{Type: h2.PushPromise, Stream: 1}, "1234", h2.ProtocolError, false},
		{"6.7 PING on a stream", h2.Frame{Type: h2.Ping, Stream: 1}, "12345678", h2.ProtocolError, false},
		{"6.7 PING of 7 bytes", h2.Frame{Type: h2.Ping}, "1234567", h2.FrameSizeError, false},
		{"6.8 GOAWAY on a stream", h2.Frame{Type: h2.GoAway, Stream: 1}, "12345678", h2.ProtocolError, false},
		{"6.8 GOAWAY of 7 bytes", h2.Frame{Type: h2.GoAway}, "1234567", h2.FrameSizeError, false},
		{"6.9 WINDOW_UPDATE of 5 bytes", h2.Frame{Type: h2.WindowUpdate}, "12345", h2.FrameSizeError, false},
		{"6.10 CONTINUATION on stream 0", h2.Frame{Type: h2.Continuation}, "x", h2.ProtocolError, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := h2.Check(test.frame, []byte(test.payload))
			var code h2.Code
			conn, isConn := errors.AsType[*h2.ConnError](err)
			stream, isStream := errors.AsType[*h2.StreamError](err)
			switch {
			case isConn:
				code = conn.Code
			case isStream:
				code = stream.Code
			}
			if code != test.code || isStream != test.stream {
				t.Errorf("got %v, want %v (of the stream: %v)", err, test.code, test.stream)
			}
		})
	}
	for _, f := range []h2.Frame{{Type: h2.Data, Stream: 1}, {Type: h2.Settings}, {Type: 0xff, Stream: 3}} {
		if err := h2.Check(f, nil); err != nil {
			t.Errorf("%v: %v", f, err)
		}
	}
}

func TestParseRequest(t *testing.T) {
	head := []hpack.HeaderField{{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: "/a/b"}}
	with := func(more ...string) []hpack.HeaderField {
		fields := append([]hpack.HeaderField(nil), head...)
		for i := 0; i < len(more); i += 2 {
			fields = append(fields, hpack.HeaderField{Name: more[i], Value: more[i+1]})
		}
		return fields
	}
	for _, test := range []struct {
		name   string
		fields []hpack.HeaderField
		wrong  bool
	}{
		{"plain", with("te", "trailers", "x-bin", "\xff"), false},
		{"CONNECT", []hpack.HeaderField{{Name: ":method", Value: "CONNECT"}, {Name: ":authority", Value: "a"}}, false},
		{"no path", head[:2], true},
		{"upper case", with("X-A", "1"), true},
		{"pseudo-header after others", with("a", "1", ":authority", "b"), true},
		{"pseudo-header twice", with(":path", "/"), true},
		{"pseudo-header of a response", with(":status", "200"), true},
		{"connection", with("connection", "close"), true},
		{"te gzip", with("te", "gzip"), true},
		{"line break", with("a", "1\r\nb: 2"), true},
		{"zero byte", with("a", "\x00"), true},
		{"two lengths", with("content-length", "1", "content-length", "2"), true},
		{"negative length", with("content-length", "-1"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, malformed := h2.ParseRequest(test.fields); (malformed != "") != test.wrong {
				t.Errorf("got %q", malformed)
			}
		})
	}
}

// FuzzFrame: no frame makes the readers fail but by an error.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x05\x01\x28\x00\x00\x00\x01\x01\x00\x00\x00\x03x"))
	f.Add(h2.AppendSettings(nil, h2.Setting{ID: h2.MaxFrame, Value: 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < h2.HeaderLen {
			return
		}
		frame, payload := h2.Parse(b), b[h2.HeaderLen:]
		frame.Length = len(payload)
		if again := h2.Parse(h2.Append(nil, frame.Length, frame.Type, frame.Flags, frame.Stream)); frame.Length <= h2.MaxFrameSize && again != frame {
			t.Errorf("%v became %v", frame, again)
		}
		if h2.Check(frame, payload) != nil {
			return
		}
		switch frame.Type {
		case h2.Data:
			_, _ = h2.Unpad(frame, payload)
		case h2.Headers:
			_, _ = h2.Fragment(frame, payload)
		case h2.Settings:
			_ = h2.EachSetting(payload, func(h2.Setting) error { return nil })
		}
	})
}
