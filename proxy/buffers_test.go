package proxy_test

import (
	"io"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"golang.org/x/net/http2"
)

// TestIdleConnectionsLetBuffersGo: what a connection grew for a slow client's calls is
// gone a moment after the last of them.
func TestIdleConnectionsLetBuffersGo(t *testing.T) {
	const clients, least, most = 8, 2 << 20, 1 << 20
	g := serve(t, map[string]string{"interop": floodingBackend(t)}, proxy.Options{})
	before := inUse()
	var all []*raw
	for range clients {
		r := rawClient(t, g.address)
		if err := r.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1}); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteWindowUpdate(0, 1<<31-1-65535); err != nil {
			t.Fatal(err)
		}
		block := r.request("/grpc.testing.TestService/StreamingOutputCall")
		if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true}); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	reaches(t, "the buffers of clients that read nothing", func() bool { return inUse()-before > least })
	for _, r := range all {
		if err := r.WriteRSTStream(1, http2.ErrCodeCancel); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, r.nc) }()
	}
	reaches(t, "the memory of connections without calls", func() bool { return inUse()-before < most })
	if s := g.Stats(); s.Clients != clients || s.Calls != 0 {
		t.Errorf("%d clients are connected and have %d calls: want %d without any", s.Clients, s.Calls, clients)
	}
}

// reaches waits for a state.
func reaches(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 10s %s is not what it should be", what)
		}
	}
}
