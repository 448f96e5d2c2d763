package rules

import (
	"iter"
	"strings"

	"github.com/grpcroute/grpcroute/topology"
)

// trimWildcard is a hostname without the wildcard before it.
func trimWildcard(hostname string) string {
	if topology.IsWildcard(hostname) {
		return hostname[2:]
	}
	return hostname
}

// suffixes yields a hostname without its wildcard and then without one label
// after the other: "a.b.c", "b.c", "c".
func suffixes(hostname string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for s := trimWildcard(hostname); s != ""; {
			if !yield(s) {
				return
			}
			_, rest, ok := strings.Cut(s, ".")
			if !ok {
				return
			}
			s = rest
		}
	}
}

// wildcardsOver yields the hostnames other than itself that cover every host of a
// hostname, the most specific first: "*.b.c", "*.c" and "" for "a.b.c" and
// "*.a.b.c" has "*.b.c" and so on.
func wildcardsOver(hostname string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if hostname == "" {
			return
		}
		first := true
		for s := range suffixes(hostname) {
			if first {
				first = false
				continue // a wildcard does not cover its own suffix, nor itself
			}
			if !yield("*." + s) {
				return
			}
		}
		yield("")
	}
}
