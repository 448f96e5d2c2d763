package profile

// Versions that claims were read from.
const (
	gatewayAPI = "gateway-api v1.6.3"
	grpcTypes  = gatewayAPI + " apis/v1/grpcroute_types.go"
	clientMap  = "grpc doc/http-grpc-status-mapping.md"
)

// Spec is the Gateway API specification itself, v1.6.3, with the readings that
// RATIONALE.md fixes where it is silent.
var Spec = &Profile{
	Name:  "spec",
	Title: "Gateway API specification 1.6",
	// gateway-api issue 2216 asks how long a regular expression is, without an answer.
	Precedence: Precedence{RegexLengthOpen: true},
	Filters:    Filters{Rule: specRuleFilters},
	Backends: Backends{
		Kinds:     []GroupKind{serviceImport},
		KindsOpen: true,
		SystemCA:  Supported,
		TLS:       Supported,
	},
	Transport: Transport{Mesh: Supported},
	Answers: Answers{
		NoListener:        Answer{404, 12, gatewayAPI + " apis/v1/gateway_types.go, General Listener behavior"},
		NoMatch:           Answer{404, 12, gatewayAPI + " apis/v1/gateway_types.go, General Listener behavior"},
		Misdirected:       Answer{421, 2, gatewayAPI + " apis/v1/gateway_types.go, Listener.hostname; " + clientMap},
		NoBackend:         Answer{200, 12, gatewayAPI + " site, api-types/grpcroute.md; the types are silent"},
		InvalidBackend:    Answer{200, 14, grpcTypes + ", GRPCRouteRule.backendRefs"},
		ZeroWeights:       Answer{200, 14, "not specified; read as no usable backend"},
		NoEndpoints:       Answer{503, 14, "not specified; read as an unavailable backend"},
		UnsupportedFilter: Answer{500, 2, grpcTypes + ", GRPCRouteRule.filters; " + clientMap},
		Protocol:          Answer{200, 14, grpcTypes + ", GRPCRouteRule.backendRefs"},
		BackendTLS:        Answer{503, 14, gatewayAPI + " apis/v1/backendtlspolicy_types.go; " + clientMap},
	},
	Claims: []Claim{
		{"rule filter RequestHeaderModifier", Supported, "core support", grpcTypes},
		{"rule filter ResponseHeaderModifier", Supported, "core in a rule by the type's comment, extended by the field's", grpcTypes},
		{"rule filter RequestMirror", Supported, "extended support", grpcTypes},
		{"rule filter ExtensionRef", Unknown, "implementation-specific; one that cannot be resolved must answer with an error", grpcTypes},
		{"backend filters", Unknown, "implementation-specific support", grpcTypes},
		{"match by method only", Unknown, "implementation-specific support", grpcTypes},
		{"match by regular expression", Unknown, "implementation-specific support, and so is the dialect", grpcTypes},
		{"cross-kind hostnames", Rejected, "of a GRPCRoute and an HTTPRoute with intersecting hostnames on one listener exactly one must be accepted", grpcTypes},
		{"backend ServiceImport", Supported, "extended support", gatewayAPI + " apis/v1/object_reference_types.go"},
		{"backend of another kind", Unknown, "implementation-specific; a kind that is not supported sets ResolvedRefs False with reason InvalidKind", gatewayAPI + " apis/v1/object_reference_types.go"},
		{"backend ExternalName Service", Unknown, "implementation-specific; implementations should not support it", gatewayAPI + " apis/v1/object_reference_types.go"},
		{"backend protocol", Supported, "HTTP/2 follows from the route kind, appProtocol may say more", "GEP-1911"},
		{"listener isolation", Supported, "extended support", gatewayAPI + " apis/v1/gateway_types.go"},
	},
}

var serviceImport = GroupKind{"multicluster.x-k8s.io", "ServiceImport"}

// specRuleFilters are core and extended support; an ExtensionRef is for the
// implementation to know.
var specRuleFilters = FilterVerdicts{
	RequestHeaderModifier:  Supported,
	ResponseHeaderModifier: Supported,
	RequestMirror:          Supported,
}

// headerModifiers serves those two filters and fails closed on the others.
var headerModifiers = FilterVerdicts{
	RequestHeaderModifier:  Supported,
	ResponseHeaderModifier: Supported,
	RequestMirror:          Rejected,
	ExtensionRef:           Rejected,
}

// noFilters drops every filter without a word.
var noFilters = FilterVerdicts{
	RequestHeaderModifier:  Ignored,
	ResponseHeaderModifier: Ignored,
	RequestMirror:          Ignored,
	ExtensionRef:           Ignored,
}
