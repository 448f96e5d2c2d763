package proxy_test

import (
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// mute is a backend that answers each call with headers and nothing more.
func mute(t testing.TB) string {
	return rawBackend(t, func(r *raw) {
		for {
			f, err := r.ReadFrame()
			if err != nil {
				return
			}
			if h, ok := f.(*http2.HeadersFrame); ok {
				_ = r.WriteHeaders(http2.HeadersFrameParam{StreamID: h.StreamID, BlockFragment: r.head(), EndHeaders: true})
			}
		}
	})
}

// inUse is the memory that the heap and stacks hold.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // pools keep theirs for one more round
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestIdleStreamsAreSmall holds 10,000 calls open: some that have headers of their
// answer, and some whose backend says nothing, so that each is kept with its
// request for another attempt.
func TestIdleStreamsAreSmall(t *testing.T) {
	const conns, each, allowed = 10, 1000, 1536
	for _, test := range []struct{ name, address string }{
		{"answered with headers", mute(t)},
		{"not answered", listen(t).Addr().String()},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, map[string]string{"interop": test.address}, proxy.Options{})
			var clients []*idler
			for range conns {
				clients = append(clients, newIdler(t, g.address, test.name == "not answered"))
			}
			before := inUse()
			for _, c := range clients {
				c.begin(t, each)
			}
			for _, c := range clients {
				c.wait(t, each)
			}
			if s := g.Stats(); s.Calls != conns*each {
				t.Errorf("%d calls are open", s.Calls)
			}
			perStream := (inUse() - before) / (conns * each)
			t.Logf("%d bytes per stream", perStream)
			if perStream > allowed {
				t.Errorf("%d bytes per idle stream, at most %d are allowed", perStream, allowed)
			}
		})
	}
}

// idler begins calls and counts their headers.
type idler struct {
	*raw
	heads chan int
	acked chan bool
	sync  bool // wait for a PING instead of headers
}

func newIdler(t *testing.T, address string, unanswered bool) *idler {
	c := &idler{raw: rawClient(t, address), heads: make(chan int), acked: make(chan bool, 1), sync: unanswered}
	go func() {
		for {
			switch f, err := c.ReadFrame(); f := f.(type) {
			case *http2.HeadersFrame:
				c.heads <- int(f.StreamID)
			case *http2.PingFrame:
				c.acked <- f.IsAck()
			default:
				if err != nil {
					close(c.heads)
					return
				}
			}
		}
	}()
	return c
}

func (c *idler) begin(t *testing.T, n int) {
	for i := range n {
		block := c.request("/grpc.testing.TestService/FullDuplexCall")
		if err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: block, EndHeaders: true}); err != nil {
			t.Fatal(err)
		}
		if !c.sync {
			if _, ok := <-c.heads; !ok {
				t.Fatal("the connection ended")
			}
		}
	}
	// It is answered when all before it was read.
	if err := c.WritePing(false, [8]byte{1}); err != nil {
		t.Fatal(err)
	}
}

func (c *idler) wait(t *testing.T, n int) {
	select {
	case <-c.acked:
	case <-time.After(10 * time.Second):
		t.Fatalf("%d streams are not read", n)
	}
}

// most is what may be held for the calls between two connections: what either
// window grants, with room for buffers.
const most = 2*16<<20 + 8<<20

// TestSlowClientsAreBounded: what a client does not read is not piled up.
func TestSlowClientsAreBounded(t *testing.T) {
	g := serve(t, map[string]string{"interop": floodingBackend(t)}, proxy.Options{})
	before := inUse()
	// It grants all there is, and reads nothing from its socket.
	r := rawClient(t, g.address)
	if err := r.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1}); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteWindowUpdate(0, 1<<31-1-65535); err != nil {
		t.Fatal(err)
	}
	const streams = 100 // which share a connection to the backend
	for i := range streams {
		block := r.request("/grpc.testing.TestService/StreamingOutputCall")
		if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: block, EndHeaders: true}); err != nil {
			t.Fatal(err)
		}
	}
	held(t, before, most)
	if s := g.Stats(); s.Calls != streams {
		t.Errorf("%d of %d calls are open", s.Calls, streams)
	}
	// Another client's call on the same connection to the backend goes on.
	takes(t, rawClient(t, g.address), 20<<20, 0)
	_ = r.nc.Close()
	g.settled(t)
}

