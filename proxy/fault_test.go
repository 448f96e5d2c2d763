package proxy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/topology"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
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
	r.buf.Reset()
	fields := append([]string{":method", "POST", ":scheme", "http", ":path", path, ":authority", "a", "content-type", "application/grpc", "te", "trailers"}, more...)
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

// TestInteropOverTLS has TLS on both sides.
func TestInteropOverTLS(t *testing.T) {
	own := certificate(t, "backend.example.com")
	address, _ := backend(t, grpc.Creds(credentials.NewServerTLSFromCert(&own)))
	trust := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(own.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	trust.AddCert(leaf)
	config := &tls.Config{RootCAs: trust, ServerName: "backend.example.com"}
	s := proxy.New(proxy.Config{Table: compile(t, manifests), Backend: func(*topology.Backend) proxy.Backend {
		return proxy.Backend{Addresses: []string{address}, TLS: config}
	}}, proxy.Options{})
	l := listen(t)
	go func() {
		_ = s.Serve(l, proxy.Listener{Gateway: "demo/gw", Port: 8080, TLS: &tls.Config{Certificates: []tls.Certificate{certificate(t, "localhost")}}})
	}()
	cc, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})))
	if err != nil {
		t.Fatal(err)
	}
	tc, ctx := testpb.NewTestServiceClient(cc), short(t)
	interop.DoEmptyUnaryCall(ctx, tc)
	interop.DoLargeUnaryCall(ctx, tc)
	interop.DoClientStreaming(ctx, tc)
	interop.DoServerStreaming(ctx, tc)
	interop.DoPingPong(ctx, tc)
	interop.DoCustomMetadata(ctx, tc)
	interop.DoCancelAfterFirstResponse(ctx, tc)
	_ = cc.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// TestSlowReader: a client that reads nothing holds up its own call alone.
func TestSlowReader(t *testing.T) {
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	slow, err := testpb.NewTestServiceClient(dial(t, g.address)).StreamingOutputCall(short(t), &testpb.StreamingOutputCallRequest{
		ResponseParameters: repeat(&testpb.ResponseParameters{Size: 64 << 10}, 64),
	})
	if err != nil {
		t.Fatal(err)
	}
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	for range 100 {
		if _, err := tc.UnaryCall(short(t), &testpb.SimpleRequest{ResponseSize: 10000}); err != nil {
			t.Fatal(err)
		}
	}
	for range 64 {
		out, err := slow.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(out.GetPayload().GetBody()); n != 64<<10 {
			t.Fatalf("got %d bytes", n)
		}
	}
}

func repeat[T any](v T, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// TestShutdownLetsCallsEnd: a call in flight comes to its end, a new one finds
// nobody.
func TestShutdownLetsCallsEnd(t *testing.T) {
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	stream, err := testpb.NewTestServiceClient(dial(t, g.address)).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	ping := &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 10}}}
	exchange := func() {
		t.Helper()
		if err := stream.Send(ping); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	exchange()
	down := make(chan error, 1)
	go func() { down <- g.Shutdown(short(t)) }()
	for {
		nc, err := net.Dial("tcp", g.address)
		if err != nil {
			break
		}
		_ = nc.Close()
	}
	exchange()
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// TestBackendDrains: calls move to another connection when a backend goes away in
// good order, and none is lost.
func TestBackendDrains(t *testing.T) {
	first, server := backend(t)
	second, _ := backend(t)
	g := serve(t, map[string]string{"interop": first + "," + second}, proxy.Options{})
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 300 {
				if _, err := tc.UnaryCall(short(t), &testpb.SimpleRequest{ResponseSize: 10}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	server.GracefulStop()
	wg.Wait()
}

// TestNothingLeaks: when clients are gone so is what they needed.
func TestNothingLeaks(t *testing.T) {
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	use := func() {
		cc := dial(t, g.address)
		tc := testpb.NewTestServiceClient(cc)
		ctx, cancel := context.WithCancel(context.Background())
		for range 20 {
			if _, err := tc.FullDuplexCall(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tc.EmptyCall(ctx, &testpb.Empty{}); err != nil {
			t.Fatal(err)
		}
		cancel()
		_ = cc.Close()
	}
	use()
	settled := func(at, tries int) bool {
		for range tries {
			if runtime.NumGoroutine() <= at {
				return true
			}
			time.Sleep(10 * time.Millisecond)
		}
		return false
	}
	settled(0, 50)
	before := runtime.NumGoroutine()
	for range 20 {
		use()
	}
	if !settled(before, 500) {
		t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
	}
}

// TestBackendWithoutGreeting fails calls in time when a socket is open and nobody
// answers.
func TestBackendWithoutGreeting(t *testing.T) {
	l := listen(t)
	g := serve(t, map[string]string{"interop": l.Addr().String()}, proxy.Options{HeaderTimeout: time.Millisecond})
	_, err := testpb.NewTestServiceClient(dial(t, g.address)).EmptyCall(short(t), &testpb.Empty{})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
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
