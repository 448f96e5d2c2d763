package routing

import (
	"regexp"
	"strings"
	"sync"
)

// headerCond is one header condition of a match. An absent header never matches,
// even a pattern that takes the empty string.
type headerCond struct {
	name  string // as written; compared without regard to case
	value string
	re    *regexp.Regexp // nil for an exact value
	each  bool           // of several values any one may match; else they are joined with ","
	// unread: the pattern does not compile, and its rule is dead.
	unread bool
}

// takes reports whether the request's headers satisfy the condition. It allocates
// nothing.
func (h *headerCond) takes(hs []Header) bool {
	first := h.next(hs, 0)
	if first == len(hs) {
		return false
	}
	second := h.next(hs, first+1)
	switch {
	case second == len(hs):
		return h.takesValue(hs[first].Value)
	case h.each:
		for i := first; i < len(hs); i = h.next(hs, i+1) {
			if h.takesValue(hs[i].Value) {
				return true
			}
		}
		return false
	case h.re != nil:
		return h.takesJoined(hs, first)
	}
	rest, ok := strings.CutPrefix(h.value, hs[first].Value)
	for i := second; ok && i < len(hs); i = h.next(hs, i+1) {
		if rest, ok = strings.CutPrefix(rest, ","); ok {
			rest, ok = strings.CutPrefix(rest, hs[i].Value)
		}
	}
	return ok && rest == ""
}

func (h *headerCond) takesValue(v string) bool {
	if h.re != nil {
		return h.re.MatchString(v)
	}
	return v == h.value
}

// next returns the index of the first header of the condition's name from i on,
// or len(hs).
func (h *headerCond) next(hs []Header, i int) int {
	for ; i < len(hs); i++ {
		if n := hs[i].Name; len(n) == len(h.name) && (n == h.name || strings.EqualFold(n, h.name)) {
			break
		}
	}
	return i
}

const maxPooled = 64 << 10 // a longer buffer is left to the collector

var joined = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

func (h *headerCond) takesJoined(hs []Header, first int) bool {
	b := joined.Get().(*[]byte)
	buf := append((*b)[:0], hs[first].Value...)
	for i := h.next(hs, first+1); i < len(hs); i = h.next(hs, i+1) {
		buf = append(append(buf, ','), hs[i].Value...)
	}
	ok := h.re.Match(buf)
	if cap(buf) <= maxPooled {
		*b = buf
		joined.Put(b)
	}
	return ok
}

// got returns the header's value as the condition sees it, for explanations.
func (h *headerCond) got(hs []Header) (string, bool) {
	var vs []string
	for i := h.next(hs, 0); i < len(hs); i = h.next(hs, i+1) {
		vs = append(vs, hs[i].Value)
	}
	return strings.Join(vs, ","), len(vs) > 0
}
