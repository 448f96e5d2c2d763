package mock

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// handler answers all calls of one backend but those of health and reflection.
type handler struct {
	name    string
	types   *types
	latency Latency
	faults  []Fault
}

func (h *handler) serve(_ any, stream grpc.ServerStream) error {
	path, _ := grpc.MethodFromServerStream(stream)
	if err := h.latency.wait(stream.Context()); err != nil {
		return err
	}
	if f := draw(h.faults, 100*rand.Float64()); f != nil {
		return status.Errorf(f.Code, "backend %s: an error by --mock-error", h.name)
	}
	form := formOf(stream.Context())
	if h.types.set == nil {
		return (&untyped{stream: stream, empty: form.empty()}).serve()
	}
	m, err := h.types.method(path)
	if err != nil {
		return err
	}
	return (&typed{stream: stream, form: form, types: h.types, method: m, seed: path}).serve()
}

// answers is how many messages a server stream has.
const answers = 3

// pause is how long a client of unknown kind stays silent before it is taken for
// one that waits.
const pause = 500 * time.Millisecond

// untyped is a call of a method that nothing is known of.
type untyped struct {
	stream grpc.ServerStream
	empty  *frame

	mu      sync.Mutex
	owed    int  // messages without an answer
	waiting bool // the client waits for each answer
	ended   bool
}

// serve reads in the handler's goroutine. The timer's only sends, and is done
// before the handler returns.
func (u *untyped) serve() error {
	timer := time.AfterFunc(pause, u.silent)
	defer func() {
		timer.Stop()
		u.mu.Lock()
		u.ended = true
		u.mu.Unlock()
	}()
	for {
		err := u.stream.RecvMsg(&frame{})
		if errors.Is(err, io.EOF) {
			return u.end()
		}
		if err != nil {
			return err
		}
		u.mu.Lock()
		u.owed++
		if u.waiting {
			err = u.pay()
		}
		u.mu.Unlock()
		if err != nil {
			return err
		}
		timer.Reset(pause)
	}
}

// silent is called when the client has said nothing for a while. One that has sent
// nothing may wait for headers.
func (u *untyped) silent() {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.ended:
	case u.owed > 0:
		u.waiting = true
		_ = u.pay() // the reader learns of a broken stream too
	case !u.waiting:
		_ = u.stream.SendHeader(nil)
	}
}

// pay sends what is owed; mu is held.
func (u *untyped) pay() error {
	for ; u.owed > 0; u.owed-- {
		if err := u.stream.SendMsg(u.empty); err != nil {
			return err
		}
	}
	return nil
}

func (u *untyped) end() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	if u.waiting {
		return nil
	}
	return u.stream.SendMsg(u.empty)
}

// namer adds headers to answers.
type namer struct {
	name string // "" for none
	echo bool
}

func (n *namer) headers(ctx context.Context) metadata.MD {
	out := metadata.MD{}
	if in, ok := metadata.FromIncomingContext(ctx); ok && n.echo {
		for key, values := range in {
			if !reserved(key) {
				out[key] = values
			}
		}
	}
	if n.name != "" {
		out.Set("grpcroute-backend", n.name)
	}
	return out
}

// reserved tells what is the protocol's own (grpc doc/PROTOCOL-HTTP2.md, Requests).
func reserved(key string) bool {
	switch key {
	case "content-type", "te", "user-agent":
		return true
	}
	return strings.HasPrefix(key, ":") || strings.HasPrefix(key, "grpc-")
}

func (n *namer) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if err := grpc.SetHeader(ctx, n.headers(ctx)); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return next(ctx, req)
}

func (n *namer) stream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if err := stream.SetHeader(n.headers(stream.Context())); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return next(srv, stream)
}
