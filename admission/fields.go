package admission

import (
	"cmp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	"github.com/grpcroute/grpcroute/manifest"
	apiversion "k8s.io/apimachinery/pkg/version"
)

// Version returns the Gateway API minor of the server: "1.6".
func (s *Server) Version() string { return s.rel.minor }

// Channel returns the channel of the server.
func (s *Server) Channel() string { return s.rel.channel }

// find returns a kind of the server, and the version of it when it is served.
func (s *Server) find(apiVersion, kindName string) (*kind, *version) {
	return s.rel.find(apiVersion, kindName)
}

func (r *release) find(apiVersion, kindName string) (*kind, *version) {
	group, name, _ := strings.Cut(apiVersion, "/")
	for i := range r.kinds {
		k := &r.kinds[i]
		if k.name != kindName || k.group != group {
			continue
		}
		for j := range k.versions {
			if v := &k.versions[j]; v.name == name && v.served {
				return k, v
			}
		}
		return k, nil
	}
	return nil, nil
}

// Kinds lists the kinds the server has a CRD for, by name.
func (s *Server) Kinds() []string {
	var out []string
	for i := range s.rel.kinds {
		out = append(out, s.rel.kinds[i].name)
	}
	slices.Sort(out)
	return out
}

// ServedVersions lists the apiVersions ("gateway.networking.k8s.io/v1") under
// which the server serves a kind, the preferred one first; nil for a kind it does
// not have.
func (s *Server) ServedVersions(kindName string) []string {
	var out []string
	for i := range s.rel.kinds {
		k := &s.rel.kinds[i]
		if k.name != kindName {
			continue
		}
		for _, v := range k.versions {
			if v.served {
				out = append(out, k.group+"/"+v.name)
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		_, va, _ := strings.Cut(a, "/")
		_, vb, _ := strings.Cut(b, "/")
		return cmp.Or(apiversion.CompareKubeAwareVersionStrings(vb, va), strings.Compare(a, b))
	})
	return out
}

// ExperimentalOnly reports whether the Gateway API version of the server has a
// field in its experimental channel alone. An empty path asks for the kind in
// that apiVersion, an empty apiVersion for the kind in any.
func (s *Server) ExperimentalOnly(apiVersion, kindName string, path manifest.Path) bool {
	return s.has("experimental", apiVersion, kindName, path) && !s.has("standard", apiVersion, kindName, path)
}

func (s *Server) has(channel, apiVersion, kindName string, path manifest.Path) bool {
	return s.c.has(s.c.release(s.rel.minor, channel), apiVersion, kindName, path)
}

func (c *catalogue) has(r *release, apiVersion, kindName string, path manifest.Path) bool {
	if r == nil {
		return false
	}
	if apiVersion == "" {
		return len(path) == 0 && slices.ContainsFunc(r.kinds, func(k kind) bool { return k.name == kindName })
	}
	_, v := r.find(apiVersion, kindName)
	return v != nil && c.node(v.root).at(path) != nil
}

// Since returns the oldest Gateway API version, of those the tool carries, whose
// channel has a field (or, for an empty path, the kind in that apiVersion).
func (s *Server) Since(channel, apiVersion, kindName string, path manifest.Path) (version string, ok bool) {
	for i := range s.c.releases {
		if r := &s.c.releases[i]; r.channel == channel && s.c.has(r, apiVersion, kindName, path) {
			return r.minor, true
		}
	}
	return "", false
}

// FieldsAt lists the fields that the schema has at a path, by name; nil when
// there is no object with fixed fields. Metadata is the server's own: its fields
// are not listed.
func (s *Server) FieldsAt(apiVersion, kindName string, path manifest.Path) []string {
	_, v := s.find(apiVersion, kindName)
	if v == nil {
		return nil
	}
	return s.c.node(v.root).at(path).fields()
}

func (n *node) fields() []string {
	if n == nil {
		return nil
	}
	var out []string
	for i := range n.props {
		out = append(out, n.props[i].name)
	}
	return out
}

// at follows a path along the schema; nil where it leaves it.
func (n *node) at(path manifest.Path) *node {
	for _, e := range path {
		if n == nil {
			return nil
		}
		switch e := e.(type) {
		case string:
			if n.additional != nil {
				n = n.additional
			} else {
				n = n.prop(e)
			}
		default:
			if n.typ != crdbin.Array {
				return nil
			}
			n = n.items
		}
	}
	return n
}
