package topology

import "strings"

// hostClaims answers which claim, if any, shares a request host with a hostname.
// It is a tree of labels from the right, so that a question costs as many steps
// as the hostname has labels, however many claims there are.
type hostClaims[T any] struct {
	root hostNode[T]
}

// hostNode is a suffix. Each field keeps the first claim of its kind.
type hostNode[T any] struct {
	children map[string]*hostNode[T]
	exact    *T // the suffix itself
	wild     *T // "*." before the suffix; at the root: any host
	below    *T // anything that takes hosts under the suffix only
}

func (n *hostNode[T]) child(label string) *hostNode[T] {
	if n.children == nil {
		n.children = map[string]*hostNode[T]{}
	}
	c := n.children[label]
	if c == nil {
		c = &hostNode[T]{}
		n.children[label] = c
	}
	return c
}

// add claims a hostname, "" for any host.
func (h *hostClaims[T]) add(hostname string, by *T) {
	first := func(at **T) {
		if *at == nil {
			*at = by
		}
	}
	n := &h.root
	first(&n.below)
	rest, wild := hostname, hostname == ""
	if IsWildcard(hostname) {
		rest, wild = hostname[2:], true
	}
	for rest != "" {
		var label string
		rest, label = lastLabel(rest)
		n = n.child(label)
		if rest != "" || wild {
			first(&n.below)
		}
	}
	if wild {
		first(&n.wild)
	} else {
		first(&n.exact)
	}
}

// find returns a claim that overlaps a hostname.
func (h *hostClaims[T]) find(hostname string) *T {
	n := &h.root
	if n.wild != nil || hostname == "" {
		return firstOf(n.wild, n.below)
	}
	rest, wild := hostname, false
	if IsWildcard(hostname) {
		rest, wild = hostname[2:], true
	}
	for rest != "" {
		var label string
		rest, label = lastLabel(rest)
		if n = n.children[label]; n == nil {
			return nil
		}
		if n.wild != nil && (rest != "" || wild) {
			return n.wild
		}
	}
	if wild {
		return n.below
	}
	return n.exact
}

func firstOf[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

func lastLabel(name string) (rest, label string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}
