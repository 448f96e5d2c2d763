package mock

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// Options are what all mocks have in common. The zero value answers any method with
// an empty message, at once.
type Options struct {
	// Descriptors are the services that the mocks have; nil for any. With them a call
	// of another service or method is UNIMPLEMENTED.
	Descriptors *descriptor.Set
	// Services names what reflection lists for a backend when there are no
	// Descriptors; nil for nothing. It is asked for each listing, by any goroutine, with
	// the reference that the mock was started for.
	Services func(*topology.Backend) []string
	// TLS is what a backend's mock serves; nil, and a nil result, for cleartext. It is
	// asked when the mock starts.
	TLS func(*topology.Backend) *tls.Config
	// Latencies and Faults do not touch health and reflection. Of several that speak
	// of a backend, those count that name it with its port, then by its name, then
	// those for all.
	Latencies []Latency
	Faults    []Fault
	// NameBackend puts the header grpcroute-backend into every answer. It is for
	// mocks that are called directly: a data plane with explain headers does so itself.
	NameBackend bool
	// EchoMetadata returns a call's metadata as headers of its answer.
	EchoMetadata bool
}

// maxMessage is what a mock takes as one message, in bytes.
const maxMessage = 256 << 20

// Servers are the mocks that have been asked for. Their methods may be called by
// many goroutines.
type Servers struct {
	options Options
	types   *types

	mu     sync.Mutex
	closed bool
	byName map[string]*server
	wait   sync.WaitGroup
}

type server struct {
	grpc    *grpc.Server
	address string
}

// ErrClosed is what [Servers.Address] returns after [Servers.Close].
var ErrClosed = errors.New("the mocks are closed")

// New checks the options. No mock runs before [Servers.Address] asks for it.
func New(o Options) (*Servers, error) {
	if err := checkLatencies(o.Latencies); err != nil {
		return nil, err
	}
	if err := checkFaults(o.Faults); err != nil {
		return nil, err
	}
	return &Servers{options: o, types: newTypes(o.Descriptors), byName: map[string]*server{}}, nil
}

// Address returns HOST:PORT of a backend's mock, which is started when there is
// none: one for each namespace, name and port. The error is that of the socket, or
// [ErrClosed].
func (s *Servers) Address(b *topology.Backend) (string, error) {
	name := nameOf(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", ErrClosed
	}
	if srv := s.byName[name]; srv != nil {
		return srv.address, nil
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("start the mock of %s: %w", name, err)
	}
	srv := &server{grpc: s.server(b, name), address: socket.Addr().String()}
	s.byName[name] = srv
	s.wait.Go(func() { _ = srv.grpc.Serve(socket) })
	return srv.address, nil
}

// Close ends all mocks and their calls, and waits for them.
func (s *Servers) Close() {
	s.mu.Lock()
	s.closed = true
	running := s.byName
	s.byName = map[string]*server{}
	s.mu.Unlock()
	for _, srv := range running {
		s.wait.Go(srv.grpc.Stop)
	}
	s.wait.Wait()
}

// nameOf is how a backend is called in options and headers.
func nameOf(b *topology.Backend) string {
	return fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port)
}

// server makes the mock of one backend.
func (s *Servers) server(b *topology.Backend, name string) *grpc.Server {
	h := &handler{name: name, types: s.types, latency: latencyFor(s.options.Latencies, name), faults: faultsFor(s.options.Faults, name)}
	o := []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{}),
		grpc.UnknownServiceHandler(h.serve),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.WaitForHandlers(true),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	}
	if s.options.NameBackend || s.options.EchoMetadata {
		n := &namer{echo: s.options.EchoMetadata}
		if s.options.NameBackend {
			n.name = name
		}
		o = append(o, grpc.UnaryInterceptor(n.unary), grpc.StreamInterceptor(n.stream))
	}
	if s.options.TLS != nil {
		if c := s.options.TLS(b); c != nil {
			o = append(o, grpc.Creds(credentials.NewTLS(c)))
		}
	}
	var services func() []string
	if s.options.Services != nil {
		services = func() []string { return s.options.Services(b) }
	}
	srv := grpc.NewServer(o...)
	s.types.register(srv, services)
	return srv
}
