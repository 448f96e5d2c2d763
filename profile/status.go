package profile

import "fmt"

// Answer is what a client gets. HTTP is the status the implementation sets; where
// it is not 200 the client maps it, or Envoy does, which sends a gRPC call HTTP 200
// and a grpc-status instead. GRPC is the status code the client sees either way.
type Answer struct {
	HTTP, GRPC int
	Source     string
}

// Answers is what clients get when a call is not served.
type Answers struct {
	NoListener, NoMatch, Misdirected, NoBackend, InvalidBackend, ZeroWeights,
	NoEndpoints, UnsupportedFilter, Protocol, BackendTLS Answer
	// Unreachable is what a dial gets that leads nowhere, of implementations that do
	// not look at what a reference names.
	Unreachable Answer
	// Plain: where HTTP is not 200 the client gets just that, and no grpc-status.
	Plain bool
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

// The stages, by the reasons that GA apis/v1/shared_types.go gives for them.
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

// The names of gRPC status codes (grpc/grpc doc/statuscodes.md).
var codeNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
	"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// CodeName returns the name of a gRPC status code, "UNIMPLEMENTED", or
// "CODE(99)" for a number that has none.
func CodeName(code int) string {
	if code < 0 || code >= len(codeNames) {
		return fmt.Sprintf("CODE(%d)", code)
	}
	return codeNames[code]
}
