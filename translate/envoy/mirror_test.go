package envoy_test

import (
	"context"
	"math"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// mirrored has a rule per way to say how much is copied.
const mirrored = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec: {gatewayClassName: c, listeners: [{name: a, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
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
    filters: [{type: RequestMirror, requestMirror: {fraction: {numerator: 1, denominator: 3}, backendRef: {name: copy, port: 1}}}]
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
  - matches: [{method: {service: m.OfBackend}}]
    backendRefs: [{name: main, port: 1, filters: [{type: RequestMirror, requestMirror: {percent: 20, backendRef: {name: copy, port: 1}}}]}]
`

// mirrorShares is how many copies a call to a service makes, on average, and the
// variance of that.
var mirrorShares = map[string]struct{ mean, variance float64 }{
	"m.All": {1, 0}, "m.Percent": {.3, .21}, "m.Fraction": {1. / 3, 2. / 9}, "m.Zero": {}, "m.Twice": {1, .5}, "m.Unresolved": {}, "m.OfBackend": {.2, .16},
}

// counter is a backend that counts calls by path.
type counter struct {
	mu    sync.Mutex
	calls map[string]int
	total int
}

func (c *counter) serve(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		path, _ := grpc.MethodFromServerStream(s)
		c.mu.Lock()
		c.calls[path]++
		c.total++
		c.mu.Unlock()
		_ = s.RecvMsg(&emptypb.Empty{})
		return s.SendMsg(&emptypb.Empty{})
	}))
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

func (c *counter) of(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[path]
}

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.calls)
}

// settle waits until no copy is on its way.
func (c *counter) settle() {
	for last := -1; ; time.Sleep(200 * time.Millisecond) {
		c.mu.Lock()
		total := c.total
		c.mu.Unlock()
		if total == last {
			return
		}
		last = total
	}
}

// TestMirrorsCopyTheirShare counts the copies that Envoy and serve make of calls.
func TestMirrorsCopyTheirShare(t *testing.T) {
	const each = 500
	ts := []*routing.Table{agreement.Compile(t, mirrored, profile.Spec)}
	copies, originals := &counter{calls: map[string]int{}}, &counter{calls: map[string]int{}}
	o := options(agreement.Opened(t, ts))
	o.Admin = agreement.Addresses(t, 1)[0]
	o.Backends = map[string][]string{"d/main:1": {originals.serve(t)}, "d/copy:1": {copies.serve(t)}}
	b, _, err := envoy.Translate(ts, o)
	if err != nil {
		t.Fatal(err)
	}
	real := agreement.NewPlane(t, "Envoy")
	real.At, real.Stops = o.Listen, []func(){run(t, b, o.Admin)}
	for _, p := range []*agreement.Plane{real, serve(t, ts, &o)} {
		t.Run(p.Name, func(t *testing.T) {
			copies.reset()
			originals.reset()
			cc := p.Client("d/gw:80", &routing.Request{Authority: "a.ex.com"})
			for service, share := range mirrorShares {
				path := "/" + service + "/Call"
				for range each {
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					if err := cc.Invoke(ctx, path, &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
						t.Errorf("%s: %v", path, err)
					}
					cancel()
				}
				copies.settle()
				if got, want := float64(copies.of(path)), share.mean*each; math.Abs(got-want) > 5*math.Sqrt(share.variance*each) {
					t.Errorf("%s: %v copies of %d calls, want about %v", path, got, each, want)
				}
				if originals.of(path) != each {
					t.Errorf("%s: %d of %d calls arrived", path, originals.of(path), each)
				}
			}
			p.Close()
		})
	}
}
