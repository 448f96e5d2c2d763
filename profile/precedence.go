package profile

// Unit is one match of one rule under one effective hostname, as precedence sees
// it.
type Unit struct {
	HTTP       bool // a unit of an HTTPRoute
	HTTPMethod bool
	Host       string // effective hostname, "" for any
	OwnHost    string // the route's own hostname it comes from, "" for none
	Path       PathForm
	// ServiceChars and MethodChars are the characters criteria 3 and 4 count,
	// after the reading of regular expressions: see [Precedence.Chars].
	ServiceChars, MethodChars int
	Headers                   int // header conditions that count
	ExactHeaders              int // those of Headers that are Exact
	QueryParams               int
}

// Criterion is one step of precedence: the greater value wins. Over is the unit,
// or all units of its rule under the same hostname when Precedence.PerRule.
type Criterion struct {
	Name string // as explain prints it: "service characters"
	Of   func(over []Unit) int
}

// RegexLength is how many characters a regular expression counts in precedence,
// which the specification leaves open (gateway-api issue 2216).
type RegexLength int

// The readings.
const (
	PatternLength RegexLength = iota // the length of the pattern's text
	MatchedLength                    // the length of what it matched: all constraining units tie
	ZeroLength                       // none
)

// Precedence orders the units that match a request (GA
// apis/v1/grpcroute_types.go, GRPCRouteRule.Matches).
type Precedence struct {
	RegexLength RegexLength
	// RegexLengthOpen: RegexLength is our reading, and others are as good.
	RegexLengthOpen bool
	PerRule         bool // a rule ranks as one, by the maximum over its matches
	// Criteria come first; nil means [SpecCriteria]. Then come age, namespace/name,
	// rule index and match index.
	Criteria []Criterion
	// HTTPFirst: on a tie of the criteria HTTPRoutes come before GRPCRoutes.
	HTTPFirst bool
	// NamespaceThenName compares the two apart; the specification compares
	// "namespace/name".
	NamespaceThenName bool
	// TiesUndefined: the order among routes is not determined after the criteria.
	TiesUndefined bool
}

// Order returns the criteria in force.
func (p *Precedence) Order() []Criterion {
	if p.Criteria == nil {
		return SpecCriteria
	}
	return p.Criteria
}

// Chars returns the service and method characters of a method match, nil for
// none, under the reading of regular expressions.
func (p *Precedence) Chars(m *MethodMatch) (service, method int) {
	s, t := m.names()
	return p.chars(s, m != nil && m.Regex), p.chars(t, m != nil && m.Regex)
}

func (p *Precedence) chars(name string, regex bool) int {
	switch {
	case name == "":
		return 0
	case p.RegexLength == MatchedLength:
		// Whatever constrains the name has matched all of it, so for a fixed request
		// literals and patterns tie.
		return 1
	case regex && p.RegexLength == ZeroLength:
		return 0
	}
	return len(name)
}

// SpecCriteria are those of GA apis/v1/grpcroute_types.go, GRPCRouteRule.Matches,
// with one step that the conformance tests of Gateway API 1.7 ask for: where the
// effective hostnames are equal, the route's own hostname decides
// ("abc.example.com" before "*.example.com" on a listener "abc.example.com").
// HTTPRoutes, which never share a host with a GRPCRoute there, rank in the same
// steps by their own criteria: GA apis/v1/httproute_types.go, HTTPRouteRule.Matches.
var SpecCriteria = []Criterion{
	PreciseHost,
	HostLength,
	OwnHost,
	{"service characters", func(u []Unit) int {
		if u[0].HTTP {
			return httpPathRank(u[0].Path)
		}
		return u[0].ServiceChars
	}},
	{"method characters", func(u []Unit) int {
		if u[0].HTTP {
			return httpMethod.Of(u)
		}
		return u[0].MethodChars
	}},
	{"header conditions", func(u []Unit) int { return u[0].Headers }},
}

// httpPathRank puts an exact path before every other, then the longer value.
func httpPathRank(f PathForm) int {
	const maxPath = 1024 // characters of HTTPPathMatch.Value
	if f.Type == ExactType {
		return maxPath + f.Length
	}
	return f.Length
}

// PreciseHost is the characters of an effective hostname without a wildcard.
var PreciseHost = Criterion{"hostname characters without a wildcard", func(u []Unit) int {
	return preciseLength(u[0].Host)
}}

// HostLength is the characters of the effective hostname.
var HostLength = Criterion{"hostname characters", func(u []Unit) int { return len(u[0].Host) }}

// OwnHost is the specificity of the route's own hostname.
var OwnHost = Criterion{"the route's own hostname", func(u []Unit) int {
	// A hostname has at most 253 characters, so precise ones come before wildcards.
	return 1000*preciseLength(u[0].OwnHost) + len(u[0].OwnHost)
}}

func preciseLength(hostname string) int {
	if len(hostname) > 1 && hostname[:2] == "*." {
		return 0
	}
	return len(hostname)
}

// pathType and the criteria below rank by what the implementation built, not by
// what the route says.
var (
	pathType   = Criterion{"path type (exact, regex, prefix)", func(u []Unit) int { return int(u[0].Path.Type) }}
	pathLength = Criterion{"path length", func(u []Unit) int { return u[0].Path.Length }}
	httpMethod = Criterion{"HTTP method condition", func(u []Unit) int {
		if u[0].HTTPMethod {
			return 1
		}
		return 0
	}}
	headers     = Criterion{"header conditions", func(u []Unit) int { return u[0].Headers + u[0].Path.Headers }}
	queryParams = Criterion{"query parameters", func(u []Unit) int { return u[0].QueryParams }}
)
