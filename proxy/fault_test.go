package proxy_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

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

// TestVanishedClients: a client that is gone without a word is found by its
// silence, or by what it does not read, and its backend is told.
func TestVanishedClients(t *testing.T) {
	gone := make(chan error, 1)
	address, _ := backend(t, grpc.StreamInterceptor(func(_ any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
		for ss.Context().Err() == nil {
			if err := ss.SendMsg(&testpb.StreamingOutputCallResponse{Payload: &testpb.Payload{Body: make([]byte, 10000)}}); err != nil {
				break
			}
		}
		<-ss.Context().Done()
		gone <- ss.Context().Err()
		return nil
	}))
	for _, test := range []struct {
		name    string
		options proxy.Options
		grants  bool // the proxy may send, to a socket that nobody reads
	}{
		{"by PING", proxy.Options{KeepAlive: 200 * time.Millisecond}, false},
		{"by what it does not read", proxy.Options{WriteTimeout: 300 * time.Millisecond}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, map[string]string{"interop": address}, test.options)
			r := rawClient(t, g.address)
			if test.grants {
				if err := r.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1}); err != nil {
					t.Fatal(err)
				}
				if err := r.WriteWindowUpdate(0, 1<<31-1-65535); err != nil {
					t.Fatal(err)
				}
			}
			block := r.request("/grpc.testing.TestService/FullDuplexCall")
			if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true}); err != nil {
				t.Fatal(err)
			}
			select {
			case <-gone:
			case <-time.After(10 * time.Second):
				t.Fatal("the backend was not told")
			}
			if rec := g.last(t, 1); rec.Code != int(codes.Canceled) || !strings.Contains(rec.Message, "the client is gone") {
				t.Errorf("recorded was %+v", rec)
			}
			g.settled(t)
			g.deserted(t)
		})
	}
}

// TestBackendHangs: calls without a deadline wait for a backend that hangs, and
// others do not notice.
func TestBackendHangs(t *testing.T) {
	address, _ := backend(t, grpc.ChainUnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		if _, empty := in.(*testpb.Empty); empty {
			<-ctx.Done()
		}
		return h(ctx, in)
	}))
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	cc := dial(t, g.address)
	tc := testpb.NewTestServiceClient(cc)
	ctx, cancel := context.WithCancel(short(t))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := tc.EmptyCall(ctx, &testpb.Empty{}); status.Code(err) != codes.Canceled {
				t.Errorf("got %v", err)
			}
		})
	}
	for range 100 {
		if _, err := tc.UnaryCall(short(t), &testpb.SimpleRequest{ResponseSize: 10}); err != nil {
			t.Error(err)
		}
	}
	cancel()
	wg.Wait()
	g.settled(t)
}
