package xds

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/sotw/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// Level is how grave a message is.
type Level int

// The levels.
const (
	Info Level = iota
	Warn
	Error
)

// Options are those of a server.
type Options struct {
	// Log takes what is to be told, a sentence each; nil for nobody.
	Log func(Level, string)
	// Patience is how long clients may take to answer a step of a change; 0 for 10s.
	Patience time.Duration
	// Linger is how long clusters stay when no route names them any more; 0 for 2s.
	Linger time.Duration
}

// Gateway is what the clients of a Gateway are told.
type Gateway struct {
	Name    string // "NS/NAME"
	Envoy   *envoy.Discovered
	Clients *envoy.Clients
}

// Server serves Gateways over ADS.
type Server struct {
	o       Options
	cache   cache.SnapshotCache
	grpc    *grpc.Server
	tracker *tracker
	stop    context.Context
	halt    context.CancelFunc
	tasks   sync.WaitGroup

	mu         sync.Mutex
	names      []string // of Gateways
	past       []string // of all that there were
	publishers map[key]*publisher
	told       map[string]bool // of clients that were refused
}

// New returns a server without Gateways.
func New(o Options) *Server {
	if o.Patience == 0 {
		o.Patience = patience
	}
	if o.Linger == 0 {
		o.Linger = linger
	}
	s := &Server{o: o, tracker: newTracker(), publishers: map[key]*publisher{}, told: map[string]bool{}}
	s.stop, s.halt = context.WithCancel(context.Background())
	// Without its own mode for ADS the cache answers for the names that are asked for.
	// That mode waits until all are: gRPC clients ask for theirs alone, and an Envoy
	// that cannot open one port asks for the routes of the others alone.
	s.cache = cache.NewSnapshotCache(false, nodes{}, nil)
	handler := serverv3.NewServer(s.stop, s.cache, s.callbacks(), sotw.WithOrderedADS())
	s.grpc = grpc.NewServer(
		grpc.MaxConcurrentStreams(1<<20),
		grpc.MaxRecvMsgSize(16<<20), // a request names everything that is wanted
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s.grpc, handler)
	return s
}

// Update tells clients of other Gateways from now on, those of a Gateway that is gone
// that nothing is left. It returns before they have it, see [Server.Settle].
func (s *Server) Update(gateways []Gateway) error {
	s.mu.Lock()
	gone := map[key]*publisher{}
	for k, p := range s.publishers {
		gone[k] = p
	}
	s.names = nil
	todo := map[*publisher]target{}
	for _, g := range gateways {
		s.names = append(s.names, g.Name)
		for k, t := range map[key]target{
			{g.Name, false}: {resourcesOf(g.Envoy), nil},
			{g.Name, true}:  {resourcesOf(&g.Clients.Discovered), g.Clients},
		} {
			todo[s.publisher(k)] = t
			delete(gone, k)
		}
	}
	s.past = slices.Compact(slices.Sorted(slices.Values(slices.Concat(s.past, s.names))))
	for k, p := range gone {
		t := target{resources: resources{}}
		if k.grpc {
			t.clients = &envoy.Clients{}
		}
		todo[p] = t
	}
	s.mu.Unlock()
	var errs []error
	for p, t := range todo {
		errs = append(errs, p.set(t))
	}
	return errors.Join(errs...)
}

// publisher returns that of a key; s.mu is held.
func (s *Server) publisher(k key) *publisher {
	p := s.publishers[k]
	if p == nil {
		p = s.newPublisher(k)
		s.publishers[k] = p
		s.tasks.Go(func() { p.run(s.stop) })
	}
	return p
}

// Settle waits until no change is on its way, or the context ends.
func (s *Server) Settle(ctx context.Context) error {
	for {
		s.mu.Lock()
		idle := true
		for _, p := range s.publishers {
			idle = idle && p.idle()
		}
		s.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Clients lists who is connected.
func (s *Server) Clients() []Client { return s.tracker.clients() }

// Serve serves clients that connect to a socket until Close.
func (s *Server) Serve(l net.Listener) error { return s.grpc.Serve(l) }

// Close ends every stream: clients keep what they were told, and try again.
func (s *Server) Close() {
	s.halt()
	s.grpc.Stop()
	s.tasks.Wait()
}

// callbacks follow what happens on streams.
func (s *Server) callbacks() serverv3.Callbacks {
	return serverv3.CallbackFuncs{
		StreamRequestFunc: func(id int64, r *discoveryv3.DiscoveryRequest) error {
			node, err := s.request(streamID{false, id}, r.GetNode(), &request{
				kind: r.GetTypeUrl(), nonce: r.GetResponseNonce(), add: r.GetResourceNames(),
				refused: r.GetErrorDetail() != nil, why: r.GetErrorDetail().GetMessage(),
			})
			r.Node = node
			return err
		},
		StreamDeltaRequestFunc: func(id int64, r *discoveryv3.DeltaDiscoveryRequest) error {
			node, err := s.request(streamID{true, id}, r.GetNode(), &request{
				kind: r.GetTypeUrl(), nonce: r.GetResponseNonce(), refused: r.GetErrorDetail() != nil, why: r.GetErrorDetail().GetMessage(),
				add: r.GetResourceNamesSubscribe(), remove: r.GetResourceNamesUnsubscribe(),
			})
			r.Node = node
			return err
		},
		StreamResponseFunc: func(_ context.Context, id int64, _ *discoveryv3.DiscoveryRequest, r *discoveryv3.DiscoveryResponse) {
			s.tracker.sent(streamID{false, id}, r.GetTypeUrl(), r.GetNonce(), r.GetVersionInfo())
		},
		StreamDeltaResponseFunc: func(id int64, _ *discoveryv3.DeltaDiscoveryRequest, r *discoveryv3.DeltaDiscoveryResponse) {
			s.tracker.sent(streamID{true, id}, r.GetTypeUrl(), r.GetNonce(), r.GetSystemVersionInfo())
		},
		StreamClosedFunc:      func(id int64, _ *corev3.Node) { s.closed(streamID{false, id}) },
		DeltaStreamClosedFunc: func(id int64, _ *corev3.Node) { s.closed(streamID{true, id}) },
	}
}