// takes makes a call and, after a while, reads content, granting more as it comes.
func takes(t *testing.T, r *raw, want int, after time.Duration) {
	t.Helper()
	block := r.request("/grpc.testing.TestService/StreamingOutputCall")
	if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	var owed uint32
	for got := 0; got < want; {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatalf("after %d bytes: %v", got, err)
		}
		d, ok := f.(*http2.DataFrame)
		if !ok || len(d.Data()) == 0 {
			continue
		}
		got += len(d.Data())
		if owed += uint32(len(d.Data())); owed < 32<<10 {
			continue
		}
		if r.WriteWindowUpdate(0, owed) != nil || r.WriteWindowUpdate(1, owed) != nil {
			t.Fatalf("the connection ended after %d bytes", got)
		}
		owed = 0
	}
	_ = r.nc.Close()
}

// held watches for two seconds that memory grows by some, and not by more than is
// allowed.
func held(t *testing.T, before, most int64) {
	t.Helper()
	var grown int64
	for range 10 {
		time.Sleep(200 * time.Millisecond)
		grown = max(grown, inUse()-before)
	}
	t.Logf("%d KiB are held", grown>>10)
	if grown > most || grown < 100<<10 {
		t.Errorf("%d bytes are held, at most %d were expected", grown, most)
	}
}

// TestSlowBackendsAreBounded: what a backend does not read is not piled up, and a
// stream of tiny frames costs little more than its bytes.
func TestSlowBackendsAreBounded(t *testing.T) {
	for _, test := range []struct {
		name          string
		streams, size int
		most          int64
	}{
		{"large frames", 200, 16 << 10, most},
		{"tiny frames", 1, 1, 4 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := serve(t, map[string]string{"interop": mute(t)}, proxy.Options{})
			before := inUse()
			f := newFlooder(rawClient(t, g.address))
			f.client, f.frame = true, f.frame[:test.size]
			for i := range test.streams {
				id := uint32(2*i + 1)
				block := f.request("/grpc.testing.TestService/StreamingInputCall")
				if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true}); err != nil {
					t.Fatal(err)
				}
				f.streams[id] = f.initial
			}
			go func() {
				for f.next() && f.pump() {
				}
			}()
			held(t, before, test.most)
			if s := g.Stats(); s.Calls != test.streams {
				t.Errorf("%d of %d calls are open", s.Calls, test.streams)
			}
			_ = f.nc.Close()
			g.settled(t)
		})
	}
}

// TestEverythingComesBack: goroutines, memory and descriptors of clients, calls and
// reloads that are gone.
func TestEverythingComesBack(t *testing.T) {
	first, _ := backend(t)
	second, _ := backend(t)
	g := serve(t, map[string]string{"interop": first}, proxy.Options{})
	use := func(n int) {
		for i := range n {
			g.Update(g.config(map[string]string{"interop": []string{first, second}[i%2]}))
			// Not by dial, which keeps its clients until the test ends.
			cc, err := grpc.NewClient(g.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				t.Fatal(err)
			}
			tc := testpb.NewTestServiceClient(cc)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { upload(t, tc, 5, 100<<10) })
			}
			wg.Wait()
			_ = cc.Close()
		}
		g.mu.Lock()
		g.records = nil
		g.mu.Unlock()
	}
	use(4)
	settle := func() (goroutines int, memory int64, descriptors int) {
		for range 30 {
			goroutines, descriptors = runtime.NumGoroutine(), openFiles(t)
			time.Sleep(100 * time.Millisecond)
			if runtime.NumGoroutine() >= goroutines && openFiles(t) >= descriptors {
				break
			}
		}
		return goroutines, inUse(), descriptors
	}
	goroutines, memory, descriptors := settle()
	use(60)
	moreGoroutines, moreMemory, moreDescriptors := settle()
	if moreGoroutines > goroutines+3 || moreMemory > memory+4<<20 || moreDescriptors > descriptors+3 {
		t.Errorf("%d goroutines, %d bytes, %d descriptors; before: %d, %d, %d",
			moreGoroutines, moreMemory, moreDescriptors, goroutines, memory, descriptors)
	}
}

// openFiles counts descriptors where the system tells; 0 elsewhere.
func openFiles(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log(err)
	}
	return len(list)
}
