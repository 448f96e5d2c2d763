package proxy_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// another serves one more socket of a gateway.
func (g *gateway) another(t *testing.T, l proxy.Listener) (socket net.Listener, served chan error) {
	t.Helper()
	socket, served = listen(t), make(chan error, 1)
	go func() { served <- g.Serve(socket, l) }()
	return socket, served
}

// TestDrain: the clients of one listener are told to go and their calls end as
// they like; those of another one notice nothing.
func TestDrain(t *testing.T) {
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	socket, served := g.another(t, proxy.Listener{Gateway: "demo/gw", Port: 8080})
	ping := &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 10}}}
	stays, err := testpb.NewTestServiceClient(dial(t, g.address)).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, stays, ping, 10)
	goes, err := testpb.NewTestServiceClient(dial(t, socket.Addr().String())).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, goes, ping, 10)
	stop, calls := make(chan struct{}), atomic.Int64{}
	var wg sync.WaitGroup
	wg.Go(func() {
		tc := testpb.NewTestServiceClient(dial(t, g.address))
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := tc.EmptyCall(short(t), &testpb.Empty{}); err != nil {
				t.Error("a call by the other listener:", err)
				return
			}
			calls.Add(1)
		}
	})
	watcher := rawClient(t, g.address)
	drained := make(chan error, 1)
	go func() { drained <- g.Drain(short(t), socket) }()
	for range 30 {
		time.Sleep(10 * time.Millisecond)
		exchange(t, goes, ping, 10)
	}
	if nc, err := net.Dial("tcp", socket.Addr().String()); err == nil {
		_ = nc.Close()
		t.Error("the socket still takes clients")
	}
	select {
	case err := <-drained:
		t.Error("it did not wait for the call:", err)
	default:
	}
	end(t, goes)
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	exchange(t, stays, ping, 10)
	end(t, stays)
	close(stop)
	wg.Wait()
	if calls.Load() == 0 {
		t.Error("the other listener took no calls")
	}
	quiet(t, watcher)
	if err := g.Drain(short(t), socket); err == nil {
		t.Error("a socket was drained twice")
	}
}

func end(t *testing.T, s testpb.TestService_FullDuplexCallClient) {
	t.Helper()
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); err != io.EOF {
		t.Errorf("the call ended with %v", err)
	}
}

// quiet fails when a client without calls was told to go.
func quiet(t *testing.T, r *raw) {
	t.Helper()
	if err := r.WritePing(false, [8]byte{7}); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch f := f.(type) {
		case *http2.GoAwayFrame:
			t.Fatal("a client of another listener was told to go")
		case *http2.PingFrame:
			if f.IsAck() {
				return
			}
		}
	}
}

// TestDrainIsBounded: when its context ends, calls in flight are cut off, as
// unavailable, and those of other listeners are not.
func TestDrainIsBounded(t *testing.T) {
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	socket, _ := g.another(t, proxy.Listener{Gateway: "demo/gw", Port: 8080})
	ping := &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 10}}}
	stays, err := testpb.NewTestServiceClient(dial(t, g.address)).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	goes, err := testpb.NewTestServiceClient(dial(t, socket.Addr().String())).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, stays, ping, 10)
	exchange(t, goes, ping, 10)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if err := g.Drain(ctx, socket); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	if _, err := goes.Recv(); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "the listener was removed") {
		t.Errorf("the call in flight ended with %v", err)
	}
	exchange(t, stays, ping, 10)
	end(t, stays)
}

// TestTwoSteps: a client is told twice, first without a last stream, so that calls
// on their way are still served.
func TestTwoSteps(t *testing.T) {
	l := listen(t) // a backend that never answers
	g := serve(t, map[string]string{"interop": l.Addr().String()}, proxy.Options{})
	socket, _ := g.another(t, proxy.Listener{Gateway: "demo/gw", Port: 8080})
	r := rawClient(t, socket.Addr().String())
	begin := func(id uint32) {
		t.Helper()
		block := r.request("/grpc.testing.TestService/FullDuplexCall")
		if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true}); err != nil {
			t.Fatal(err)
		}
	}
	begin(1)
	for g.Stats().Calls == 0 { // until it is accepted: closing the socket resets who waits there
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	go func() { _ = g.Drain(ctx, socket) }()
	var last []uint32
	for len(last) < 2 {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if away, ok := f.(*http2.GoAwayFrame); ok {
			if last = append(last, away.LastStreamID); len(last) == 1 {
				begin(3) // sent before the client knew
			}
		}
	}
	if last[0] != 1<<31-1 || last[1] != 3 {
		t.Errorf("the last streams are said to be %v", last)
	}
	begin(5)
	for {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if reset, ok := f.(*http2.RSTStreamFrame); ok {
			if reset.StreamID != 5 || reset.ErrCode != http2.ErrCodeRefusedStream {
				t.Errorf("got %v", reset)
			}
			return
		}
	}
}

// TestCertificateIsRenewed: the next handshake sees a certificate that was
// swapped; clients that are there stay, and h2 is agreed on whatever the caller's
// configuration says.
func TestCertificateIsRenewed(t *testing.T) {
	address, _ := backend(t)
	first, second := certificate(t, "localhost"), certificate(t, "localhost")
	for _, test := range []struct {
		name   string
		config func(*atomic.Pointer[tls.Certificate]) *tls.Config
	}{
		{"GetCertificate", func(now *atomic.Pointer[tls.Certificate]) *tls.Config {
			return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return now.Load(), nil }}
		}},
		{"GetConfigForClient", func(now *atomic.Pointer[tls.Certificate]) *tls.Config {
			return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
				return &tls.Config{Certificates: []tls.Certificate{*now.Load()}, NextProtos: []string{"other"}}, nil
			}}
		}},
		{"GetConfigForClient that has nothing to say", func(now *atomic.Pointer[tls.Certificate]) *tls.Config {
			return &tls.Config{
				GetCertificate:     func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return now.Load(), nil },
				GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil },
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var now atomic.Pointer[tls.Certificate]
			now.Store(&first)
			g := serve(t, map[string]string{"interop": address}, proxy.Options{})
			socket, _ := g.another(t, proxy.Listener{Gateway: "demo/gw", Port: 8443, TLS: test.config(&now)})
			call := func(trust tls.Certificate) (testpb.TestServiceClient, error) {
				cc, err := grpc.NewClient(socket.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(
					&tls.Config{RootCAs: pool(t, trust), ServerName: "localhost"})))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = cc.Close() })
				tc := testpb.NewTestServiceClient(cc)
				_, err = tc.EmptyCall(short(t), &testpb.Empty{})
				return tc, err
			}
			old, err := call(first)
			if err != nil {
				t.Fatal(err)
			}
			now.Store(&second)
			if _, err := call(second); err != nil {
				t.Error("the new certificate is not used:", err)
			}
			if _, err := call(first); status.Code(err) != codes.Unavailable {
				t.Error("the old certificate is still used:", err)
			}
			if _, err := old.EmptyCall(short(t), &testpb.Empty{}); err != nil {
				t.Error("a client that was there:", err)
			}
			for _, offer := range []string{"h2", "http/1.1"} {
				nc, err := tls.Dial("tcp", socket.Addr().String(), &tls.Config{RootCAs: pool(t, second), ServerName: "localhost", NextProtos: []string{offer}})
				if err != nil {
					t.Fatal(err)
				}
				if got := nc.ConnectionState().NegotiatedProtocol; got != offer {
					t.Errorf("%q was agreed on, offered was %s", got, offer)
				}
				_ = nc.Close()
			}
		})
	}
}
