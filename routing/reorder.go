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
	c := classesPool.Get().(*classes)
	defer c.release()
	c.classify(h.Entries)
	r := rank(p, c)
	out, copies, clauses := make([]*Entry, len(h.Entries)), make([]Entry, len(h.Entries)), make([]Clause, len(h.Entries))
	for i, e := range h.Entries {
		copies[i], clauses[i] = *e, *e.Clause
		clauses[i].Unit = rankedUnit(p, e)
		copies[i].Clause, copies[i].Keys = &clauses[i], slices.Clone(r.key(i))
		out[i] = &copies[i]
	}
	slices.SortStableFunc(out, func(a, b *Entry) int { return precedes(&p.Precedence, a, b) })
	return out
}

// rankedUnit is an entry's unit as a profile ranks it.
func rankedUnit(p *profile.Profile, e *Entry) profile.Unit {
	u := e.unit()
	if e.Route.GRPC == nil {
		return u // an HTTPRoute's path is the same text for all
	}
	m := e.method()
	u.Path = p.PathForm(m)
	u.ServiceChars, u.MethodChars = p.Precedence.Chars(m)
	return u
}

// method is the method match that an entry of a GRPCRoute comes from, nil for none.
func (e *Entry) method() *profile.MethodMatch {
	if e.Route.GRPC == nil || e.Match < 0 {
		return nil
	}
	m := e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches[e.Match].Method
	if m == nil {
		return nil
	}
	_, regex := e.written("service")
	return &profile.MethodMatch{Regex: regex, Service: m.Service, Method: m.Method}
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
	if len(h.Entries) < 2 || !slices.ContainsFunc(h.Entries[1:], func(e *Entry) bool { return e.Route != h.Entries[0].Route }) {
		return nil
	}
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
