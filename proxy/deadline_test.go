package proxy_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"golang.org/x/net/http2"
)

// TestDeadlinesOfOneConnection: calls end each at its own time, in whatever order
// they began, by the one timer of their connection.
func TestDeadlinesOfOneConnection(t *testing.T) {
	l := listen(t) // takes connections and never answers
	g := serve(t, map[string]string{"interop": l.Addr().String()}, proxy.Options{})
	r := rawClient(t, g.address)
	timeouts := []int{15000, 300, 100, 500, 200, 400} // milliseconds
	began := time.Now()
	for i, ms := range timeouts {
		block := r.request("/grpc.testing.TestService/FullDuplexCall", "grpc-timeout", fmt.Sprintf("%dm", ms))
		if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: block, EndHeaders: true}); err != nil {
			t.Fatal(err)
		}
	}
	var order []int
	for len(order) < len(timeouts)-1 {
		frame, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := frame.(*http2.HeadersFrame); ok {
			ms := timeouts[(h.StreamID-1)/2]
			if took := time.Since(began); took < time.Duration(ms)*time.Millisecond {
				t.Errorf("the call with %d ms ended after %v", ms, took)
			}
			order = append(order, ms)
		}
	}
	if want := []int{100, 200, 300, 400, 500}; !slices.Equal(order, want) {
		t.Errorf("calls ended in the order %v, want %v", order, want)
	}
	if rec := g.last(t, 5); rec.Code != 4 {
		t.Errorf("recorded was %+v", rec)
	}
	if n := g.Stats().Calls; n != 1 {
		t.Errorf("%d calls are left, want the one with time left", n)
	}
}

// TestPingIsAnswered though nothing else is written to the connection.
func TestPingIsAnswered(t *testing.T) {
	g := serve(t, nil, proxy.Options{})
	r := rawClient(t, g.address)
	for i := range byte(3) {
		if err := r.WritePing(false, [8]byte{i}); err != nil {
			t.Fatal(err)
		}
		for answered := false; !answered; {
			frame, err := r.ReadFrame()
			if err != nil {
				t.Fatal(err)
			}
			if ping, ok := frame.(*http2.PingFrame); ok {
				if answered = ping.IsAck() && ping.Data == [8]byte{i}; !answered {
					t.Fatalf("got %v", ping)
				}
			}
		}
	}
}
