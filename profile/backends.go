package profile

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

// Backends is how backendRefs are resolved and weighted: GA apis/v1/object_reference_types.go and
// grpcroute_types.go, GRPCRouteRule.BackendRefs.
type Backends struct {
	Kinds []GroupKind // beyond core Service
	// KindsOpen: which kinds take calls beyond those is not known, because the
	// implementation is not (GA apis/v1/object_reference_types.go,
	// BackendObjectReference: other resources are implementation-specific).
	KindsOpen bool
	// NoPortKinds are those of Kinds whose reference must not have a port.
	NoPortKinds []GroupKind
	// OtherKindsDropped: a reference to another kind is dropped without a word; its
	// weight does not count.
	OtherKindsDropped bool
	CoreGroupAlias    bool // group "core" means ""
	GroupUnchecked    bool // kind Service means a Service, whatever the group
	GrantCoreAlias    bool // group "core" in a ReferenceGrant means ""
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
	// NeedsPolicy: it fails for want of a BackendTLSPolicy, which may exist although
	// the input does not hold it.
	NeedsPolicy bool
}
