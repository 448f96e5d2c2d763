package proxy_test

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// raw is a client that sends what it likes.
type raw struct {
	*http2.Framer
	nc  net.Conn
	enc *hpack.Encoder
	buf bytes.Buffer
}

func rawClient(t testing.TB, address string) *raw {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	r := &raw{Framer: http2.NewFramer(nc, nc), nc: nc}
	r.enc = hpack.NewEncoder(&r.buf)
	if _, err := io.WriteString(nc, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return r
}

// request is the header block of a call.
func (r *raw) request(path string, more ...string) []byte {
	return r.requestTo("a", path, more...)
}

func (r *raw) requestTo(host, path string, more ...string) []byte {
	r.buf.Reset()
	fields := append([]string{":method", "POST", ":scheme", "http", ":path", path, ":authority", host, "content-type", "application/grpc", "te", "trailers"}, more...)
	for i := 0; i < len(fields); i += 2 {
		_ = r.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return r.buf.Bytes()
}

// goAway reads until the proxy ends the connection, and returns its word.
func (r *raw) goAway(t *testing.T) http2.ErrCode {
	t.Helper()
	for {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatalf("the connection ended without GOAWAY: %v", err)
		}
		if g, ok := f.(*http2.GoAwayFrame); ok {
			return g.ErrCode
		}
	}
}

// TestFloods: what costs the proxy more than its sender ends the connection with
// ENHANCE_YOUR_CALM.
func TestFloods(t *testing.T) {
	l := listen(t) // a backend that never answers
	g := serve(t, map[string]string{"interop": l.Addr().String()}, proxy.Options{})
	for _, test := range []struct {
		name  string
		flood func(r *raw, i int) error
	}{
		{"rapid reset", func(r *raw, i int) error {
			id := uint32(2*i + 1)
			block := r.request("/grpc.testing.TestService/EmptyCall")
			if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true}); err != nil {
				return err
			}
			return r.WriteRSTStream(id, http2.ErrCodeCancel)
		}},
		{"resets that the proxy is made to send", func(r *raw, i int) error {
			id := uint32(2*i + 1)
			block := r.request("/grpc.testing.TestService/EmptyCall")
			if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true}); err != nil {
				return err
			}
			return r.WriteWindowUpdate(id, 0)
		}},
		{"PING", func(r *raw, _ int) error { return r.WritePing(false, [8]byte{}) }},
		{"SETTINGS", func(r *raw, _ int) error { return r.WriteSettings() }},
		{"PRIORITY", func(r *raw, _ int) error { return r.WritePriority(1, http2.PriorityParam{StreamDep: 3}) }},
		{"CONTINUATION", func(r *raw, i int) error {
			if i == 0 {
				return r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: r.request("/a/b")})
			}
			return r.WriteContinuation(1, false, nil)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := rawClient(t, g.address)
			r.AllowIllegalWrites = true
			go func() {
				for i := range 20000 {
					if test.flood(r, i) != nil {
						return
					}
				}
			}()
			if code := r.goAway(t); code != http2.ErrCodeEnhanceYourCalm {
				t.Errorf("got %v", code)
			}
		})
	}
}

// TestLongHeaders: a list over the limit is answered, and the connection goes on.
func TestLongHeaders(t *testing.T) {
	g := serve(t, nil, proxy.Options{MaxHeaderList: 4096})
	r := rawClient(t, g.address)
	long := make([]byte, 3000)
	for i := range long {
		long[i] = 'a'
	}
	block := r.request("/a/b", "x-a", string(long), "x-b", string(long))
	if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true, EndStream: true}); err != nil {
		t.Fatal(err)
	}
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := f.(*http2.MetaHeadersFrame); ok {
			for _, field := range h.Fields {
				if field.Name == "grpc-status" && field.Value != "8" {
					t.Errorf("got status %s", field.Value)
				}
			}
			return
		}
	}
}

// FuzzConnection: whatever bytes a client sends, the proxy stays up.
func FuzzConnection(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x03\x01\x05\x00\x00\x00\x01\x82\x86\x84"))
	s := proxy.New(proxy.Config{Table: compile(f, manifests), Backend: nowhere}, proxy.Options{})
	l := listen(f)
	go func() { _ = s.Serve(l, proxy.Listener{Gateway: "demo/gw", Port: 8080}) }()
	f.Fuzz(func(t *testing.T, b []byte) {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		// Closed with a reset, so that thousands of runs do not use up the ports.
		_ = nc.(*net.TCPConn).SetLinger(0)
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := nc.Write(append([]byte(http2.ClientPreface), b...)); err != nil {
			return
		}
		_ = nc.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, nc)
	})
}

// FuzzBackend: whatever bytes a backend sends, the client gets an end of its call
// and the proxy stays up.
func FuzzBackend(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x01"))
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88"))
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	behind := listen(f)
	s := proxy.New(proxy.Config{Table: compile(f, manifests), Backend: func(*routing.Server, *topology.Backend) proxy.Backend {
		return proxy.Backend{Addresses: []string{behind.Addr().String()}}
	}}, proxy.Options{})
	l := listen(f)
	go func() { _ = s.Serve(l, proxy.Listener{Gateway: "demo/gw", Port: 8080}) }()
	var said atomic.Pointer[[]byte]
	go func() {
		for {
			nc, err := behind.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				_, _ = nc.Write(*said.Load())
				// Not a reset, which would take the bytes back.
				_ = nc.(*net.TCPConn).CloseWrite()
				_ = nc.SetReadDeadline(time.Now().Add(5 * time.Second))
				_, _ = io.Copy(io.Discard, nc)
				_ = nc.(*net.TCPConn).SetLinger(0)
			}()
		}
	}()
	f.Fuzz(func(t *testing.T, b []byte) {
		said.Store(&b)
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.(*net.TCPConn).SetLinger(0)
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(5 * time.Second))
		r := rawPeer(nc)
		_, _ = io.WriteString(nc, http2.ClientPreface)
		_ = r.WriteSettings()
		block := r.request("/grpc.testing.TestService/EmptyCall")
		if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true, EndStream: true}); err != nil {
			t.Fatal(err)
		}
		for {
			frame, err := r.ReadFrame()
			if err != nil {
				t.Fatalf("the call has no end: %v", err)
			}
			h, ok := frame.(*http2.HeadersFrame)
			_, reset := frame.(*http2.RSTStreamFrame)
			if d, isData := frame.(*http2.DataFrame); reset || ok && h.StreamEnded() || isData && d.StreamEnded() {
				return
			}
		}
	})
}
