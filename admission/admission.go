// Package admission answers what the API server itself would say about an
// object: schema, defaults, unknown and duplicate fields, list types, CEL rules
// and object metadata, for the Gateway API versions and channels the tool
// carries. Its verdicts and texts are those of k8s.io/apiextensions-apiserver; a
// differential test holds the two together. What a controller makes of an
// admitted object is decided in topology and lint.
package admission

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// Server stands for an API server with the Gateway API CRDs of one version and
// channel installed. It is safe for concurrent use.
type Server struct{}

// Versions lists the Gateway API minors the tool carries, oldest first: "1.1".
func Versions() []string { return nil }

// Channels lists "standard" and "experimental".
func Channels() []string { return []string{"standard", "experimental"} }

// New returns the server of a version ("1.6") and channel. The error lists the
// allowed values.
func New(version, channel string) (*Server, error) { return &Server{}, nil }

// Failure is one reason for which the server would refuse (or, for
// [diag.UnknownField], prune) a part of an object.
type Failure struct {
	Source   diag.Source
	Path     manifest.Path // the field; for a missing one, where it is missing
	Message  string        // ours: one sentence, lower case, what is wrong
	Expected string        // ours: what would be right, "" when Message says it
	Server   string        // the server's own message
	Refuses  bool          // false for a pruned field: the server takes the object without it
}

// Known reports whether the server has a CRD for the document's group and kind,
// and whether it serves the document's version.
func (s *Server) Known(doc *manifest.Document) (kind, version bool) { return false, false }

// Check returns every failure of a document of a Gateway API kind, in the order
// of the server's own; nil when the server would take it as it stands, and for
// kinds the server has no CRD for.
func (s *Server) Check(doc *manifest.Document) []Failure { return nil }
