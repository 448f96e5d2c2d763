package xds_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"google.golang.org/grpc"
)

// edited is a Gateway with one route, whose rules an edit replaces.
func edited(rules ...string) string {
	return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec:
  gatewayClassName: c
  listeners: [{name: h2c, port: 8080, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.ex.com]
  rules:
  - ` + strings.Join(rules, "\n  - ") + "\n"
}

func rule(match string, backends ...string) string {
	return fmt.Sprintf("{matches: [%s], backendRefs: [{%s}]}", match, strings.Join(backends, "}, {"))
}

// edits are changes of routes under load: what is served, and which backends the
// calls of p.S/M may reach.
var edits = []struct {
	text string
	want []string
}{
	{edited(rule("{method: {service: p.S}}", "name: a, port: 80")), []string{"a"}},
	{edited(rule("{method: {service: p.S}}", "name: a, port: 80, weight: 1", "name: b, port: 80, weight: 1")), []string{"a", "b"}},
	// A rule in front of it: what was rule 0 is rule 1.
	{edited(rule("{method: {service: p.Other}}", "name: c, port: 80"), rule("{method: {service: p.S}}", "name: b, port: 80")), []string{"b"}},
	{edited(rule("{method: {service: p.S}}", "name: d, port: 80"), rule("{method: {service: p.Other}}", "name: a, port: 80")), []string{"d"}},
	{edited(rule("{method: {service: p.S, method: M}}", "name: c, port: 80"), rule("{method: {service: p.S}}", "name: d, port: 80")), []string{"c"}},
	{edited(rule("{method: {service: p.S, method: Other}}", "name: d, port: 80"), rule("{method: {service: p.S}}", "name: a, port: 80")), []string{"a"}},
	{edited(rule("{method: {service: p.S}}", "name: b, port: 80", "name: d, port: 80")), []string{"b", "d"}},
}

// load makes calls until it is stopped, and says which answers were wrong.
type load struct {
	t       testing.TB
	mu      sync.Mutex
	allowed map[string]bool
	seen    map[string]int
	calls   atomic.Int64
	stop    chan struct{}
	tasks   sync.WaitGroup
}

func newLoad(t testing.TB, conns ...*grpc.ClientConn) *load {
	l := &load{t: t, allowed: map[string]bool{}, seen: map[string]int{}, stop: make(chan struct{})}
	l.allow(edits[0].want)
	for _, cc := range conns {
		for range 2 {
			l.tasks.Go(func() { l.run(cc) })
		}
	}
	return l
}

func (l *load) run(cc *grpc.ClientConn) {
	for {
		select {
		case <-l.stop:
			return
		case <-time.After(4 * time.Millisecond):
		}
		name, err := call(cc, "/p.S/M")
		l.calls.Add(1)
		l.mu.Lock()
		if err != nil || !l.allowed[name] {
			l.t.Errorf("backend %q, %v; allowed are %v", name, err, l.allowed)
		}
		l.seen[name]++
		l.mu.Unlock()
	}
}

func (l *load) allow(names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		l.allowed[name] = true
	}
}

// only says what answers are right from now on, and forgets who answered.
func (l *load) only(names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.allowed)
	clear(l.seen)
	for _, name := range names {
		l.allowed[name] = true
	}
}

// reach waits until calls have reached every one of names.
func (l *load) reach(names []string) {
	l.t.Helper()
	time.Sleep(100 * time.Millisecond)
	missing := names
	for deadline := time.Now().Add(10 * time.Second); len(missing) > 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		l.mu.Lock()
		missing = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return l.seen[name] > 0 })
		l.mu.Unlock()
	}
	if len(missing) > 0 {
		l.t.Errorf("no call reached %v, of %v", missing, names)
	}
}

func (l *load) end() {
	close(l.stop)
	l.tasks.Wait()
}

// underLoad makes every edit while calls are made, and none may fail or go where
// neither the old nor the new routes send it.
func underLoad(t *testing.T, w *world, conns ...*grpc.ClientConn) {
	l := newLoad(t, conns...)
	rounds := 1
	if os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1" {
		rounds = 3
	}
	for range rounds {
		for _, e := range edits {
			l.allow(e.want)
			w.serve(e.text)
			time.Sleep(50 * time.Millisecond) // answers to calls that were made before
			l.only(e.want)
			l.reach(e.want)
		}
	}
	// Edits that do not wait for one another.
	for _, e := range edits {
		l.allow(e.want)
	}
	for i, e := range slices.Backward(edits) {
		w.push(e.text)
		time.Sleep(time.Duration(20*i) * time.Millisecond)
	}
	w.settle()
	time.Sleep(50 * time.Millisecond)
	l.only(edits[0].want)
	time.Sleep(100 * time.Millisecond)
	l.end()
	t.Logf("%d calls", l.calls.Load())
	if l.calls.Load() < 300 {
		t.Errorf("%d calls are too few", l.calls.Load())
	}
	if said := w.heard(); strings.Contains(said, "\n1 ") || strings.Contains(said, "\n2 ") {
		t.Errorf("the server warns:\n%s", said)
	}
}

func TestEnvoyUnderLoad(t *testing.T) {
	for name, delta := range map[string]bool{"state of the world": false, "delta": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agreement.Envoy(t)
			w := newWorld(t, "a", "b", "c", "d")
			at := agreement.Addresses(t, 1)[0]
			w.options.Listen["d/gw:8080"] = at
			w.serve(edits[0].text)
			w.envoy("d/gw", delta)
			underLoad(t, w, dial(t, at, "a.ex.com"), dial(t, at, "a.ex.com:8080"))
		})
	}
}

func TestGRPCClientUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c", "d")
	w.serve(edits[0].text)
	underLoad(t, w, w.dialXDS("d/gw/1", "a.ex.com"), w.dialXDS("d/gw/2", "a.ex.com:8080"))
}
