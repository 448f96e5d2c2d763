package routing

import "strings"

// hostIndex finds what belongs to the most specific hostname that covers a
// request's host: the exact name, then wildcards from the longest, then any. A
// wildcard covers one or more whole labels, never the bare suffix.
type hostIndex[T any] struct {
	exact    map[string]*T
	wild     map[string]*T // by the suffix with its leading dot
	any      *T
	oneLabel bool // a wildcard covers exactly one label
}

// add puts v under a hostname ("" for any). The first one of a name stays.
func (x *hostIndex[T]) add(name string, v *T) {
	switch {
	case name == "":
		if x.any == nil {
			x.any = v
		}
	case strings.HasPrefix(name, "*."):
		if x.wild == nil {
			x.wild = map[string]*T{}
		}
		addFirst(x.wild, name[1:], v)
	default:
		if x.exact == nil {
			x.exact = map[string]*T{}
		}
		addFirst(x.exact, name, v)
	}
}

func addFirst[T any](m map[string]*T, key string, v *T) {
	if _, ok := m[key]; !ok {
		m[key] = v
	}
}

// find returns what the most specific hostname that covers host holds, or nil.
// host is as [hostName] returns it.
func (x *hostIndex[T]) find(host string) *T {
	if x.exact != nil {
		if v, ok := x.exact[host]; ok {
			return v
		}
	}
	if x.wild != nil {
		for i := 1; i < len(host); i++ {
			if host[i] != '.' {
				continue
			}
			if v, ok := x.wild[host[i:]]; ok {
				return v
			}
			if x.oneLabel {
				break
			}
		}
	}
	return x.any
}

// all returns everything that covers host, the most specific first.
func (x *hostIndex[T]) all(host string) []*T {
	var vs []*T
	if v, ok := x.exact[host]; ok {
		vs = append(vs, v)
	}
	for i := 1; i < len(host); i++ {
		if host[i] != '.' {
			continue
		}
		if v, ok := x.wild[host[i:]]; ok {
			vs = append(vs, v)
		}
		if x.oneLabel {
			break
		}
	}
	if x.any != nil {
		vs = append(vs, x.any)
	}
	return vs
}

// covering returns what the most specific hostname holds that covers every host
// that name, a hostname, covers.
func (x *hostIndex[T]) covering(name string) *T {
	if vs := x.allCovering(name); len(vs) > 0 {
		return vs[0]
	}
	return nil
}

// allCovering is covering for all of them, the most specific first. It includes
// what name itself holds.
func (x *hostIndex[T]) allCovering(name string) []*T {
	switch {
	case name == "":
		return x.all("")
	case !strings.HasPrefix(name, "*."):
		return x.all(name)
	case x.oneLabel:
		// Other wildcards cover hosts with more or fewer labels.
		vs := x.all("")
		if v, ok := x.wild[name[1:]]; ok {
			vs = append([]*T{v}, vs...)
		}
		return vs
	}
	return x.all(name) // the probes begin at the wildcard's own suffix
}
