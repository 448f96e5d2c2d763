package xds

import (
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// request is one of a client, in either protocol.
type request struct {
	kind, nonce string
	refused     bool   // it does not take what it was sent:
	why         string // in its words
	add, remove []string
}

func (s *Server) log(level Level, format string, args ...any) {
	if s.o.Log != nil {
		s.o.Log(level, fmt.Sprintf(format, args...))
	}
}

// once reports whether something is told for the first time; clients that are
// refused come again and again.
func (s *Server) once(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told[text] || len(s.told) >= most {
		return false
	}
	s.told[text] = true
	return true
}

// request looks at a request before the cache answers it, and returns the node that
// the cache is asked for. An error ends the stream.
func (s *Server) request(id streamID, node *corev3.Node, r *request) (*corev3.Node, error) {
	of, err := s.open(id, node)
	if err != nil {
		if text := fmt.Sprintf("a client is refused: %s", message(err)); s.once(text) {
			s.log(Error, "%s", text)
		}
		return nil, err
	}
	if version := s.tracker.asked(id, r.kind, r.nonce, r.refused, r.add, r.remove); version != "" {
		s.log(Error, "%s %q of Gateway %s refuses what it was sent of %s: %s", of.key.kind(), of.node, of.key.gateway, short(r.kind), r.why)
	}
	if of.key.grpc && r.kind == envoy.ListenerType {
		err = s.prepare(of, r.add)
	}
	return &corev3.Node{Id: of.key.String()}, err
}

// prepare makes the listeners that a gRPC client asks for.
func (s *Server) prepare(of *stream, names []string) error {
	s.mu.Lock()
	p := s.publishers[of.key]
	s.mu.Unlock()
	if p == nil || len(names) == 0 {
		return nil
	}
	unknown, err := p.ask(names)
	for _, name := range unknown {
		text := fmt.Sprintf("gRPC client %q asks for %q, for which Gateway %s has no route: expected %s", of.node, name, of.key.gateway, strings.Join(p.targets(), ", "))
		if s.once(text) {
			s.log(Warn, "%s", text)
		}
	}
	return err
}

// targets lists what gRPC clients may ask for.
func (p *publisher) targets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown.clients == nil {
		return nil
	}
	return p.shown.clients.Targets()
}

// open finds a stream, and says who is there at its first request.
func (s *Server) open(id streamID, node *corev3.Node) (*stream, error) {
	s.tracker.mu.Lock()
	of := s.tracker.streams[id]
	s.tracker.mu.Unlock()
	if of != nil {
		return of, nil
	}
	k, err := s.keyOf(node)
	if err != nil {
		return nil, err
	}
	of = &stream{key: k, node: node.GetId(), agent: agent(node), types: map[string]*subscription{}}
	s.tracker.mu.Lock()
	s.tracker.streams[id] = of
	s.tracker.mu.Unlock()
	s.log(Info, "%s %q (%s, %s) asks for Gateway %s", k.kind(), of.node, of.agent, map[bool]string{true: "delta", false: "state of the world"}[id.delta], k.gateway)
	return of, nil
}

func (s *Server) closed(id streamID) {
	if of := s.tracker.closed(id); of != nil {
		s.log(Info, "%s %q of Gateway %s is gone", of.key.kind(), of.node, of.key.gateway)
	}
}

// short is a type's name without what all have in common.
func short(kind string) string { return kind[strings.LastIndexByte(kind, '.')+1:] }

// message is the text of a gRPC status.
func message(err error) string {
	_, text, ok := strings.Cut(err.Error(), "desc = ")
	if !ok {
		return err.Error()
	}
	return text
}
