package routing

import (
	"slices"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// Reordered returns the host's entries in the order that another profile's
// precedence gives them. What they match stays as it is: only who comes first
// differs.
func (h *Host) Reordered(p *profile.Profile) []*Entry {
	c := &compiler{profile: p}
	out := make([]*Entry, len(h.Entries))
	byRule := map[ruleHost][]profile.Unit{}
	for i, e := range h.Entries {
		copied := *e
		copied.Unit = rankedUnit(p, e)
		out[i] = &copied
		if key := (ruleHost{e.Rule, e.Host.Name}); p.Precedence.PerRule {
			byRule[key] = append(byRule[key], copied.Unit)
		}
	}
	for _, e := range out {
		over := []profile.Unit{e.Unit}
		if p.Precedence.PerRule {
			over = byRule[ruleHost{e.Rule, e.Host.Name}]
		}
		e.Keys = c.keys(over)
	}
	slices.SortStableFunc(out, c.precedes)
	return out
}

type ruleHost struct {
	rule *topology.Rule
	host string
}

// rankedUnit is an entry's unit as a profile ranks it.
func rankedUnit(p *profile.Profile, e *Entry) profile.Unit {
	u := e.Unit
	if e.Route.GRPC == nil {
		return u // an HTTPRoute's path is the same text for all
	}
	var m *profile.MethodMatch
	if e.Match >= 0 {
		if method := e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches[e.Match].Method; method != nil {
			_, regex := e.written("service")
			m = &profile.MethodMatch{Regex: regex, Service: method.Service, Method: method.Method}
		}
	}
	u.Path = p.PathForm(m)
	u.ServiceChars, u.MethodChars = p.Precedence.Chars(m)
	return u
}

// WithOldest returns the host's entries in the order they have on a server if a
// route is the oldest of all whose age the input does not show.
func (h *Host) WithOldest(s *Server, r *topology.Route) []*Entry {
	out := slices.Clone(h.Entries)
	slices.SortStableFunc(out, func(a, b *Entry) int {
		if (a.Route == r) != (b.Route == r) && s.Undecided(a, b) != "" {
			return boolInt(b.Route == r) - boolInt(a.Route == r)
		}
		return precedes(&s.Profile.Precedence, a, b)
	})
	return out
}

// Ageless returns the routes of a host whose order against another one's entry
// depends on an age that the input does not show, where some call may ask for
// both: entries of different literal services or methods never meet.
func (h *Host) Ageless(s *Server) []*topology.Route {
	var out []*topology.Route
	listed := map[*topology.Route]bool{}
	for i := 0; i < len(h.Entries); {
		j := i + 1
		for j < len(h.Entries) && slices.Equal(h.Entries[i].Keys, h.Entries[j].Keys) {
			j++
		}
		if j-i > 1 {
			near := newMeetings(h.Entries[i:j])
			for _, a := range h.Entries[i:j] {
				if !listed[a.Route] && near.any(a, func(b *Entry) bool { return s.Undecided(a, b) != "" }) {
					listed[a.Route] = true
					out = append(out, a.Route)
				}
			}
		}
		i = j
	}
	return out
}

// meetings files entries by the calls that they can take, so that only those that
// may meet are compared.
type meetings struct {
	all   []*Entry
	exact map[methodName][]*Entry // by literal service and method
	open  map[string][]*Entry     // of a literal service and any method or an expression
	wide  []*Entry                // of no literal service, or not known
	named map[string][]*Entry     // all of a literal service
}

type methodName struct{ service, method string }

func newMeetings(entries []*Entry) *meetings {
	m := &meetings{all: entries, exact: map[methodName][]*Entry{}, open: map[string][]*Entry{}, named: map[string][]*Entry{}}
	for _, e := range entries {
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

// ReadingDecides says why the input does not show which of two entries comes
// first, "" when it does: the specification leaves open how many characters a
// regular expression counts, and that decides.
func (s *Server) ReadingDecides(a, b *Entry) string {
	p := s.Profile
	if !p.Precedence.RegexLengthOpen || a.Unit.Path.Kind != profile.SegmentPath && b.Unit.Path.Kind != profile.SegmentPath {
		return ""
	}
	for _, reading := range []profile.RegexLength{profile.PatternLength, profile.MatchedLength, profile.ZeroLength} {
		q := *p
		q.Precedence.RegexLength = reading
		c := &compiler{profile: &q}
		x, y := *a, *b
		x.Keys = c.keys([]profile.Unit{rankedUnit(&q, a)})
		y.Keys = c.keys([]profile.Unit{rankedUnit(&q, b)})
		if (precedes(&q.Precedence, &x, &y) < 0) != (precedes(&p.Precedence, a, b) < 0) {
			return "how many characters a regular expression counts decides which comes first"
		}
	}
	return ""
}
