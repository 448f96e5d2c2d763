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
// depends on an age that the input does not show.
func (h *Host) Ageless(s *Server) []*topology.Route {
	var out []*topology.Route
	for i := 0; i < len(h.Entries); {
		j := i + 1
		for j < len(h.Entries) && slices.Equal(h.Entries[i].Keys, h.Entries[j].Keys) {
			j++
		}
		for _, a := range h.Entries[i:j] {
			if !slices.Contains(out, a.Route) && slices.ContainsFunc(h.Entries[i:j], func(b *Entry) bool { return s.Undecided(a, b) != "" }) {
				out = append(out, a.Route)
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
