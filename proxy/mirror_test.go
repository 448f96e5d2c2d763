package proxy_test

import (
	"bytes"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// mirrored has a rule per way to say how much is copied, and one of the official
// test service.
const mirrored = `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: m, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - matches: [{method: {service: m.All}}]
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 1}}}]
    backendRefs: [{name: main, port: 1}]
  - matches: [{method: {service: m.Percent}}]
    filters: [{type: RequestMirror, requestMirror: {percent: 30, backendRef: {name: copy, port: 1}}}]
    backendRefs: [{name: main, port: 1}]
  - matches: [{method: {service: m.Fraction}}]
    filters: [{type: RequestMirror, requestMirror: {fraction: {numerator: 1, denominator: 8}, backendRef: {name: copy, port: 1}}}]
    backendRefs: [{name: main, port: 1}]
  - matches: [{method: {service: m.Hundredths}}]
    filters: [{type: RequestMirror, requestMirror: {fraction: {numerator: 60}, backendRef: {name: copy, port: 1}}}]
    backendRefs: [{name: main, port: 1}]
  - matches: [{method: {service: m.Zero}}]
    filters: [{type: RequestMirror, requestMirror: {percent: 0, backendRef: {name: copy, port: 1}}}]
    backendRefs: [{name: main, port: 1}]
  - matches: [{method: {service: m.Twice}}]
    filters:
    - {type: RequestMirror, requestMirror: {percent: 50, backendRef: {name: copy, port: 1}}}
    - {type: RequestMirror, requestMirror: {percent: 50, backendRef: {name: copy, port: 1}}}
    backendRefs: [{name: main, port: 1}]
  - matches: [{method: {service: m.Unresolved}}]
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: copy, kind: ConfigMap, port: 1}}}]
    backendRefs: [{name: main, port: 1}]
  - matches: [{method: {service: grpc.testing.TestService}}]
    filters:
    - {type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 1}}}
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-rule, value: "yes"}]}}
    backendRefs:
    - name: main
      port: 1
      filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-backend, value: "yes"}]}}]
`

// tally counts what an anything-goes backend gets.
type tally struct {
	mu   sync.Mutex
	seen map[string]int
}

func (c *tally) count(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[what]
}

// anything answers every method with nothing.
func anything(t testing.TB, o ...grpc.ServerOption) (string, *tally, *grpc.Server) {
	t.Helper()
	c := &tally{seen: map[string]int{}}
	address, s := backend(t, append(o, grpc.UnknownServiceHandler(func(_ any, ss grpc.ServerStream) error {
		name, _ := grpc.MethodFromServerStream(ss)
		c.mu.Lock()
		c.seen[name]++
		c.mu.Unlock()
		return ss.SendMsg(&testpb.Empty{})
	}))...)
	return address, c, s
}

// TestMirrorShares draws for each call and each filter anew.
func TestMirrorShares(t *testing.T) {
	first, _, _ := anything(t)
	second, copies, _ := anything(t)
	g := serveTable(t, compile(t, mirrored), map[string]string{"main": first, "copy": second}, proxy.Options{})
	cc := dial(t, g.address)
	const calls = 2000
	shares := map[string]float64{"All": 1, "Percent": 0.3, "Fraction": 0.125, "Hundredths": 0.6, "Zero": 0, "Twice": 1, "Unresolved": 0}
	for name := range shares {
		for range calls {
			if err := cc.Invoke(short(t), "/m."+name+"/Call", &testpb.Empty{}, &testpb.Empty{}); err != nil {
				t.Fatal(name, err)
			}
		}
	}
	stats := g.settled(t)
	total := 0
	for name, share := range shares {
		got := copies.count("/m." + name + "/Call")
		total += got
		want, deviation := share*calls, math.Sqrt(calls*share*(1-share))
		if name == "Twice" {
			deviation = math.Sqrt(2 * calls * 0.25)
		}
		if math.Abs(float64(got)-want) > 5*deviation {
			t.Errorf("%s: %d copies of %d calls, expected about %.0f", name, got, calls, want)
		}
	}
	if stats.Mirrored != uint64(total) || stats.MirrorsDropped != 0 {
		t.Errorf("%d copies arrived, %d were counted and %d dropped", total, stats.Mirrored, stats.MirrorsDropped)
	}
	mirrors := 0
	g.mu.Lock()
	for i := range g.records {
		mirrors += g.records[i].Mirrors
	}
	g.mu.Unlock()
	if mirrors != total {
		t.Errorf("the records speak of %d copies, %d arrived", mirrors, total)
	}
}

// settled waits until no stream is in use any more.
func (g *gateway) settled(t *testing.T) proxy.Stats {
	t.Helper()
	for range 1500 {
		s, open := g.Stats(), 0
		for _, b := range s.Backends {
			open += b.Calls + b.Waiting
		}
		if open+s.Calls == 0 {
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("streams stay in use: %+v", g.Stats())
	return g.Stats()
}

// recorder keeps what a backend reads.
type recorder struct {
	mu      sync.Mutex
	streams [][]byte
	headers []metadata.MD
}

func (r *recorder) option() grpc.ServerOption {
	return grpc.StreamInterceptor(func(_ any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
		md, _ := metadata.FromIncomingContext(ss.Context())
		var all []byte
		for {
			in := &testpb.StreamingOutputCallRequest{}
			if err := ss.RecvMsg(in); err != nil {
				break
			}
			all = append(all, in.GetPayload().GetBody()...)
			// Answers that nobody wants, of a kind that nobody asked for.
			_ = ss.SendMsg(&testpb.StreamingOutputCallResponse{Payload: &testpb.Payload{Body: make([]byte, 5000)}})
		}
		r.mu.Lock()
		r.streams, r.headers = append(r.streams, all), append(r.headers, md)
		r.mu.Unlock()
		return status.Error(codes.DataLoss, "of the copy")
	})
}

// TestMirrorOfStream: the copy has every byte of a streaming call, and its answer
// reaches nobody.
func TestMirrorOfStream(t *testing.T) {
	first, _ := backend(t)
	r := &recorder{}
	second, _ := backend(t, r.option())
	g := serveTable(t, compile(t, mirrored), map[string]string{"main": first, "copy": second}, proxy.Options{})
	stream, err := testpb.NewTestServiceClient(dial(t, g.address)).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	var sent []byte
	for i := range 200 {
		body := bytes.Repeat([]byte{byte(i)}, 997)
		sent = append(sent, body...)
		exchange(t, stream, &testpb.StreamingOutputCallRequest{
			Payload: &testpb.Payload{Body: body}, ResponseParameters: []*testpb.ResponseParameters{{Size: 7}},
		}, 7)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		t.Errorf("the call ended with %v", err)
	}
	g.settled(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.streams) != 1 || !bytes.Equal(r.streams[0], sent) {
		t.Fatalf("%d copies arrived, or not every byte of it", len(r.streams))
	}
	for name, want := range map[string]string{"x-rule": "yes", "x-backend": ""} {
		if got := strings.Join(r.headers[0].Get(name), ","); got != want {
			t.Errorf("header %s of the copy is %q, want %q", name, got, want)
		}
	}
}

// exchange sends one message and waits for its answer.
func exchange(t *testing.T, s testpb.TestService_FullDuplexCallClient, in *testpb.StreamingOutputCallRequest, size int) {
	t.Helper()
	if err := s.Send(in); err != nil {
		t.Fatal(err)
	}
	out, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(out.GetPayload().GetBody()); n != size {
		t.Fatalf("got %d bytes, want %d", n, size)
	}
}
