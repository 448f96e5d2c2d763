package profile

import "strings"

const (
	kgatewayRepo  = "kgateway-dev/kgateway main (2026)"
	kgatewayGuide = "kgateway community guide to gRPC routing with GRPCRoute"
)

// KGateway is kgateway 2.x, which turns a GRPCRoute into Envoy routes by way of an
// HTTPRoute.
var KGateway = &Profile{
	Name:        "kgateway",
	Title:       "kgateway 2.x",
	Controllers: []string{"kgateway.dev/kgateway", "kgateway.dev/kgateway-controller"},
	Classes:     []string{"kgateway"},
	Hosts: Hosts{
		NoFallthrough: true,
		Isolation:     PerPort,
		NoMisdirected: true,
		CrossKind:     Merge,
		// pkg/kgateway/translator/listener/validation.go, validateListeners.
		FirstListenerWins: true,
	},
	Matching: Matching{
		Form:            kgatewayForm,
		HTTPLength:      envoyPathLength,
		HeadersAllAnded: true,
		// Without the strict validation mode Envoy refuses the whole configuration.
		InvalidRegexBlocksAll: true,
		AlwaysValid:           true,
		RE2:                   true,
	},
	Precedence: Precedence{
		RegexLength: ZeroLength,
		Criteria:    []Criterion{PreciseHost, HostLength, envoyType, pathLength, httpMethod, headers, queryParams},
	},
	Filters: Filters{
		Rule:            FilterVerdicts{Supported, Supported, Supported, Ignored},
		Backend:         noFilters,
		MirrorGrantKind: "HTTPRoute",
	},
	Backends: Backends{
		Kinds:             []GroupKind{kgatewayBackend, {"inference.networking.k8s.io", "InferencePool"}},
		NoPortKinds:       []GroupKind{kgatewayBackend},
		CoreGroupAlias:    true,
		GrantCoreAlias:    true,
		LoneWeightIgnored: true,
		ExternalName:      Supported,
		Protocol:          kgatewayProtocol,
		SystemCA:          Supported,
		TLS:               Supported,
	},
	Answers: Answers{
		NoListener:        Answer{404, 12, kgatewayRepo + ": Envoy finds no virtual host"},
		NoMatch:           Answer{404, 12, kgatewayRepo + ": Envoy finds no route"},
		NoBackend:         Answer{500, 2, kgatewayRepo + " irtranslator/route.go replaces the rule"},
		InvalidBackend:    Answer{500, 2, kgatewayRepo + " irtranslator/route.go, cluster_not_found_response_code"},
		ZeroWeights:       Answer{500, 2, kgatewayRepo + " irtranslator/route.go replaces the rule"},
		NoEndpoints:       Answer{503, 14, kgatewayRepo + ": Envoy has no healthy upstream"},
		UnsupportedFilter: Answer{500, 2, kgatewayRepo + " irtranslator/route.go replaces the rule"},
		Protocol:          Answer{503, 14, "inferred: an HTTP/2 server refuses HTTP/1.1"},
		BackendTLS:        Answer{503, 14, "inferred: Envoy fails the handshake"},
	},
	Status: Status{
		Stages:             []Stage{KindStage, NamespaceStage, SectionStage, HostnameStage},
		AcceptedMessage:    "Successfully accepted Route",
		ResolvedMessage:    "Successfully resolved all references",
		NoPartiallyInvalid: true,
		InvalidRule:        "RouteRuleReplaced",
	},
	Claims: []Claim{
		{"rule filter RequestHeaderModifier", Supported, "served", kgatewayRepo + " builtin.go"},
		{"rule filter ResponseHeaderModifier", Supported, "served", kgatewayRepo + " builtin.go"},
		{"rule filter RequestMirror", Supported, "served; a target without a grant from HTTPRoute is dropped", kgatewayRepo + " policy.go"},
		{"rule filter ExtensionRef", Ignored, "lost when the route is converted", "kgateway-dev/kgateway issue 11914"},
		{"backend filters", Ignored, "not passed on by the conversion", kgatewayRepo + " grpc_route.go"},
		{"sessionPersistence", Unknown, "only with experimental Gateway API features enabled", kgatewayRepo + " builtin.go"},
		{"match by method only", Supported, "a path regex /.+/METHOD", kgatewayRepo + " grpc_route.go"},
		{"match by regular expression", Supported, "RE2 over the whole path, the names are pasted in without groups", kgatewayRepo + " grpc_route.go"},
		{"invalid regular expression", Unknown, "drops the rule in strict validation, otherwise Envoy refuses the whole configuration", kgatewayRepo + " irtranslator/validate.go"},
		{"precedence", Supported, "per match: path type, length of literals, HTTP method, headers, query", kgatewayRepo + " routeutils/sortable_route.go"},
		{"hostname fall-through", Ignored, "the best virtual host alone answers", kgatewayRepo + " gateway_listener_translator.go"},
		{"cross-kind hostnames", Supported, "both routes are accepted and their rules merged", "kubernetes-sigs/gateway-api pull 4598"},
		{"listener isolation", Ignored, "HTTP listeners of a port share one route table", "gateway-api conformance/reports/v1.4.0/kgateway/v2.1.0-report.yaml"},
		{"listeners in conflict", Supported, "the first keeps working, the others are refused", kgatewayRepo + " pkg/kgateway/translator/listener/validation.go"},
		{"backend protocol", Supported, "HTTP/2 only by appProtocol or the port's name", kgatewayRepo + " pkg/pluginsdk/ir/backend.go"},
		{"BackendTLSPolicy system CA", Supported, "served", kgatewayRepo},
		{"weight 0", Ignored, "a lone backendRef takes every call, whatever its weight", kgatewayRepo + " irtranslator/route.go"},
		{"timeout", Supported, "Envoy's 15 s for a whole call applies, streams included", "kgateway-dev/kgateway issues 13161, 12285"},
	},
	Constraints: []Constraint{
		{"https-listener-only", "a GRPCRoute attaches to HTTPS listeners only", kgatewayGuide, false, kgatewayRepo + " testdata basic-proxy.yaml attaches to HTTP"},
		{"rules-in-order", "rules are evaluated in order and the first that matches is used", kgatewayGuide, false, kgatewayRepo + " routeutils/sortable_route.go sorts by specificity"},
		{"unique-host-across-kinds", "a hostname is unique per listener across HTTPRoute and GRPCRoute", kgatewayGuide, false, kgatewayRepo + " merges both kinds"},
		{"grant-to-attach", "a route attaches to a Gateway in another namespace only with a ReferenceGrant", kgatewayGuide, false, gatewayAPI + " apis/v1/shared_types.go: allowedRoutes.namespaces decides"},
		{"grant-for-backend", "a backendRef to another namespace needs a ReferenceGrant there", kgatewayGuide, true, kgatewayRepo + " query/query.go"},
		{"parent-refs-and-rules-required", "parentRefs and rules are required", kgatewayGuide, false, grpcTypes + ": both are optional"},
		{"sni-matches-route-host", "a route's hostnames are also matched with the SNI", kgatewayGuide, false, kgatewayRepo + " gateway_listener_translator.go: the SNI chooses the listener only"},
	},
}

