package proxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestManyCallsAtOnce(t *testing.T) {
	address, _ := backend(t, grpc.MaxConcurrentStreams(7))
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	ctx := short(t)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 50 {
				in := &testpb.SimpleRequest{ResponseSize: 3000, Payload: &testpb.Payload{Body: make([]byte, 20000)}}
				out, err := tc.UnaryCall(ctx, in)
				if err != nil {
					t.Error(err)
					return
				}
				if n := len(out.GetPayload().GetBody()); n != 3000 {
					t.Errorf("got %d bytes", n)
				}
			}
		})
	}
	wg.Wait()
}

func TestFailuresAreStatuses(t *testing.T) {
	address, _ := backend(t)
	free := listen(t)
	refused := free.Addr().String()
	_ = free.Close()
	g := serve(t, map[string]string{"interop": address, "down": refused}, proxy.Options{})
	cc := dial(t, g.address)
	for _, test := range []struct {
		method string
		code   codes.Code
		says   []string
	}{
		{"/no.Such/Method", codes.Unimplemented, []string{"/no.Such/Method"}},
		{"/down.Service/Call", codes.Unavailable, []string{"GRPCRoute demo/interop rule 1", "demo/down:50051", "refused"}},
		{"/filtered.Service/Call", codes.Unknown, []string{"ExtensionRef", "GRPCRoute demo/interop rule 3"}},
	} {
		t.Run(test.method, func(t *testing.T) {
			err := cc.Invoke(short(t), test.method, &testpb.Empty{}, &testpb.Empty{})
			s := status.Convert(err)
			if s.Code() != test.code {
				t.Errorf("got %v, want %v", err, test.code)
			}
			for _, word := range test.says {
				if !strings.Contains(s.Message(), word) {
					t.Errorf("message %q does not say %q", s.Message(), word)
				}
			}
		})
	}
}

// TestBackendLostInMidStream: the client learns of it at once, as unavailable.
func TestBackendLostInMidStream(t *testing.T) {
	address, s := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	stream, err := testpb.NewTestServiceClient(dial(t, g.address)).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 10}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("got %v, want Unavailable", err)
	}
}

// TestBackendKilled: however a backend goes in mid-stream, the client learns that
// it is unavailable, which it may try again.
func TestBackendKilled(t *testing.T) {
	half := []byte{0, 0, 100, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 95, 1, 2, 3} // of a DATA frame
	for _, test := range []struct {
		name string
		kill func(r *raw)
	}{
		{"it closes", func(r *raw) { _ = r.nc.Close() }},
		{"it closes in the middle of a message", func(r *raw) { _, _ = r.nc.Write(half); _ = r.nc.Close() }},
		{"it resets the connection", func(r *raw) { _ = r.nc.(*net.TCPConn).SetLinger(0); _ = r.nc.Close() }},
		{"it goes away and closes", func(r *raw) { _ = r.WriteGoAway(1, http2.ErrCodeNo, nil); _ = r.nc.Close() }},
		{"it goes away with an error", func(r *raw) { _ = r.WriteGoAway(1, http2.ErrCodeInternal, nil); _ = r.nc.Close() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			answered := make(chan *raw, 1)
			g := serve(t, map[string]string{"interop": rawBackend(t, func(r *raw) {
				for {
					f, err := r.ReadFrame()
					if err != nil {
						return
					}
					if h, ok := f.(*http2.HeadersFrame); ok {
						_ = r.WriteHeaders(http2.HeadersFrameParam{StreamID: h.StreamID, BlockFragment: r.head(), EndHeaders: true})
						answered <- r
					}
				}
			})}, proxy.Options{})
			stream, err := testpb.NewTestServiceClient(dial(t, g.address)).FullDuplexCall(short(t))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Header(); err != nil {
				t.Fatal(err)
			}
			test.kill(<-answered)
			if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
				t.Errorf("got %v, want Unavailable", err)
			}
		})
	}
}

