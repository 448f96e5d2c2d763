package routing

import (
	"slices"

	"github.com/grpcroute/grpcroute/profile"
)

// Swaps reports whether another profile's precedence changes which of two entries
// comes first that some call may ask for both. Where it says no, no call to the
// host goes elsewhere under that precedence; where it says yes, one may.
func (h *Host) Swaps(p *profile.Profile) bool {
	c := &compiler{profile: p}
	entries := c.ranked(h)
	if slices.IsSortedFunc(entries, c.precedes) {
		return false
	}
	m := newMeetings(entries)
	// Entries of one list may all meet: they keep their order exactly when the list
	// is in order.
	sorted := func(service, method string) bool {
		list := slices.Concat(m.exact[methodName{service, method}], m.open[service], m.wide)
		if len(list) < 2 {
			return true
		}
		slices.SortFunc(list, func(a, b *Entry) int { return m.at[a] - m.at[b] })
		return slices.IsSortedFunc(list, c.precedes)
	}
	if !sorted("", "") {
		return true
	}
	for service := range m.open {
		if !sorted(service, "") {
			return true
		}
	}
	if len(m.exact)*len(m.wide) > 64*len(entries) {
		return true // too much to look at: whoever asks has to compare
	}
	for name := range m.exact {
		if !sorted(name.service, name.method) {
			return true
		}
	}
	return false
}

// meetings files entries by the calls that they can take, so that only those that
// may meet are compared.
type meetings struct {
	at    map[*Entry]int // position among all
	all   []*Entry
	exact map[methodName][]*Entry // by literal service and method
	open  map[string][]*Entry     // of a literal service and any method or an expression
	wide  []*Entry                // of no literal service, or not known
	named map[string][]*Entry     // all of a literal service
}

type methodName struct{ service, method string }

func newMeetings(entries []*Entry) *meetings {
	m := &meetings{at: make(map[*Entry]int, len(entries)), all: entries, exact: map[methodName][]*Entry{}, open: map[string][]*Entry{}, named: map[string][]*Entry{}}
	for i, e := range entries {
		m.at[e] = i
		switch name, service, method := e.literal(); {
		case !service:
			m.wide = append(m.wide, e)
		case method:
			m.exact[name] = append(m.exact[name], e)
			m.named[name.service] = append(m.named[name.service], e)
		default:
			m.open[name.service] = append(m.open[name.service], e)
			m.named[name.service] = append(m.named[name.service], e)
		}
	}
	return m
}

// any reports whether a test holds for an entry that may meet another one.
func (m *meetings) any(a *Entry, test func(*Entry) bool) bool {
	name, service, method := a.literal()
	switch {
	case !service:
		return slices.ContainsFunc(m.all, test)
	case !method:
		return slices.ContainsFunc(m.named[name.service], test) || slices.ContainsFunc(m.wide, test)
	}
	return slices.ContainsFunc(m.exact[name], test) || slices.ContainsFunc(m.open[name.service], test) || slices.ContainsFunc(m.wide, test)
}

// literal returns the names that an entry asks for, and which of them are literal.
func (e *Entry) literal() (name methodName, service, method bool) {
	c := e.cond
	if c.shape != segments || c.service.kind != literalSegment || c.unread || e.opaque {
		return methodName{}, false, false
	}
	name.service = c.service.text
	if c.method.kind == literalSegment {
		name.method = c.method.text
		return name, true, true
	}
	return name, true, false
}
