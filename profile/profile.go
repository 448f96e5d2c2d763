// Package profile says what each implementation of the Gateway API does with a
// GRPCRoute where it departs from the specification: as data, with small
// functions where data is not enough. Each claim names its source. No other
// package names an implementation.
package profile

// Verdict is what an implementation does with a feature.
type Verdict int

// The verdicts. Unknown means that no source says; the specification is then
// followed and the answer is marked so.
const (
	Unknown   Verdict = iota
	Supported         // works as specified
	Rejected          // refused, or fails closed
	Ignored           // dropped without a word
)

// Claim is one statement about an implementation and where it was read.
type Claim struct {
	Feature string // as "rule filter RequestMirror"
	Verdict Verdict
	Says    string // what it does, one sentence
	Source  string // document or source file, with version
}

// Constraint is something an implementation's documentation demands.
type Constraint struct {
	ID       string // as "https-listener-only"
	Says     string // the demand, one sentence
	Document string // where it is documented
	Enforced bool   // whether the code enforces it
	Code     string // where the code shows that it does, or does not
}

// Profile is one implementation. The zero value of every knob is what the
// specification says.
type Profile struct {
	Name        string   // as on the command line: "kgateway"
	Title       string   // for people: "kgateway 2.x"
	Controllers []string // GatewayClass spec.controllerName values it answers to; not asked with Status.ByClassName
	Classes     []string // class names that mean it when the class is not in the input
	Claims      []Claim
	Constraints []Constraint
	// AsBuilt is the same implementation as its pinned data plane really behaves,
	// where that is far from what it documents; nil otherwise.
	AsBuilt *Profile

	Hosts      Hosts
	Matching   Matching
	Precedence Precedence
	Filters    Filters
	Backends   Backends
	Answers    Answers
	Status     Status
	Transport  Transport
}

// Scope is the set of listeners whose routes compete for one request.
type Scope int

// The scopes.
const (
	PerListener Scope = iota // listener isolation: only the most specific listener's routes
	PerPort                  // all routes of a port share one table
	Global                   // all routes of all the implementation's Gateways share one table
)

// CrossKind is what happens when an HTTPRoute and a GRPCRoute claim one host.
type CrossKind int

// The cross-kind policies. The types demand the first, the site allows the last
// since Gateway API 1.6 (kubernetes-sigs/gateway-api pull 4598).
const (
	RejectNewer           CrossKind = iota // the younger route, then the greater namespace/name, is refused on that listener
	RejectNewerEverywhere                  // the same, on spec hostnames, and on every parent
	Merge                                  // both are accepted and their rules compete
)

// Hosts is how hostnames are read: GA apis/v1/gateway_types.go, Listener.Hostname,
// and "Listener isolation" there.
type Hosts struct {
	NoFallthrough      bool // the best host's table answers alone, as Envoy's virtual hosts do
	WildcardsEqualOnly bool // two wildcards intersect only when equal
	WildcardOneLabel   bool // at request time a wildcard covers exactly one label
	NoNarrowing        bool // routes keep their own hostnames; the listener's do not narrow them
	// CatchAllAlone: a route that takes any host through one listener has only that
	// hostname, whatever other listeners would narrow it to.
	CatchAllAlone bool
	// DropClaimed: an effective hostname that is the hostname of another listener
	// on the same port is dropped from the less specific listener.
	DropClaimed bool
	Isolation   Scope // of HTTP listeners
	// IsolationTLS is that of HTTPS listeners: PerListener where the SNI chooses.
	IsolationTLS Scope
	// NoMisdirected: that the authority belongs to another listener than the SNI is
	// not noticed; the call is routed inside the SNI's listener.
	NoMisdirected bool
	CrossKind     CrossKind
	// FirstListenerWins: of listeners in conflict the first one keeps working, be
	// they all a Gateway's own. The specification refuses those together.
	FirstListenerWins bool
}

// Matching is how one match is evaluated: GA apis/v1/grpcroute_types.go,
// GRPCRouteMatch.
type Matching struct {
	// Form turns a method match (nil: none) into the paths it takes; nil means
	// [SpecForm].
	Form func(*MethodMatch) PathForm
	// HTTPRegexPartial: an HTTPRoute's path regex is found anywhere in the path.
	HTTPRegexPartial bool
	// HTTPPathOptional: an HTTP match without a path has no path condition, as in
	// configurations that no API server has filled in; otherwise it is PathPrefix
	// "/".
	HTTPPathOptional bool
	// HTTPLength is the characters an HTTPRoute's path counts; nil means all.
	HTTPLength func(t PathType, value string) int
	// HeaderRegexPartial: a header regex is found anywhere in the value.
	HeaderRegexPartial bool
	// HeadersAllAnded: equivalent names of one match are all required; the
	// specification lets the first one count alone.
	HeadersAllAnded bool
	// RepeatedAny: of a header sent several times any one value may match; the
	// specification is silent and values are joined with ",".
	RepeatedAny bool
	// DropEmptyMatches: an empty match next to others is dropped.
	DropEmptyMatches bool
	// EmptyRulesSkipped: a rule of which no backendRef counts takes no call; other
	// rules may.
	EmptyRulesSkipped bool
	// AlwaysValid: regular expressions are not looked at before the data plane
	// reads them, so that a wrong one shows in no status.
	AlwaysValid bool
	// RE2: regular expressions are RE2. Otherwise the dialect is not specified, and
	// a pattern that is none may still work.
	RE2 bool
	// RegexUndefined: no source says how regular expressions are matched. They are
	// then read as the specification says, and answers are marked.
	RegexUndefined bool
	// NotServed: the data plane never consults GRPCRoutes.
	NotServed bool
	// InvalidRegexBlocksAll: one pattern that does not compile stops every
	// update, so that the whole table is unknown.
	InvalidRegexBlocksAll bool
}

// Transport is what carries calls to the implementation.
type Transport struct {
	// Tunnel: calls arrive through a tunnel whose protocol matters to gRPC.
	Tunnel bool
	// TunnelFails are the tunnel protocols that lose gRPC trailers.
	TunnelFails []string
	// AnyProtocolBinds: the listener's protocol does not limit binding; it only
	// chooses the default kinds.
	AnyProtocolBinds bool
	// ListenerProtocols are those the implementation takes; nil means that no
	// source says, and no listener is refused for its protocol.
	ListenerProtocols []string
	// ServesInvalid: routes are served whatever is wrong with their listener.
	ServesInvalid bool
	// Mesh is whether Service parents are handled (GEP-1294).
	Mesh Verdict
	// GatewayParentsOnly: ListenerSets are not known.
	GatewayParentsOnly bool
	// NoTLS: the data plane terminates no TLS, whatever the listener says.
	NoTLS bool
	// NoCleartextHTTP2: an HTTP listener does not take h2c.
	NoCleartextHTTP2 bool
}
