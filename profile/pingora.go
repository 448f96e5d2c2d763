package profile

const (
	pingoraRepo  = "lexfrei/pingora-gateway-controller 3f0ec74"
	pingoraProxy = "lexfrei/pingora-proxy 722b44f"
	pingoraDoc   = "pingora-gateway-controller docs/gateway-api/grpcroute.md"
)

// Pingora is the Pingora gateway controller as its code binds and its documents
// say it routes. At the pinned commit its proxy does not route gRPC at all: see
// [Profile.AsBuilt].
var Pingora = &Profile{
	Name:    "pingora",
	Title:   "Pingora Gateway Controller (alpha), as documented",
	Classes: []string{"pingora"},
	Hosts:   pingoraHosts,
	Matching: Matching{
		AlwaysValid:       true,
		RegexUndefined:    true,
		EmptyRulesSkipped: true,
	},
	Precedence: Precedence{
		TiesUndefined: true,
		Criteria:      []Criterion{PreciseHost, HostLength, pingoraType, pathLength, headers, pingoraMethod},
	},
	Filters:  Filters{Rule: noFilters, Backend: noFilters},
	Backends: pingoraBackends,
	Answers: Answers{
		NoListener:        Answer{404, 12, pingoraProxy + " src/proxy/router.rs"},
		NoMatch:           Answer{404, 12, pingoraProxy + " src/proxy/router.rs"},
		NoBackend:         Answer{404, 12, pingoraProxy + " src/proxy/router.rs skips rules without backends"},
		InvalidBackend:    Answer{502, 14, "inferred: the connection fails"},
		ZeroWeights:       Answer{404, 12, pingoraRepo + " pingora_builder.go makes every weight at least 1"},
		NoEndpoints:       Answer{502, 14, "inferred: the connection fails"},
		UnsupportedFilter: Answer{500, 2, "not answered: filters are dropped"},
		Protocol:          Answer{502, 14, "inferred: an HTTP/2 server refuses HTTP/1.1"},
		Unreachable:       Answer{502, 14, "inferred: the connection fails"},
		BackendTLS:        Answer{502, 14, "not answered: BackendTLSPolicy is ignored"},
		Plain:             true,
	},
	Status:      pingoraStatus,
	Transport:   Transport{AnyProtocolBinds: true, NoTLS: true, ServesInvalid: true, Mesh: Rejected, GatewayParentsOnly: true},
	Claims:      pingoraClaims,
	Constraints: pingoraConstraints,
	AsBuilt:     pingoraAsBuilt,
}

var pingoraAsBuilt = &Profile{
	Name:    "pingora --as-built",
	Title:   "Pingora Gateway Controller (alpha), as its pinned proxy is built",
	Classes: []string{"pingora"},
	Hosts: Hosts{
		WildcardsEqualOnly: true,
		WildcardOneLabel:   true,
		NoNarrowing:        true,
		NoMisdirected:      true,
		Isolation:          Global,
		IsolationTLS:       Global,
		CrossKind:          Merge,
	},
	Matching: Matching{NotServed: true, AlwaysValid: true, EmptyRulesSkipped: true},
	Precedence: Precedence{
		TiesUndefined: true,
		Criteria:      []Criterion{PreciseHost, HostLength, pingoraType, pathLength},
	},
	Filters: Filters{Rule: noFilters, Backend: noFilters},
	Backends: Backends{
		OtherKindsDropped: true,
		GroupUnchecked:    true,
		GrantsIgnored:     true,
		PortUnchecked:     true,
		ExistenceIgnored:  true,
		ZeroWeightIsOne:   true,
		ExternalName:      Supported,
		Protocol:          http1Protocol,
		SystemCA:          Ignored,
		TLS:               Ignored,
	},
	Answers: Answers{
		NoListener:        Answer{404, 12, pingoraProxy + " src/proxy/router.rs"},
		NoMatch:           Answer{404, 12, pingoraProxy + " src/proxy/router.rs"},
		NoBackend:         Answer{404, 12, pingoraProxy + " src/proxy/router.rs"},
		InvalidBackend:    Answer{500, 2, "inferred: only IP addresses are dialled"},
		ZeroWeights:       Answer{404, 12, pingoraRepo + " pingora_builder.go makes every weight at least 1"},
		NoEndpoints:       Answer{502, 14, "inferred: the connection fails"},
		UnsupportedFilter: Answer{500, 2, "not answered: filters are dropped"},
		Protocol:          Answer{500, 2, "inferred: a DNS name is not parsed as IP:port"},
		Unreachable:       Answer{500, 2, "inferred: a DNS name is not parsed as IP:port"},
		BackendTLS:        Answer{502, 14, "not answered: BackendTLSPolicy is ignored"},
		Plain:             true,
	},
	Status:      pingoraStatus,
	Transport:   Transport{AnyProtocolBinds: true, NoTLS: true, ServesInvalid: true, Mesh: Rejected, GatewayParentsOnly: true, NoCleartextHTTP2: true},
	Claims:      append([]Claim{{"GRPCRoute", Ignored, "stored, and never asked by the router", pingoraProxy + " src/proxy/router.rs"}}, pingoraClaims...),
	Constraints: pingoraConstraints,
}

