package xds

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// tracker remembers what each stream was sent, and what it said of that.
type tracker struct {
	mu      sync.Mutex
	streams map[streamID]*stream
	moved   chan struct{} // closed when something changes
}

// streamID: both protocols count their streams.
type streamID struct {
	delta bool
	n     int64
}

// stream is a connected client.
type stream struct {
	key   key
	node  string
	agent string
	types map[string]*subscription
}

// subscription is what a stream asks for of one type.
type subscription struct {
	nonce, sent, acked, refused string // versions
	names                       map[string]bool
	all                         bool
}

func newTracker() *tracker {
	return &tracker{streams: map[streamID]*stream{}, moved: make(chan struct{})}
}

// change tells those who wait; t.mu is held.
func (t *tracker) change() {
	close(t.moved)
	t.moved = make(chan struct{})
}

func (t *tracker) closed(id streamID) *stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.streams[id]
	delete(t.streams, id)
	t.change()
	return s
}

// of returns a type of a stream; t.mu is held.
func (t *tracker) of(id streamID, kind string) *subscription {
	s := t.streams[id]
	if s == nil {
		return &subscription{}
	}
	if s.types[kind] == nil {
		s.types[kind] = &subscription{names: map[string]bool{}}
	}
	return s.types[kind]
}

// asked notes a request: names that are added and removed, and whether it answers
// what was sent last. It reports the version that was refused, "" for none.
func (t *tracker) asked(id streamID, kind, nonce string, refused bool, add, remove []string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	sub := t.of(id, kind)
	if !id.delta {
		clear(sub.names) // a request names all that is wanted
	}
	for _, name := range add {
		sub.names[name] = true
	}
	for _, name := range remove {
		delete(sub.names, name)
	}
	sub.all = sub.all || len(sub.names) == 0 && nonce == "" || sub.names["*"]
	defer t.change()
	switch {
	case nonce == "" || nonce != sub.nonce:
	case refused:
		sub.refused = sub.sent
		return sub.sent
	default:
		sub.acked = sub.sent
	}
	return ""
}

func (t *tracker) sent(id streamID, kind, nonce, version string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sub := t.of(id, kind)
	sub.nonce, sub.sent = nonce, version
	t.change()
}

// verdict is what clients made of a change.
type verdict int

const (
	taken   verdict = iota
	late            // somebody has not answered in time
	refused         // somebody does not take it
)

// wait waits until every client of a key has taken the types of a snapshot, in which
// the given names have changed. The context bounds the time.
func (t *tracker) wait(ctx context.Context, k key, now *cache.Snapshot, kinds []string, names map[string]map[string]bool) verdict {
	for {
		t.mu.Lock()
		v, moved := t.check(k, now, kinds, names), t.moved
		t.mu.Unlock()
		if v != late {
			return v
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return late
		}
	}
}

// check is wait at one moment; t.mu is held.
func (t *tracker) check(k key, now *cache.Snapshot, kinds []string, names map[string]map[string]bool) verdict {
	out := taken
	for id, s := range t.streams {
		if s.key != k {
			continue
		}
		for _, kind := range kinds {
			sub, version := s.types[kind], now.GetVersion(kind)
			switch {
			case sub == nil || len(names[kind]) == 0 || sub.acked == version:
			case sub.refused == version:
				return refused
			case id.delta && !sub.all && !overlap(sub.names, names[kind]):
				// It is sent nothing.
			default:
				out = late
			}
		}
	}
	return out
}

// known waits until every gRPC client of a key has asked for the clusters that its
// routes keep warm, and was answered. It reports whether there was anything to wait
// for.
func (t *tracker) known(ctx context.Context, k key, now *cache.Snapshot, w warmth) bool {
	waited := false
	for {
		t.mu.Lock()
		ready, moved := true, t.moved
		for _, s := range t.streams {
			if s.key == k && s.types[envoy.RouteType] != nil {
				asks, has := s.knows(now, w)
				waited, ready = waited || asks, ready && has
			}
		}
		t.mu.Unlock()
		if ready {
			return waited
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return waited
		}
	}
}

// knows reports whether a client has routes that keep clusters warm, and whether it
// was told all about those.
func (s *stream) knows(now *cache.Snapshot, w warmth) (asks, has bool) {
	clusters, endpoints := s.types[envoy.ClusterType], s.types[envoy.EndpointType]
	has = true
	for routes := range s.types[envoy.RouteType].names {
		for name := range w[routes] {
			asks = true
			has = has && clusters != nil && clusters.names[name]
		}
	}
	if asks && has {
		has = clusters.acked == now.GetVersion(envoy.ClusterType) && (endpoints == nil || endpoints.acked == endpoints.sent)
	}
	return asks, has
}

func overlap(a, b map[string]bool) bool {
	for name := range a {
		if b[name] {
			return true
		}
	}
	return false
}

// Client is a connected client.
type Client struct {
	Gateway string // "NS/NAME"
	GRPC    bool   // a gRPC client, not an Envoy
	Delta   bool
	Node    string // its id
	Agent   string // as "envoy 1.40.0"
}

// clients lists who is connected.
func (t *tracker) clients() []Client {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Client
	for _, id := range slices.SortedFunc(maps.Keys(t.streams), func(a, b streamID) int { return int(a.n - b.n) }) {
		s := t.streams[id]
		out = append(out, Client{Gateway: s.key.gateway, GRPC: s.key.grpc, Delta: id.delta, Node: s.node, Agent: s.agent})
	}
	return out
}

// patience is how long clients have to answer before the next step.
const patience = 10 * time.Second

// linger is how long clusters stay that no route names any more: calls that have
// chosen one may not have reached it.
const linger = 2 * time.Second