// TestClientGone: a backend learns that nobody waits any more.
func TestClientGone(t *testing.T) {
	gone := make(chan error, 1)
	address, _ := backend(t, grpc.StreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
		err := h(srv, ss)
		gone <- ss.Context().Err()
		return err
	}))
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	cc := dial(t, g.address)
	stream, err := testpb.NewTestServiceClient(cc).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 10}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	_ = cc.Close()
	select {
	case err := <-gone:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the backend's context says %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the backend was not told")
	}
}

// TestDeadline: the proxy enforces it against a backend that does not.
func TestDeadline(t *testing.T) {
	l := listen(t) // takes connections and never answers
	g := serve(t, map[string]string{"interop": l.Addr().String()}, proxy.Options{})
	// A client without a deadline of its own sends the header alone.
	ctx := metadata.AppendToOutgoingContext(short(t), "x-note", "kept")
	ctx, cancel := context.WithTimeout(ctx, 150*time.Millisecond)
	defer cancel()
	_, err := testpb.NewTestServiceClient(dial(t, g.address)).EmptyCall(ctx, &testpb.Empty{})
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

// TestUpdateUnderLoad: twenty reloads fail no call, end no long call, and tell no
// client to go.
func TestUpdateUnderLoad(t *testing.T) {
	first, _ := backend(t)
	second, _ := backend(t)
	g := serve(t, map[string]string{"interop": first}, proxy.Options{})
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	ctx := short(t)
	watcher := rawClient(t, g.address)
	long, err := testpb.NewTestServiceClient(dial(t, g.address)).FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ping := &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 10}}}
	exchange(t, long, ping, 10)
	stop := make(chan struct{})
	var calls atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := tc.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: 100}); err != nil {
					t.Error(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	for i := range 20 {
		before := calls.Load()
		g.table = compile(t, manifests) // a table anew, as a reload makes it
		g.Update(g.config(map[string]string{"interop": []string{second, first}[i%2]}))
		for calls.Load() < before+20 && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		exchange(t, long, ping, 10)
	}
	close(stop)
	wg.Wait()
	end(t, long)
	quiet(t, watcher)
	t.Logf("%d calls", calls.Load())
}

// TestHeaderModifiers: requests see the rule's first, responses the backend's; a
// match sees the request before either.
func TestHeaderModifiers(t *testing.T) {
	var seen metadata.MD
	address, _ := backend(t, grpc.UnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		seen, _ = metadata.FromIncomingContext(ctx)
		if err := grpc.SetHeader(ctx, metadata.Pairs("x-both", "own", "x-grpc-test-echo-initial", "gone", "x-kept", "yes")); err != nil {
			return nil, err
		}
		return h(ctx, in)
	}))
	g := serve(t, map[string]string{"interop": address}, proxy.Options{ExplainHeader: true})
	ctx := metadata.AppendToOutgoingContext(short(t), "x-edit", "yes", "x-set", "mine", "x-secret", "s", "x-set", "again", "x-bin-bin", "\x00\xff")
	var head metadata.MD
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	if _, err := tc.EmptyCall(ctx, &testpb.Empty{}, grpc.Header(&head)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"x-set": "rule", "x-both": "backend", "x-grpc-test-echo-initial": "added", "x-secret": "", "x-bin-bin": "\x00\xff"} {
		if got := strings.Join(seen.Get(name), ","); got != want {
			t.Errorf("request header %s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"x-both": "rule", "x-answer": "from-rule", "x-grpc-test-echo-initial": "", "x-kept": "yes",
		"grpcroute-route": "GRPCRoute demo/interop", "grpcroute-rule": "2", "grpcroute-backend": "demo/interop:50051"} {
		if got := strings.Join(head.Get(name), ","); got != want {
			t.Errorf("response header %s is %q, want %q", name, got, want)
		}
	}
}

// TestHTTP1 answers a client of another protocol with a sentence.
func TestHTTP1(t *testing.T) {
	g := serve(t, nil, proxy.Options{})
	nc, err := net.Dial("tcp", g.address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	got, _ := io.ReadAll(nc)
	if !strings.HasPrefix(string(got), "HTTP/1.1 505 ") || !strings.Contains(string(got), "gRPC") {
		t.Errorf("got %q", got)
	}
}

func nowhere(*routing.Server, *topology.Backend) proxy.Backend { return proxy.Backend{} }
