// Package admission answers what the API server itself would say about an
// object: schema, defaults, unknown and duplicate fields, list types, CEL rules
// and object metadata, for the Gateway API versions and channels the tool
// carries. Its verdicts and texts are those of k8s.io/apiextensions-apiserver; a
// differential test holds the two together. What a controller makes of an
// admitted object is decided in topology and lint.
//
// Objects are checked as if they were created: rules about a change do not run,
// and a status in a manifest is dropped unseen, as the server does.
package admission

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// Server stands for an API server with the Gateway API CRDs of one version and
// channel installed. It is safe for concurrent use.
type Server struct {
	c   *catalogue
	rel *release
}

// Versions lists the Gateway API minors the tool carries, oldest first: "1.1".
func Versions() []string {
	c, err := embedded()
	if err != nil {
		return nil
	}
	var out []string
	for i := range c.releases {
		if m := c.releases[i].minor; !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// Channels lists "standard" and "experimental".
func Channels() []string { return []string{"standard", "experimental"} }

// New returns the server of a version ("1.6") and channel. The error lists the
// allowed values.
func New(version, channel string) (*Server, error) {
	c, err := embedded()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(Versions(), version) {
		return nil, fmt.Errorf("unknown Gateway API version %q: expected one of %s", version, strings.Join(Versions(), ", "))
	}
	if !slices.Contains(Channels(), channel) {
		return nil, fmt.Errorf("unknown channel %q: expected one of %s", channel, strings.Join(Channels(), ", "))
	}
	return &Server{c: c, rel: c.release(version, channel)}, nil
}

func (c *catalogue) release(minor, channel string) *release {
	for i := range c.releases {
		if r := &c.releases[i]; r.minor == minor && r.channel == channel {
			return r
		}
	}
	return nil
}

// Failure is one reason for which the server would refuse (or, for
// [diag.UnknownField], prune) a part of an object.
type Failure struct {
	Source   diag.Source
	Path     manifest.Path // the field; for a missing one, where it is missing
	Message  string        // ours: one sentence, lower case, what is wrong
	Expected string        // ours: what would be right, "" when Message says it
	Server   string        // the server's own message
	Refuses  bool          // false for a pruned field: the server takes the object without it

	// Suggestion is the known name nearest to an unknown field or value, when
	// one is near.
	Suggestion string
	// WantType and GotType are set when a value has the wrong JSON type
	// ("string", "integer", "number", "boolean", "array", "object", "null"): a
	// text that was not quoted is often read as something else.
	WantType, GotType string
}

// Known reports whether the server has a CRD for the document's group and kind,
// and whether it serves the document's version.
func (s *Server) Known(doc *manifest.Document) (kind, version bool) {
	k, v := s.find(doc.Ref.APIVersion, doc.Ref.Kind)
	return k != nil, v != nil
}

// Check returns every failure of a document of a Gateway API kind, in the order
// of the server's own; nil when the server would take it as it stands, and for
// kinds the server has no CRD for.
//
// A server with strict field validation stops at unknown fields; here the rest of
// the object is checked as well, as a server does that only warns of them.
func (s *Server) Check(doc *manifest.Document) []Failure {
	k, v := s.find(doc.Ref.APIVersion, doc.Ref.Kind)
	if v == nil {
		return nil
	}
	failures, _, _ := s.check(k, v, doc, false)
	return failures
}

// CheckLent is [Server.Check] for a document whose Value nobody needs any more: it
// is changed into the object as the server holds it, instead of a copy.
func (s *Server) CheckLent(doc *manifest.Document) []Failure {
	k, v := s.find(doc.Ref.APIVersion, doc.Ref.Kind)
	if v == nil {
		return nil
	}
	failures, _, _ := s.check(k, v, doc, true)
	return failures
}

// stepPool holds room for paths, so that not every document grows its own.
var stepPool = sync.Pool{New: func() any {
	steps := make([]step, 0, 32)
	return &steps
}}

// check also returns the object as the server holds it before it validates, and
// whether failures have kept it from running rules.
func (s *Server) check(k *kind, v *version, doc *manifest.Document, lent bool) (failures []Failure, settled map[string]any, blocked bool) {
	steps := stepPool.Get().(*[]step)
	defer stepPool.Put(steps)
	c := checker{path: (*steps)[:0], lent: lent}
	meta, malformed := c.decodeMeta(doc)
	if malformed != nil {
		return []Failure{*malformed}, nil, false
	}
	inMeta := len(c.unknown)
	root := s.c.node(v.root)
	settled = c.settleRoot(root, doc.Object())
	slices.SortStableFunc(c.unknown[inMeta:], func(a, b unknown) int { return strings.Compare(a.text, b.text) })
	for i := range c.unknown {
		c.failures = append(c.failures, s.explainUnknown(&c.unknown[i], k, v))
	}
	c.checkMeta(meta, doc, k.namespaced)
	c.validate(root, settled)
	c.checkLists(root, settled)
	if !c.blocked {
		c.runRules(root, settled)
	}
	return c.failures, settled, c.blocked
}

// settleRoot settles an object. Its metadata has been read already, whatever the
// schema says of it, and a status is dropped after its fields have been checked.
func (c *checker) settleRoot(root *node, value map[string]any) map[string]any {
	edit := edits{from: value, lent: c.lent}
	edit.set("metadata", map[string]any{})
	for i := range root.props {
		p := &root.props[i]
		if v, found := value[p.name]; p.name != "metadata" {
			c.settleField(&edit, p, v, found)
		}
	}
	for k := range value { // which may be what is edited: deleting a key on the way is allowed
		if root.prop(k) == nil && k != "metadata" {
			c.unknownField(root, k)
			edit.drop(k)
		}
	}
	if root.prop("status") != nil {
		edit.drop("status")
	}
	return edit.to
}
