package routing

import (
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
)

// PatternKind is what a [Pattern] is.
type PatternKind uint8

// The kinds of patterns.
const (
	AnyText     PatternKind = iota // takes every text
	LiteralText                    // takes Text alone
	RegexText                      // takes what Regexp finds
	NoText                         // takes nothing
)

// Pattern is the condition on one text of a request, as the matcher evaluates
// it.
type Pattern struct {
	Kind   PatternKind
	Text   string         // the literal, or the source of Regexp
	Regexp *regexp.Regexp // RegexText: the text is taken when MatchString says so
	Source string         // RegexText: the expression as the manifest has it, "" when it does not
}

// HeaderPattern is one header condition. An absent header never satisfies it.
type HeaderPattern struct {
	Name  string // lower case
	Value Pattern
	// Each: of a header sent several times any one value may satisfy it; otherwise
	// the values joined with "," are asked.
	Each bool
}

// Conditions is all that an entry asks of a gRPC call once its host is settled.
// All of them must hold.
type Conditions struct {
	Service, Method Pattern
	// Path is asked of the whole path, for expressions that do not divide at the
	// slashes; AnyText otherwise.
	Path    Pattern
	Headers []HeaderPattern
}

// Conditions returns what the entry asks of a call. It does not look at Dead.
func (e *Entry) Conditions() Conditions {
	c := e.cond
	out := Conditions{Service: c.service.pattern(), Method: c.method.pattern()}
	if e.Unit.Path.Kind == profile.SegmentPath {
		out.Service.Source, out.Method.Source = e.Unit.Path.Service, e.Unit.Path.Method
	}
	switch c.shape {
	case wholePath:
		out.Path = regexPattern(c.whole)
	case noPath:
		out.Path.Kind = NoText
	}
	for i := range c.headers {
		h := &c.headers[i]
		p := HeaderPattern{Name: strings.ToLower(h.name), Value: Pattern{Kind: LiteralText, Text: h.value}, Each: h.each}
		if h.re != nil {
			p.Value = regexPattern(h.re)
		}
		out.Headers = append(out.Headers, p)
	}
	return out
}

// SameConditions reports whether two entries share their conditions, as those of
// one match under several hostnames do.
func (e *Entry) SameConditions(o *Entry) bool { return e.cond == o.cond }

// Opaque reports whether the entry is dead only because a pattern of it is of a
// dialect that cannot be read here: its implementation may know it.
func (e *Entry) Opaque() bool { return e.opaque && e.Dead != "" }

// Asks returns what is equal for entries that ask for the same because they come
// from one match of one compiled rule, under whatever hostname and in whatever
// order. It may be the key of a map.
func (e *Entry) Asks() any { return e.cond }

// Undecided says why the input does not show which of two entries of a server
// comes first, "" when it does: nothing but the age of their routes orders them,
// and not both have one, or the implementation leaves the order open.
func (s *Server) Undecided(a, b *Entry) string {
	p := &s.Profile.Precedence
	switch {
	case !tied(p, a, b):
		return ""
	case p.TiesUndefined:
		return s.Profile.Name + " does not say which comes first"
	case a.order.created.IsZero() || b.order.created.IsZero():
		return "the older one of " + a.Route.Key() + " and " + b.Route.Key() + " comes first"
	}
	return ""
}

// Blocked is the pattern that stops every update of the server's table, with why;
// "" when none does.
func (s *Server) Blocked() string { return s.blocked }

func (g *segment) pattern() Pattern {
	switch g.kind {
	case literalSegment:
		return Pattern{Kind: LiteralText, Text: g.text}
	case patternSegment:
		return regexPattern(g.re)
	case noSegment:
		return Pattern{Kind: NoText}
	}
	return Pattern{}
}

func regexPattern(re *regexp.Regexp) Pattern {
	return Pattern{Kind: RegexText, Text: re.String(), Regexp: re}
}
