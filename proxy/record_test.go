package proxy_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const timed = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec: {gatewayClassName: any, listeners: [{name: front, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - name: impatient
    matches: [{headers: [{name: x-impatient, value: "yes"}]}]
    timeouts: {request: 10s, backendRequest: 150ms}
    backendRefs: [{name: interop, port: 1}]
  - name: endless
    timeouts: {request: 0s}
    backendRefs: [{name: interop, port: 1}]
`

// last waits for the record of the call number n.
func (g *gateway) last(t *testing.T, n int) proxy.Record {
	t.Helper()
	for range 500 {
		g.mu.Lock()
		if len(g.records) >= n {
			r := g.records[n-1]
			g.mu.Unlock()
			return r
		}
		g.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("call %d was not recorded", n)
	return proxy.Record{}
}

// TestRecord: what is told of a call that went well.
func TestRecord(t *testing.T) {
	address, _ := backend(t)
	g := serveTable(t, compile(t, timed), map[string]string{"interop": address}, proxy.Options{})
	in := &testpb.SimpleRequest{ResponseSize: 1000, Payload: &testpb.Payload{Body: make([]byte, 3000)}}
	before := time.Now()
	ctx := metadata.AppendToOutgoingContext(short(t), "authorization", "secret")
	out, err := testpb.NewTestServiceClient(dial(t, g.address)).UnaryCall(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	r := g.last(t, 1)
	if r.Start.Before(before) || r.Duration <= 0 || r.Duration > time.Minute || !strings.HasPrefix(r.Client, "127.0.0.1:") {
		t.Errorf("got %+v", r)
	}
	r.Start, r.Duration, r.Client = time.Time{}, 0, ""
	want := proxy.Record{
		Gateway: "demo/gw", Port: 8080, Listener: "front", Authority: g.address, Path: "/grpc.testing.TestService/UnaryCall",
		Route: "HTTPRoute demo/r", Rule: 1, RuleName: "endless", Backend: "demo/interop:1", Address: address, Attempts: 1,
		RequestBytes: int64(5 + sizeOf(in)), ResponseBytes: int64(5 + sizeOf(out)), HTTP: 200,
	}
	if r != want {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
}

// TestRecordOfFailures: a call that was given up, and one whose backend is not
// there; each is told once and speaks of no header.
func TestRecordOfFailures(t *testing.T) {
	free := listen(t)
	refused := free.Addr().String()
	_ = free.Close()
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address, "down": refused}, proxy.Options{ExplainHeader: true})
	cc := dial(t, g.address)
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(short(t), "authorization", "secret"))
	stream, err := testpb.NewTestServiceClient(cc).FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, stream, &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 7}}}, 7)
	cancel()
	if r := g.last(t, 1); r.Code != int(codes.Canceled) || r.Message != "the client gave the call up" || r.HTTP != 200 || r.Address != address {
		t.Errorf("got %+v", r)
	}
	err = cc.Invoke(metadata.AppendToOutgoingContext(short(t), "authorization", "secret"), "/down.Service/Call", &testpb.Empty{}, &testpb.Empty{})
	r := g.last(t, 2)
	if s := status.Convert(err); r.Code != int(s.Code()) || r.Message != s.Message() || r.Backend != "demo/down:50051" || r.Attempts == 0 {
		t.Errorf("got %+v and %v", r, err)
	}
	if got := rawAnswer(t, g.address, "a", "/down.Service/Call"); got["grpcroute-backend"] != "demo/down:50051" || got["grpcroute-rule"] != "1" || got["grpc-status"] != "14" {
		t.Errorf("the answer is %v", got)
	}
	time.Sleep(50 * time.Millisecond)
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.records) != 3 {
		t.Errorf("%d records of 3 calls", len(g.records))
	}
	for i := range g.records {
		if strings.Contains(g.records[i].Message, "secret") {
			t.Errorf("a secret is in %+v", g.records[i])
		}
	}
}

// TestRuleTimeout: the least of the rule's timeouts and the client's deadline ends
// a call.
func TestRuleTimeout(t *testing.T) {
	l := listen(t) // takes connections and never answers
	g := serveTable(t, compile(t, timed), map[string]string{"interop": l.Addr().String()}, proxy.Options{})
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	ctx := metadata.AppendToOutgoingContext(short(t), "x-impatient", "yes")
	_, err := tc.EmptyCall(ctx, &testpb.Empty{})
	if s := status.Convert(err); s.Code() != codes.DeadlineExceeded || !strings.Contains(s.Message(), "HTTPRoute demo/r rule 0") || !strings.Contains(s.Message(), "timeout of 150ms") {
		t.Errorf("got %v", err)
	}
	soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := tc.EmptyCall(soon, &testpb.Empty{}); status.Code(err) != codes.DeadlineExceeded || strings.Contains(err.Error(), "150ms") {
		t.Errorf("got %v", err)
	}
	endless, cancel := context.WithTimeout(short(t), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := tc.EmptyCall(endless, &testpb.Empty{}); status.Code(err) != codes.DeadlineExceeded || time.Since(start) < 250*time.Millisecond {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
}

// TestStats: what is open, by address.
func TestStats(t *testing.T) {
	address, _ := backend(t)
	free := listen(t)
	refused := free.Addr().String()
	_ = free.Close()
	g := serve(t, map[string]string{"interop": address, "down": refused}, proxy.Options{})
	cc := dial(t, g.address)
	ctx, cancel := context.WithCancel(short(t))
	for range 3 {
		stream, err := testpb.NewTestServiceClient(cc).FullDuplexCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, stream, &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 7}}}, 7)
	}
	_ = cc.Invoke(short(t), "/down.Service/Call", &testpb.Empty{}, &testpb.Empty{})
	s := g.Stats()
	// The call fails a moment before its connection is forgotten.
	for range 500 {
		if !slices.ContainsFunc(s.Backends, func(b proxy.BackendStats) bool { return b.Address == refused && b.Connections > 0 }) {
			break
		}
		time.Sleep(10 * time.Millisecond)
		s = g.Stats()
	}
	if s.Clients != 1 || s.Calls != 3 || len(s.Backends) != 2 {
		t.Errorf("got %+v", s)
	}
	for _, b := range s.Backends {
		switch b.Address {
		case address:
			if b.Calls != 3 || b.Connections != 1 || b.Failure != nil || b.Mirror || b.TLS {
				t.Errorf("got %+v", b)
			}
		case refused:
			if b.Calls+b.Connections != 0 || b.Failure == nil {
				t.Errorf("got %+v", b)
			}
		default:
			t.Errorf("got %+v", b)
		}
	}
	cancel()
	g.settled(t)
	_ = cc.Close()
	g.deserted(t)
}

// deserted waits until no client is left.
func (g *gateway) deserted(t *testing.T) {
	t.Helper()
	for range 500 {
		if g.Stats().Clients == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("clients are left: %+v", g.Stats())
}

// TestIdleConnections: those that carry no calls end on both sides, and the next
// call opens others.
func TestIdleConnections(t *testing.T) {
	address, _ := backend(t)
	g := serve(t, map[string]string{"interop": address}, proxy.Options{IdleTimeout: 100 * time.Millisecond})
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	for range 2 {
		if _, err := tc.EmptyCall(short(t), &testpb.Empty{}); err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			s := g.Stats()
			if s.Clients == 0 && s.Backends[0].Connections == 0 {
				break
			}
			if i > 500 {
				t.Fatalf("idle connections stay: %+v", s)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}
