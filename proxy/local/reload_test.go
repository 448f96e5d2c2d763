package local_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy/local"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

const second = "apiVersion: v1\nkind: Service\nmetadata: {name: next, namespace: demo}\nspec: {ports: [{port: 50051}]}\n"

// load makes calls over one connection until it is told to stop, and counts.
type load struct {
	calls, failed, dials atomic.Int64
	last                 atomic.Value // the last failure
	stop                 context.CancelFunc
	done                 sync.WaitGroup
}

func startLoad(t *testing.T, address string) *load {
	t.Helper()
	l := &load{}
	cc, err := grpc.NewClient("passthrough:"+address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("a.example.com"), grpc.WithDisableRetry(),
		grpc.WithContextDialer(func(ctx context.Context, at string) (net.Conn, error) {
			l.dials.Add(1)
			return new(net.Dialer).DialContext(ctx, "tcp", at)
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	for range 4 {
		l.done.Go(func() {
			for ctx.Err() == nil {
				in, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				_, err := testpb.NewTestServiceClient(cc).EmptyCall(in, &testpb.Empty{})
				cancel()
				l.calls.Add(1)
				if err != nil {
					l.failed.Add(1)
					l.last.Store(err)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	t.Cleanup(func() { stop(); l.done.Wait(); _ = cc.Close() })
	return l
}

// wait lets some more calls happen.
func (l *load) wait(t *testing.T, n int64) {
	t.Helper()
	want := l.calls.Load() + n
	for deadline := time.Now().Add(10 * time.Second); l.calls.Load() < want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("calls have stopped")
		}
	}
}

func (l *load) check(t *testing.T) {
	t.Helper()
	l.stop()
	l.done.Wait()
	if n := l.failed.Load(); n > 0 {
		t.Errorf("%d of %d calls failed, the last with %v", n, l.calls.Load(), l.last.Load())
	}
	if n := l.dials.Load(); n != 1 {
		t.Errorf("the client connected %d times", n)
	}
}

// TestUpdateUnderLoad swaps backends and neighbours while calls go on: none fails,
// and no connection is touched.
func TestUpdateUnderLoad(t *testing.T) {
	one, _ := backend(t)
	two, _ := backend(t)
	o := local.Options{Addresses: free("gw"), Backends: map[local.Ref][]string{app: {one}, {Namespace: "demo", Name: "next", Port: 50051}: {two}}}
	first := compile(t, gatewayText("gw", plainGateway), routeText("r", "{name: gw}", "", "app"), serviceText, second)
	g := open(t, first, o)
	l := startLoad(t, address(t, g, "demo/gw", 8080))
	l.wait(t, 20)
	for i := range 20 {
		to, extra := "app", routeText("extra", "{name: gw}", "b.example.com", "app")
		if i%2 == 0 {
			to, extra = "next", ""
		}
		listeners := []string{plainGateway}
		if i%3 == 0 {
			listeners = append(listeners, "{name: b, port: 8081, protocol: HTTP}")
		}
		tables := compile(t, gatewayText("gw", listeners...), routeText("r", "{name: gw}", "", to), serviceText, second, extra)
		if err := g.Update(tables); err != nil {
			t.Fatal(err)
		}
		if n := len(g.Sockets()); n != len(listeners) {
			t.Fatalf("%d sockets for %d ports", n, len(listeners))
		}
		l.wait(t, 20)
	}
	l.check(t)
}

// TestListenersComeAndGo: a port that is removed is drained, one that is added is
// opened, one that turns to TLS is opened anew at its place.
func TestListenersComeAndGo(t *testing.T) {
	at, _ := backend(t)
	ca := newAuthority(t)
	rest := []string{routeText("r", "{name: gw}", "", "app"), serviceText, ca.secret(t, "a", "a.example.com")}
	with := func(listeners ...string) []string { return append([]string{gatewayText("gw", listeners...)}, rest...) }
	g := open(t, compile(t, with(plainGateway)...), local.Options{Addresses: map[string]string{"demo/gw": "127.1.0.3"}, Backends: to(at), Drain: time.Second})
	where := address(t, g, "demo/gw", 8080)
	works(t, where, "a.example.com", nil)
	if err := g.Update(compile(t, with("{name: b, port: 8081, protocol: HTTP}")...)); err != nil {
		t.Fatal(err)
	}
	works(t, address(t, g, "demo/gw", 8081), "a.example.com", nil)
	fails(t, where, "a.example.com", nil, "refused")
	if err := g.Update(compile(t, with("{name: b, port: 8081, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}", plainGateway)...)); err != nil {
		t.Fatal(err)
	}
	works(t, address(t, g, "demo/gw", 8080), "a.example.com", nil)
	works(t, address(t, g, "demo/gw", 8081), "a.example.com", &tls.Config{RootCAs: ca.pool(), ServerName: "a.example.com"})
	fails(t, address(t, g, "demo/gw", 8081), "a.example.com", nil, "")
}

// TestRenewedCertificate: what a Secret says now is shown at the next handshake.
func TestRenewedCertificate(t *testing.T) {
	at, _ := backend(t)
	old, renewed := newAuthority(t), newAuthority(t)
	texts := func(ca *authority) []string {
		return []string{gatewayText("gw", "{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}"), routeText("r", "{name: gw}", "", "app"), serviceText,
			ca.secret(t, "a", "a.example.com")}
	}
	g := open(t, compile(t, texts(old)...), local.Options{Addresses: free("gw"), Backends: to(at)})
	where := address(t, g, "demo/gw", 443)
	kept, err := tls.Dial("tcp", where, &tls.Config{RootCAs: old.pool(), ServerName: "a.example.com", NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if err := g.Update(compile(t, texts(renewed)...)); err != nil {
		t.Fatal(err)
	}
	if now := address(t, g, "demo/gw", 443); now != where {
		t.Errorf("the socket moved from %s to %s", where, now)
	}
	works(t, where, "a.example.com", &tls.Config{RootCAs: renewed.pool(), ServerName: "a.example.com"})
	fails(t, where, "a.example.com", &tls.Config{RootCAs: old.pool(), ServerName: "a.example.com"}, "unknown authority")
	// The old connection lives: the preface is answered.
	if _, err := kept.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	_ = kept.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := kept.Read(make([]byte, 9)); err != nil {
		t.Errorf("a connection from before the renewal: %v", err)
	}
}

// TestPolicyConnectionsStay: an update that says the same of a backend's TLS keeps
// its connections.
func TestPolicyConnectionsStay(t *testing.T) {
	ca := newAuthority(t)
	pair, _, _ := ca.leaf(t, "app.internal")
	var handshakes atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	testpb.RegisterTestServiceServer(s, testpb.UnimplementedTestServiceServer{})
	secured := tls.NewListener(l, &tls.Config{NextProtos: []string{"h2"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		handshakes.Add(1)
		return &pair, nil
	}})
	go func() { _ = s.Serve(secured) }()
	t.Cleanup(s.Stop)
	texts := []string{gatewayText("gw", plainGateway), routeText("r", "{name: gw}", "", "app"), serviceText, policyText(trustsCA), ca.configMap("ca")}
	g := open(t, compile(t, texts...), local.Options{Addresses: free("gw"), Backends: to(l.Addr().String())})
	where := address(t, g, "demo/gw", 8080)
	for range 4 {
		fails(t, where, "a.example.com", nil, "not implemented")
		if err := g.Update(compile(t, texts...)); err != nil {
			t.Fatal(err)
		}
	}
	if n := handshakes.Load(); n != 1 {
		t.Errorf("%d handshakes with the backend, want 1", n)
	}
}
