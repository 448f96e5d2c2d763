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

// The cross-kind policies (semantics 2.8).
const (
	RejectNewer           CrossKind = iota // the younger route, then the greater namespace/name, is refused on that listener
	RejectNewerEverywhere                  // the same, on spec hostnames, and on every parent
	Merge                                  // both are accepted and their rules compete
)

// Hosts is how hostnames are read (semantics 2.5, 2.6, 3.3).
type Hosts struct {
	NoFallthrough      bool // the best host's table answers alone, as Envoy's virtual hosts do
	WildcardsEqualOnly bool // two wildcards intersect only when equal
	WildcardOneLabel   bool // at request time a wildcard covers exactly one label
	NoNarrowing        bool // routes keep their own hostnames; the listener's do not narrow them
	// DropClaimed: an effective hostname that is the hostname of another listener
	// on the same port is dropped from the less specific listener.
	DropClaimed bool
	Isolation   Scope // of HTTP listeners
	// IsolationTLS is that of HTTPS listeners: PerListener where the SNI chooses.
	IsolationTLS Scope
	// NoMisdirected: that the authority belongs to another listener than the SNI is
	// not noticed; the call is routed inside the SNI's listener (semantics 2.7).
	NoMisdirected bool
	CrossKind     CrossKind
}

// Matching is how one match is evaluated (semantics 3.2, 3.4, 3.5).
type Matching struct {
	// Form turns a method match (nil: none) into the paths it takes; nil means
	// [SpecForm].
	Form func(*MethodMatch) PathForm
	// HTTPRegexPartial: an HTTPRoute's path regex is found anywhere in the path.
	HTTPRegexPartial bool
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
	// AlwaysValid: regular expressions are not looked at before the data plane
	// reads them, so that a wrong one shows in no status.
	AlwaysValid bool
	// RE2: regular expressions are RE2. Otherwise the dialect is not specified, and
	// a pattern that is none may still work.
	RE2 bool
	// NotServed: the data plane never consults GRPCRoutes.
	NotServed bool
	// InvalidRegexBlocksAll: one pattern that does not compile stops every
	// update, so that the whole table is unknown.
	InvalidRegexBlocksAll bool
}

// FilterVerdicts is what happens to each filter type at one level.
type FilterVerdicts struct {
	RequestHeaderModifier, ResponseHeaderModifier, RequestMirror, ExtensionRef Verdict
}

// Of returns the verdict on a filter type as spec.rules[].filters[].type writes
// it; a type that GRPCRoute does not have is [Rejected].
func (v FilterVerdicts) Of(filterType string) Verdict {
	switch filterType {
	case "RequestHeaderModifier":
		return v.RequestHeaderModifier
	case "ResponseHeaderModifier":
		return v.ResponseHeaderModifier
	case "RequestMirror":
		return v.RequestMirror
	case "ExtensionRef":
		return v.ExtensionRef
	}
	return Rejected
}

// Filters is filter support; Rejected means that the requests concerned get
// Answers.UnsupportedFilter.
type Filters struct {
	Rule, Backend FilterVerdicts
	// ExtensionKinds are the kinds an ExtensionRef may name where it is supported;
	// nil means that no source says.
	ExtensionKinds []GroupKind
	// BackendReason is the ResolvedRefs reason of an unsupported filter on a
	// backendRef; "" means that it shows in Accepted or PartiallyInvalid instead.
	BackendReason string
	// MirrorGrantKind is the from kind that a mirror's ReferenceGrant must name;
	// "" means the route's own kind.
	MirrorGrantKind string
}

// GroupKind names a kind of object; the core group is "".
type GroupKind struct{ Group, Kind string }

// Backends is how backendRefs are resolved and weighted (semantics 5).
type Backends struct {
	Kinds []GroupKind // beyond core Service
	// NoPortKinds are those of Kinds whose reference must not have a port.
	NoPortKinds []GroupKind
	// OtherKindsDropped: a reference to another kind is dropped without a word; its
	// weight does not count.
	OtherKindsDropped bool
	CoreGroupAlias    bool // group "core" means ""
	GrantsIgnored     bool // cross-namespace refs need no ReferenceGrant
	PortUnchecked     bool // a port that the Service lacks is not detected
	ExistenceIgnored  bool // a missing Service is not detected
	// ZeroWeightUnchecked: references of weight 0 are dropped before anything about
	// them is checked.
	ZeroWeightUnchecked bool
	ZeroWeightIsOne     bool
	LoneWeightIgnored   bool // a single backendRef takes everything, whatever its weight
	// ExternalName is what happens to Services of that type; unknown is
	// implementation-specific.
	ExternalName Verdict
	// PortReason is the ResolvedRefs reason of a port that the Service lacks; ""
	// means BackendNotFound.
	PortReason string
	// Protocol says how the implementation dials a Service port; nil means
	// [SpecProtocol]. Ask [Backends.Dial].
	Protocol func(PortFacts) Protocol
	SystemCA Verdict // BackendTLSPolicy wellKnownCACertificates: System
	// CAKinds are the kinds beyond ConfigMap that CA certificates may be in; nil
	// means that no source says.
	CAKinds []GroupKind
	TLS     Verdict // BackendTLSPolicy
}

