package proxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const manifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec:
  gatewayClassName: any
  listeners:
  - {name: grpc, port: 8080, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: interop, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - matches: [{method: {service: grpc.testing.TestService}}]
    backendRefs: [{name: interop, port: 50051}]
  - matches: [{method: {service: down.Service}}]
    backendRefs: [{name: down, port: 50051}]
  - matches: [{method: {service: grpc.testing.TestService}, headers: [{name: x-edit, value: "yes"}]}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier:
        set: [{name: X-Set, value: rule}, {name: X-Both, value: rule}]
        add: [{name: x-grpc-test-echo-initial, value: added}]
        remove: [X-Secret]
    - type: ResponseHeaderModifier
      responseHeaderModifier:
        set: [{name: x-both, value: rule}]
        add: [{name: x-answer, value: from-rule}]
        remove: [x-grpc-test-echo-initial]
    backendRefs:
    - name: interop
      port: 50051
      filters:
      - type: RequestHeaderModifier
        requestHeaderModifier: {set: [{name: x-both, value: backend}]}
      - type: ResponseHeaderModifier
        responseHeaderModifier: {set: [{name: x-both, value: backend}]}
  - matches: [{method: {service: filtered.Service}}]
    filters:
    - {type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: few}}
    backendRefs: [{name: interop, port: 50051}]
`

// compile makes a table of manifests in which everything is assumed to exist.
func compile(t testing.TB, text string) *routing.Table {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	return routing.Compile(topology.Resolve(set, topology.Options{Assume: topology.AssumePresent}))
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// gateway is a proxy in front of addresses by backend name.
type gateway struct {
	*proxy.Server
	address string
	table   *routing.Table

	mu      sync.Mutex
	records []proxy.Record
}

func serve(t testing.TB, addresses map[string]string, o proxy.Options) *gateway {
	t.Helper()
	g := &gateway{table: compile(t, manifests)}
	o.Done = func(r *proxy.Record) {
		g.mu.Lock()
		g.records = append(g.records, *r)
		g.mu.Unlock()
	}
	g.Server = proxy.New(g.config(addresses), o)
	l := listen(t)
	g.address = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- g.Serve(l, proxy.Listener{Gateway: "demo/gw", Port: 8080}) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_ = g.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return g
}

func (g *gateway) config(addresses map[string]string) proxy.Config {
	return proxy.Config{Table: g.table, Backend: func(b *topology.Backend) proxy.Backend {
		if a := addresses[b.Name]; a != "" {
			return proxy.Backend{Addresses: strings.Split(a, ",")}
		}
		return proxy.Backend{}
	}}
}

// backend is a grpc-go server with the official test service.
func backend(t testing.TB, o ...grpc.ServerOption) (string, *grpc.Server) {
	t.Helper()
	l := listen(t)
	s := grpc.NewServer(o...)
	testpb.RegisterTestServiceServer(s, interop.NewTestServer())
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String(), s
}

func dial(t testing.TB, address string) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

func short(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestInterop runs the cases of the official interop client that need no
// credentials.
func TestInterop(t *testing.T) {
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{})
	cc := dial(t, g.address)
	tc := testpb.NewTestServiceClient(cc)
	ctx := short(t)
	interop.DoEmptyUnaryCall(ctx, tc)
	interop.DoLargeUnaryCall(ctx, tc)
	interop.DoClientStreaming(ctx, tc)
	interop.DoServerStreaming(ctx, tc)
	interop.DoPingPong(ctx, tc)
	interop.DoEmptyStream(ctx, tc)
	interop.DoTimeoutOnSleepingServer(ctx, tc)
	interop.DoCancelAfterBegin(ctx, tc)
	interop.DoCancelAfterFirstResponse(ctx, tc)
	interop.DoCustomMetadata(ctx, tc)
	interop.DoStatusCodeAndMessage(ctx, tc)
	interop.DoSpecialStatusMessage(ctx, tc)
	interop.DoUnimplementedMethod(ctx, cc)
	interop.DoUnimplementedService(ctx, testpb.NewUnimplementedServiceClient(cc))
}

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

// TestUpdateUnderLoad: a swap fails no call, and a backend that drains loses none.
func TestUpdateUnderLoad(t *testing.T) {
	first, _ := backend(t)
	second, _ := backend(t)
	g := serve(t, map[string]string{"interop": first}, proxy.Options{})
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	ctx := short(t)
	stop := make(chan struct{})
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
			}
		})
	}
	for i := range 20 {
		g.Update(g.config(map[string]string{"interop": []string{first, second}[i%2]}))
		time.Sleep(5 * time.Millisecond)
	}
	close(stop)
	wg.Wait()
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

func nowhere(*topology.Backend) proxy.Backend { return proxy.Backend{} }
