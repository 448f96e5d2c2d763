package proxy_test

import (
	"io"
	"net"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// flooder sends content on every stream as long as the peer's windows allow, and
// reads frames but grants nothing.
type flooder struct {
	*raw
	window, initial int64
	streams         map[uint32]int64
	frame           []byte
	client          bool // it does not answer headers
}

func newFlooder(r *raw) *flooder {
	return &flooder{raw: r, window: 65535, initial: 65535, streams: map[uint32]int64{}, frame: make([]byte, 16<<10)}
}

// floodingBackend answers each call with content without end.
func floodingBackend(t testing.TB) string {
	return rawBackend(t, func(r *raw) { newFlooder(r).run() })
}

// rawBackend hands its connections to a function, once they have begun.
func rawBackend(t testing.TB, serve func(*raw)) string {
	t.Helper()
	l := listen(t)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				r := rawPeer(nc)
				if _, err := io.CopyN(io.Discard, nc, int64(len(http2.ClientPreface))); err == nil && r.WriteSettings() == nil {
					serve(r)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func rawPeer(nc net.Conn) *raw {
	r := &raw{Framer: http2.NewFramer(nc, nc), nc: nc}
	r.enc = hpack.NewEncoder(&r.buf)
	return r
}

// head is the header block of an answer.
func (r *raw) head() []byte {
	r.buf.Reset()
	_ = r.enc.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	_ = r.enc.WriteField(hpack.HeaderField{Name: "content-type", Value: "application/grpc"})
	return r.buf.Bytes()
}

// run serves a backend's connection until it ends.
func (f *flooder) run() {
	for f.next() && f.pump() {
	}
}

// next takes one frame.
func (f *flooder) next() bool {
	frame, err := f.ReadFrame()
	if err != nil {
		return false
	}
	switch frame := frame.(type) {
	case *http2.HeadersFrame:
		if f.client {
			return true
		}
		f.streams[frame.StreamID] = f.initial
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: frame.StreamID, BlockFragment: f.head(), EndHeaders: true}) == nil
	case *http2.SettingsFrame:
		if v, ok := frame.Value(http2.SettingInitialWindowSize); ok {
			for id := range f.streams {
				f.streams[id] += int64(v) - f.initial
			}
			f.initial = int64(v)
		}
	case *http2.WindowUpdateFrame:
		if frame.StreamID == 0 {
			f.window += int64(frame.Increment)
		} else if _, ok := f.streams[frame.StreamID]; ok {
			f.streams[frame.StreamID] += int64(frame.Increment)
		}
	case *http2.RSTStreamFrame:
		delete(f.streams, frame.StreamID)
	case *http2.GoAwayFrame:
		return false
	}
	return true
}

// pump sends what the windows allow.
func (f *flooder) pump() bool {
	for id := range f.streams {
		for {
			n := min(int64(len(f.frame)), f.streams[id], f.window)
			if n <= 0 {
				break
			}
			if f.WriteData(id, false, f.frame[:n]) != nil {
				return false
			}
			f.streams[id] -= n
			f.window -= n
		}
	}
	return true
}