// Dial says how the implementation dials a Service port.
func (b *Backends) Dial(f PortFacts) Protocol {
	if b.Protocol == nil {
		return SpecProtocol(f)
	}
	return b.Protocol(f)
}

// PortFacts is what a Service port and its policies say.
type PortFacts struct {
	Name        string
	Port        int32
	AppProtocol *string
	TLS         bool // a usable BackendTLSPolicy covers it
	HTTPRoute   bool // the reference stands in an HTTPRoute
}

// Protocol is how a backend is dialled, or why it is not.
type Protocol struct {
	Name    string // "h2c", "h2" (TLS) or "http1"
	Reason  string // Gateway API reason when the status says so, as "UnsupportedProtocol"
	Message string
	Fails   bool // gRPC calls to it fail with Answers.Protocol
	Unsure  bool // no source says; Name is the best guess
}

// Answer is what a client gets. HTTP is the status the implementation sets; where
// it is not 200 the client maps it, or Envoy does, which sends a gRPC call HTTP 200
// and a grpc-status instead. GRPC is the status code the client sees either way.
type Answer struct {
	HTTP, GRPC int
	Source     string
}

// Answers is what clients get when a call is not served (semantics 3.8).
type Answers struct {
	NoListener, NoMatch, Misdirected, NoBackend, InvalidBackend, ZeroWeights,
	NoEndpoints, UnsupportedFilter, Protocol, BackendTLS Answer
}

// Status is the vocabulary and order of route status where it departs from the
// specification.
type Status struct {
	// ByClassName: the implementation manages Gateways by class name.
	ByClassName bool
	// NoneWhenRejected: a route with no accepted parent gets no status.
	NoneWhenRejected bool
	// RefsAlwaysResolved: ResolvedRefs is True whatever the references say.
	RefsAlwaysResolved bool
	// SectionAlwaysNoMatchingParent: with sectionName or port every failure to
	// attach is NoMatchingParent.
	SectionAlwaysNoMatchingParent bool
	// ParentPortIgnored: parentRef.port does not select a listener.
	ParentPortIgnored bool
	// LastRejection: the reason is that of the last listener that refused;
	// otherwise that of the latest stage reached.
	LastRejection bool
	// ConflictedTakeNone: no route attaches to a conflicted listener. The
	// specification counts attached routes whatever the listener's condition.
	ConflictedTakeNone bool
	// ListenersAlwaysValid: listener conditions are True whatever the listener says.
	ListenersAlwaysValid bool
	// Stages is the order in which a listener refuses; nil means [SpecStages].
	Stages []Stage
	// AcceptedMessage and ResolvedMessage are the texts of the True conditions.
	AcceptedMessage, ResolvedMessage string
	// CrossKindReason is the Accepted=False reason of a cross-kind loser; "" is
	// implementation-defined.
	CrossKindReason string
	// NoPartiallyInvalid: that condition is never written.
	NoPartiallyInvalid bool
	// InvalidRule is the Accepted=False reason when any rule is replaced, as
	// "RouteRuleReplaced"; "" means UnsupportedValue only when every rule is
	// invalid.
	InvalidRule string
}

// StageOrder returns the stages in the order in which a listener refuses.
func (s *Status) StageOrder() []Stage {
	if s.Stages == nil {
		return SpecStages
	}
	return s.Stages
}

// Stage is one test a listener makes of a route.
type Stage int

// The stages of the funnel (semantics 2.2).
const (
	SectionStage Stage = iota
	NamespaceStage
	KindStage
	HostnameStage
	// ConflictStage is the cross-kind conflict of [CrossKind], always the last.
	ConflictStage
)

// SpecStages is the order of the specification's reasons: sectionName and port,
// then allowedRoutes, then hostnames.
var SpecStages = []Stage{SectionStage, KindStage, NamespaceStage, HostnameStage}

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
