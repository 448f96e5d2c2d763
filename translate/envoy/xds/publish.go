package xds

import (
	"context"
	"sync"
	"time"

	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// target is what the clients of a key are to be told in the end.
type target struct {
	resources
	clients *envoy.Clients // nil for Envoys, whose listeners are in the resources
}

// publisher brings the clients of a key from one state to the next.
type publisher struct {
	server *Server
	key    key
	wake   chan struct{}

	mu       sync.Mutex
	next     *target // not yet begun
	busy     bool
	shown    target          // whose listeners and routes clients have
	held     resources       // the backing types that clients have
	warm     warmth          // of gRPC clients
	names    map[string]bool // listeners that gRPC clients have asked for
	last     *cache.Snapshot
	versions digests
}

// most bounds the names that gRPC clients may ask for.
const most = 4096

func (s *Server) newPublisher(k key) *publisher {
	return &publisher{server: s, key: k, wake: make(chan struct{}, 1), names: map[string]bool{}}
}

// set asks for a state. The first is published at once.
func (p *publisher) set(t target) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.shown, p.held = t, t.resources
		_, err := p.publish()
		return err
	}
	p.next = &t
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return nil
}

// run makes changes until the context ends.
func (p *publisher) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		for t := p.take(); t != nil && ctx.Err() == nil; t = p.take() {
			if err := p.change(ctx, t); err != nil {
				p.server.log(Error, "%s of Gateway %s: %v", p.key.kind(), p.key.gateway, err)
			}
		}
	}
}

func (p *publisher) take() *target {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.next
	p.next, p.busy = nil, t != nil
	return t
}

func (p *publisher) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next == nil && !p.busy
}

// change makes the steps of a change. A client that refuses a resource uses the
// others, so that the next step follows; but nothing that it may still use is
// removed, before a later change.
func (p *publisher) change(ctx context.Context, t *target) error {
	clusters, err := p.step(ctx, []string{envoy.ClusterType}, func() { p.held = p.held.and(t.resources) })
	if err != nil {
		return err
	}
	if err := p.heat(ctx, t); err != nil {
		return err
	}
	routes, err := p.step(ctx, routing, func() {
		if p.key.grpc {
			p.warm = warmth(nil).add(p.shown.clients.Routes, t.clients.Routes)
		}
		p.shown = *t
	})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil
	}
	if clusters != taken || routes != taken {
		p.server.log(Warn, "%s of Gateway %s: clusters that some client may still use are kept", p.key.kind(), p.key.gateway)
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-p.wake: // another change follows, which begins with what clients have now
		p.rouse()
		return nil
	case <-time.After(p.server.o.Linger):
	}
	if _, err := p.step(ctx, routing, func() { p.warm = nil }); err != nil {
		return err
	}
	_, err = p.step(ctx, nil, func() { p.held = t.resources })
	return err
}

// heat makes gRPC clients know the clusters that they are to send calls to.
func (p *publisher) heat(ctx context.Context, t *target) error {
	if !p.key.grpc {
		return nil
	}
	if _, err := p.step(ctx, routing, func() { p.warm = p.warm.add(t.clients.Routes, p.shown.clients.Routes) }); err != nil {
		return err
	}
	ctx, done := context.WithTimeout(ctx, p.server.o.Linger)
	defer done()
	p.mu.Lock()
	last, warm := p.last, p.warm
	p.mu.Unlock()
	if p.server.tracker.known(ctx, p.key, last, warm) {
		// They say that they have the clusters before they use them.
		select {
		case <-ctx.Done():
		case <-time.After(settle):
		}
	}
	return nil
}

// settle is how long a gRPC client may take to use what it has acknowledged.
const settle = 50 * time.Millisecond

func (p *publisher) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// step changes what clients are told, and waits until they have the given types.
func (p *publisher) step(ctx context.Context, kinds []string, change func()) (verdict, error) {
	p.mu.Lock()
	old := p.last
	change()
	now, err := p.publish()
	p.mu.Unlock()
	if err != nil || len(kinds) == 0 {
		return taken, err
	}
	names := map[string]map[string]bool{}
	for _, kind := range kinds {
		names[kind] = changed(old, now, kind)
	}
	bounded, done := context.WithTimeout(ctx, p.server.o.Patience)
	defer done()
	v := p.server.tracker.wait(bounded, p.key, now, kinds, names)
	if v == late && ctx.Err() == nil {
		p.server.log(Warn, "%s of Gateway %s: no answer after %s", p.key.kind(), p.key.gateway, p.server.o.Patience)
	}
	return v, nil
}

// publish makes a snapshot of the state; p.mu is held.
func (p *publisher) publish() (*cache.Snapshot, error) {
	r := p.held.with(p.shown.resources, routing)
	if c := p.shown.clients; c != nil {
		r[envoy.ListenerType], r[envoy.RouteType] = p.listeners(c)
	}
	now, digests, err := r.snapshot(p.versions)
	if err != nil {
		return nil, err
	}
	p.last, p.versions = now, digests
	return now, p.server.cache.SetSnapshot(context.Background(), p.key.String(), now)
}

// listeners are those that gRPC clients have asked for, beside all routes that they
// may name.
func (p *publisher) listeners(c *envoy.Clients) (listeners, routes map[string]types.Resource) {
	listeners, routes = map[string]types.Resource{}, map[string]types.Resource{}
	for name := range p.names {
		if l := c.Listener(name); l != nil {
			listeners[name] = l
		}
	}
	for name, r := range c.Routes {
		routes[name] = p.warm.with(r)
	}
	return listeners, routes
}

// ask remembers the listeners that a gRPC client wants, before the cache is asked for
// them. It returns those that no route is for.
func (p *publisher) ask(names []string) (unknown []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := false
	for _, name := range names {
		if p.shown.clients == nil || p.shown.clients.Listener(name) == nil {
			unknown = append(unknown, name)
		}
		// It may be there after an edit.
		if !p.names[name] && len(p.names) < most {
			p.names[name], fresh = true, true
		}
	}
	if fresh && p.last != nil {
		_, err = p.publish()
	}
	return unknown, err
}
