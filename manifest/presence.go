package manifest

import "sync"

// presence is what a set holds, the shelf included, worked out when it is first
// asked for. Sets of [Set.With] share that of all.
type presence struct {
	once       sync.Once
	namespaces map[string]bool
}

// HasNamespace reports whether the input holds anything of a namespace: an object
// in it, or the Namespace itself.
func (s *Set) HasNamespace(name string) bool {
	if s.presence == nil { // a set that was not read
		return namespacesOf(s)[name]
	}
	s.presence.once.Do(func() { s.presence.namespaces = namespacesOf(s) })
	return s.presence.namespaces[name]
}

func namespacesOf(s *Set) map[string]bool {
	out := map[string]bool{}
	for ref := range s.Refs() {
		out[ref.Namespace] = true
		if ref.Kind == "Namespace" {
			out[ref.Name] = true
		}
	}
	return out
}