var (
	pingoraHosts = Hosts{
		WildcardsEqualOnly: true,
		NoNarrowing:        true,
		NoMisdirected:      true,
		Isolation:          Global,
		IsolationTLS:       Global,
		CrossKind:          Merge,
	}
	pingoraBackends = Backends{
		OtherKindsDropped: true,
		GroupUnchecked:    true,
		GrantsIgnored:     true,
		PortUnchecked:     true,
		ExistenceIgnored:  true,
		ZeroWeightIsOne:   true,
		ExternalName:      Supported,
		// What the documents promise; the controller asks for HTTP/1.1 and nothing of
		// the Service says otherwise.
		Protocol: func(PortFacts) Protocol { return Protocol{Name: H2C} },
		SystemCA: Ignored,
		TLS:      Ignored,
	}
	pingoraStatus = Status{
		ByClassName:                   true,
		NoneWhenRejected:              true,
		RefsAlwaysResolved:            true,
		SectionAlwaysNoMatchingParent: true,
		ParentPortIgnored:             true,
		LastRejection:                 true,
		ListenersAlwaysValid:          true,
		Stages:                        []Stage{SectionStage, HostnameStage, NamespaceStage, KindStage},
		AcceptedMessage:               "Route accepted and programmed in Pingora proxy",
		ResolvedMessage:               "References resolved",
		NoPartiallyInvalid:            true,
	}
	pingoraClaims = []Claim{
		{"rule filters", Ignored, "discarded by the controller", pingoraRepo + " internal/ingress/pingora_builder.go"},
		{"backend filters", Ignored, "discarded by the controller", pingoraRepo + " internal/ingress/pingora_builder.go"},
		{"sessionPersistence", Ignored, "discarded by the controller", pingoraRepo + " internal/ingress/pingora_builder.go"},
		{"match by regular expression", Unknown, "passed on without anchors; what the proxy does with it is not defined", pingoraRepo + " api/proto/routing/v1/routing.proto"},
		{"precedence", Supported, "exact, longer prefix, headers, methods; there is no tie-break", "pingora-gateway-controller docs/gateway-api/limitations.md"},
		{"ReferenceGrant", Ignored, "not asked when routes are built", pingoraRepo + " internal/ingress/pingora_builder.go"},
		{"rule without backendRefs", Ignored, "passed over: other rules may take its calls", pingoraProxy + " src/proxy/router.rs"},
		{"weight 0", Ignored, "becomes 1", pingoraRepo + " internal/ingress/pingora_builder.go"},
		{"BackendTLSPolicy", Ignored, "not read", pingoraRepo + " README.md"},
		{"two wildcard hostnames", Rejected, "intersect only when equal", pingoraRepo + " internal/routebinding/hostname.go"},
		{"listener hostname", Ignored, "does not narrow the hostnames that are served", pingoraRepo + " internal/ingress/pingora_builder.go"},
		{"listener TLS", Ignored, "the proxy has one plaintext port", pingoraProxy + " src/main.rs"},
		{"ResolvedRefs", Ignored, "always True", pingoraRepo + " internal/controller/pingora_grpcroute_controller.go"},
	}
	pingoraConstraints = []Constraint{
		{"grant-for-backend", "a backendRef to another namespace needs a ReferenceGrant there", pingoraDoc, false, pingoraRepo + " internal/ingress/pingora_builder.go asks no grant"},
		{"http-listener-only", "listeners are HTTP", "pingora-gateway-controller docs/gateway-api/limitations.md", false, pingoraRepo + " internal/routebinding binds to any protocol"},
		{"ready-endpoint-required", "a backend needs a ready endpoint", "pingora-gateway-controller docs/gateway-api/limitations.md", false, pingoraRepo + " examines no endpoints"},
		{"regex-compiled-at-sync", "regular expressions are compiled when routes are synced", "pingora-gateway-controller docs/gateway-api/limitations.md", false, pingoraRepo + " compiles none"},
	}

	// pingoraType is docs/gateway-api/limitations.md: exact, then longer prefixes,
	// and regular expressions after both.
	pingoraType = Criterion{"path type (exact, prefix, regex)", func(u []Unit) int {
		switch {
		case u[0].Path.Kind == MethodPath:
			return 0
		case u[0].Path.Type == ExactType:
			return 3
		case u[0].Path.Type == PrefixType:
			return 2
		case u[0].Path.Type == RegexType:
			return 1
		}
		return 0
	}}
	pingoraMethod = Criterion{"method", func(u []Unit) int {
		if u[0].Path.Kind == MethodPath {
			return 1
		}
		return httpMethod.Of(u)
	}}
)