var kgatewayBackend = GroupKind{"gateway.kgateway.dev", "Backend"}

// kgatewayForm is pkg/krtcollections/grpc_route.go and irtranslator/route.go:
// presence is by pointer, and patterns are pasted into the path.
func kgatewayForm(m *MethodMatch) PathForm {
	switch {
	case m == nil || m.Service == nil && m.Method == nil:
		return PathForm{Type: PrefixType, Value: "/", Length: envoyPathLength(PrefixType, "/")}
	case m.Regex:
		service, method := ".+", ".+"
		if m.Service != nil {
			service = *m.Service
		}
		if m.Method != nil {
			method = *m.Method
		}
		value := "/" + service + "/" + method
		return PathForm{Kind: RegexPath, Pattern: value, Type: RegexType, Value: value}
	case m.Service == nil:
		return PathForm{Kind: MethodPath, Method: *m.Method, Type: RegexType, Value: "/.+/" + *m.Method}
	}
	return pastedLiteral(m)
}

// pastedLiteral is an Exact match with a service. An empty name next to another
// builds a path that no call has.
func pastedLiteral(m *MethodMatch) PathForm {
	value, form := "/"+*m.Service, PathForm{Kind: ServicePath, Service: *m.Service, Type: PrefixType}
	if m.Method != nil {
		value += "/" + *m.Method
		form = PathForm{Kind: ExactPath, Service: *m.Service, Method: *m.Method, Type: ExactType}
	}
	if *m.Service == "" || m.Method != nil && *m.Method == "" {
		form = PathForm{Kind: NoPath, Type: form.Type}
	}
	form.Value, form.Length = value, len(value)
	return form
}

// envoyPathLength is routeutils/sortable_route.go: a prefix without its trailing
// slash, and no length for a regular expression.
func envoyPathLength(t PathType, value string) int {
	switch t {
	case RegexType:
		return 0
	case PrefixType:
		return len(strings.TrimSuffix(value, "/"))
	}
	return len(value)
}

var envoyType = pathType
