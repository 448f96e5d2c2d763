package routing

import (
	"slices"

	"github.com/grpcroute/grpcroute/profile"
)

// Swapping returns those of some profiles whose precedence changes which of two
// entries comes first that some call may ask for both. Under the others no call to
// the host goes elsewhere; under these, one may.
func (h *Host) Swapping(ps []*profile.Profile) []*profile.Profile {
	var out []*profile.Profile
	var m *meetings
	same := classesPool.Get().(*classes)
	defer same.release()
	same.classify(h.Entries)
	for _, p := range ps {
		r := rank(p, same)
		sorted := true
		for i := 1; i < len(r.entries) && sorted; i++ {
			sorted = r.compare(i-1, i) <= 0
		}
		if sorted {
			continue
		}
		if len(h.Entries) <= fewEntries {
			if r.swapsAny() {
				out = append(out, p)
			}
			continue
		}
		if m == nil {
			m = newMeetings(h.Entries)
		}
		if m.swapped(r) {
			out = append(out, p)
		}
	}
	return out
}

// fewEntries is how many entries are compared each with each: filing them costs
// more.
const fewEntries = 8

// swapsAny is [meetings.swapped] for few entries.
func (r *ranking) swapsAny() bool {
	for j, b := range r.entries {
		for i, a := range r.entries[:j] {
			if r.compare(i, j) > 0 && a.mayMeet(b) {
				return true
			}
		}
	}
	return false
}

// mayMeet reports whether some call may ask for both entries, as far as literal
// names show.
func (e *Entry) mayMeet(o *Entry) bool {
	a, aService, aMethod := e.literal()
	b, bService, bMethod := o.literal()
	switch {
	case !aService || !bService:
		return true
	case a.service != b.service:
		return false
	}
	return !aMethod || !bMethod || a.method == b.method
}

// meetings files entries by the calls that they can take, so that only those that
// may meet are compared. Entries are numbered; lists are in order.
type meetings struct {
	entries []*Entry
	exact   map[methodName][]int // by literal service and method
	open    map[string][]int     // of a literal service and any method or an expression
	wide    []int                // of no literal service, or not known
	named   map[string][]int     // all of a literal service; nil until asked for
}

type methodName struct{ service, method string }

func newMeetings(entries []*Entry) *meetings {
	m := &meetings{entries: entries, exact: map[methodName][]int{}, open: map[string][]int{}}
	for i, e := range entries {
		name, service, method := e.literal()
		switch {
		case !service:
			m.wide = append(m.wide, i)
		case method:
			m.exact[name] = append(m.exact[name], i)
		default:
			m.open[name.service] = append(m.open[name.service], i)
		}
	}
	return m
}

// ofService lists the entries of a literal service.
func (m *meetings) ofService(service string) []int {
	if m.named == nil {
		m.named = map[string][]int{}
		for i, e := range m.entries {
			if name, ok, _ := e.literal(); ok {
				m.named[name.service] = append(m.named[name.service], i)
			}
		}
	}
	return m.named[service]
}

// any reports whether a test holds for an entry that may meet another one.
func (m *meetings) any(a *Entry, test func(*Entry) bool) bool {
	of := func(list []int) bool {
		return slices.ContainsFunc(list, func(i int) bool { return test(m.entries[i]) })
	}
	name, service, method := a.literal()
	switch {
	case !service:
		return slices.ContainsFunc(m.entries, test)
	case !method:
		return of(m.ofService(name.service)) || of(m.wide)
	}
	return of(m.exact[name]) || of(m.open[name.service]) || of(m.wide)
}

// swapped reports whether two entries that may meet stand in another order than a
// ranking gives them. It says so, too, when that is too much to look at: whoever
// asks then compares.
func (m *meetings) swapped(r *ranking) bool {
	// Entries of one list may all meet: they keep their order exactly when the list
	// is in order.
	sorted := func(lists ...[]int) bool {
		list := slices.Concat(lists...)
		slices.Sort(list)
		for i := 1; i < len(list); i++ {
			if r.compare(list[i-1], list[i]) > 0 {
				return false
			}
		}
		return true
	}
	if !sorted(m.wide) {
		return true
	}
	if (len(m.exact)+len(m.open))*len(m.wide) > 64*len(m.entries) {
		return true
	}
	for _, list := range m.open {
		if !sorted(list, m.wide) {
			return true
		}
	}
	for name, list := range m.exact {
		open := m.open[name.service]
		if len(list)+len(open)+len(m.wide) > 1 && !sorted(list, open, m.wide) {
			return true
		}
	}
	return false
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
