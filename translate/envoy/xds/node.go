package xds

import (
	"fmt"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// key names what a client is told: that of its Gateway, for its kind.
type key struct {
	gateway string // "NS/NAME"
	grpc    bool   // a gRPC client, which has no listeners of its own
}

// String names a key for the cache.
func (k key) String() string {
	if k.grpc {
		return "grpc " + k.gateway
	}
	return "envoy " + k.gateway
}

// kind names a client for people.
func (k key) kind() string {
	if k.grpc {
		return "gRPC client"
	}
	return "Envoy"
}

// keyOf finds the Gateway that a node asks for: that of its id, which is NS/NAME or
// begins with NS/NAME/, or of its cluster. When there is one Gateway, it is that of
// every node that does not name one that was there before.
func (s *Server) keyOf(node *corev3.Node) (key, error) {
	s.mu.Lock()
	names, past := s.names, s.past
	s.mu.Unlock()
	k := key{grpc: strings.HasPrefix(node.GetUserAgentName(), "gRPC")}
	if k.gateway = named(node, names); k.gateway != "" {
		return k, nil
	}
	gone := named(node, past)
	switch {
	case len(names) == 0:
		return k, status.Error(codes.Unavailable, "there is no Gateway at the moment")
	case gone != "":
		return k, status.Errorf(codes.NotFound, "node id %q is that of Gateway %s, which is gone: expected one of %s", node.GetId(), gone, strings.Join(names, ", "))
	case len(names) == 1:
		k.gateway = names[0]
		return k, nil
	}
	return k, status.Errorf(codes.NotFound, "node id %q names no Gateway: expected one of %s, or NAMESPACE/NAME/ANYTHING", node.GetId(), strings.Join(names, ", "))
}

// named returns the Gateway among names that a node names, "" for none.
func named(node *corev3.Node, names []string) string {
	for _, name := range names {
		if node.GetId() == name || strings.HasPrefix(node.GetId(), name+"/") || node.GetCluster() == name {
			return name
		}
	}
	return ""
}

// nodes is the hash of nodes that the cache asks for. Requests come to the cache with
// their key for a node, so that a stream keeps its Gateway whatever comes and goes.
type nodes struct{}

// ID returns the key of a node.
func (nodes) ID(node *corev3.Node) string { return node.GetId() }

// agent says what a node is, as "envoy 1.40.0".
func agent(node *corev3.Node) string {
	version := node.GetUserAgentVersion()
	if b := node.GetUserAgentBuildVersion().GetVersion(); version == "" && b != nil {
		version = fmt.Sprintf("%d.%d.%d", b.GetMajorNumber(), b.GetMinorNumber(), b.GetPatch())
	}
	return strings.Join(slices.DeleteFunc([]string{node.GetUserAgentName(), version}, func(s string) bool { return s == "" }), " ")
}
