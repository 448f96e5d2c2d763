package proxy_test

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
)

// patience is for machines that have more to do.
const patience = 2 * time.Minute

// soaking is everything at once against one proxy, for a while.
type soaking struct {
	*testing.T
	g     *gateway
	stop  chan struct{}
	calls [8]atomic.Int64
	// longest is the longest exchange on a stream, in nanoseconds.
	longest atomic.Int64
}

// TestSoak runs for as long as GRPCROUTE_SOAK says, as "5m": calls of all kinds,
// clients that give up or vanish, reloads, listeners that come and go, a backend
// that is killed over and over, a mirror that hangs. No call fails that need not,
// and everything comes back.
func TestSoak(t *testing.T) {
	d, err := time.ParseDuration(os.Getenv("GRPCROUTE_SOAK"))
	if err != nil || d <= 0 {
		t.Skip("set GRPCROUTE_SOAK to a duration, as 5m")
	}
	first, _ := backend(t)
	second, _ := backend(t)
	hangs := mute(t)
	free := listen(t)
	flaky := free.Addr().String()
	_ = free.Close()
	s := &soaking{T: t, stop: make(chan struct{})}
	s.g = serveTable(t, compile(t, soaked), map[string]string{}, proxy.Options{MirrorGrace: time.Second})
	addresses := func(i int) map[string]string {
		return map[string]string{"main": []string{first, second, first + "," + second}[i%3], "copy": hangs, "flaky": flaky}
	}
	s.g.Update(s.g.config(addresses(0)))
	run := func(d time.Duration) {
		s.stop = make(chan struct{})
		var wg sync.WaitGroup
		for _, work := range []func(){s.unary, s.unary, s.upload, s.bidi, s.cancel, s.deadline, s.vanish, s.listeners} {
			wg.Go(work)
		}
		wg.Go(func() { s.flaky(flaky) })
		wg.Go(func() { s.reload(addresses) })
		time.Sleep(d)
		close(s.stop)
		wg.Wait()
		s.g.settled(t)
	}
	run(min(d/10, 5*time.Second))
	goroutines, memory, descriptors := s.rest(0, 0)
	run(d)
	moreGoroutines, moreMemory, moreDescriptors := s.rest(goroutines, descriptors)
	t.Logf("goroutines %d, then %d; memory %d KiB, then %d; descriptors %d, then %d",
		goroutines, moreGoroutines, memory>>10, moreMemory>>10, descriptors, moreDescriptors)
	if moreGoroutines > goroutines+5 || moreMemory > memory+8<<20 || moreDescriptors > descriptors+5 {
		t.Error("something leaks")
	}
	t.Logf("the longest exchange took %v", time.Duration(s.longest.Load()))
	for i, name := range []string{"unary", "upload", "bidi", "cancelled", "with deadline", "vanished", "by listeners that go", "to a backend that is killed"} {
		n := s.calls[i].Load()
		if t.Logf("%d calls %s", n, name); n == 0 {
			t.Errorf("no calls %s", name)
		}
	}
}

// rest waits until the process is as quiet as it was, for up to ten seconds.
func (s *soaking) rest(goroutines, descriptors int) (int, int64, int) {
	s.g.mu.Lock()
	s.g.records = nil
	s.g.mu.Unlock()
	for range 100 {
		time.Sleep(100 * time.Millisecond)
		if goroutines > 0 && runtime.NumGoroutine() <= goroutines && openFiles(s.T) <= descriptors {
			break
		}
	}
	return runtime.NumGoroutine(), inUse(), openFiles(s.T)
}

const soaked = `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: soak, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - matches: [{method: {service: grpc.testing.TestService}}]
    filters: [{type: RequestMirror, requestMirror: {percent: 50, backendRef: {name: copy, port: 1}}}]
    backendRefs: [{name: main, port: 1}]
  - matches: [{method: {service: hangs.Service}}]
    backendRefs: [{name: copy, port: 1}]
  - matches: [{method: {service: flaky.Service}}]
    backendRefs: [{name: flaky, port: 1}]
`
