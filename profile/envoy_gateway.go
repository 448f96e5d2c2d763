package profile

const egRepo = "envoyproxy/gateway d32f282942"

// EnvoyGateway is Envoy Gateway after 1.9.
var EnvoyGateway = &Profile{
	Name:        "envoy-gateway",
	Title:       "Envoy Gateway 1.9",
	Controllers: []string{"gateway.envoyproxy.io/gatewayclass-controller"},
	Classes:     []string{"eg", "envoy-gateway"},
	Hosts: Hosts{
		NoFallthrough: true,
		DropClaimed:   true,
		Isolation:     PerPort,
		NoMisdirected: true,
		CrossKind:     Merge,
	},
	Matching: Matching{
		Form:            envoyGatewayForm,
		HTTPLength:      envoyGatewayLength,
		HeadersAllAnded: true,
		RE2:             true,
	},
	Precedence: Precedence{
		HTTPFirst: true,
		Criteria: []Criterion{PreciseHost, HostLength, envoyType, pathLength,
			{"header conditions", func(u []Unit) int { return u[0].Headers + u[0].Path.Headers + httpMethod.Of(u) }},
			{"exact header conditions", func(u []Unit) int { return u[0].ExactHeaders + httpMethod.Of(u) }},
			queryParams,
		},
	},
	Filters: Filters{
		Rule:           FilterVerdicts{Supported, Supported, Supported, Supported},
		Backend:        headerModifiers,
		ExtensionKinds: []GroupKind{{"gateway.envoyproxy.io", "HTTPRouteFilter"}},
		BackendReason:  "UnsupportedRefValue",
	},
	Backends: Backends{
		Kinds:        []GroupKind{serviceImport, {"gateway.envoyproxy.io", "Backend"}},
		ExternalName: Rejected,
		PortReason:   "PortNotFound",
		Protocol:     envoyGatewayProtocol,
		SystemCA:     Supported,
		CAKinds:      []GroupKind{{"", "Secret"}, {"certificates.k8s.io", "ClusterTrustBundle"}},
		TLS:          Supported,
	},
	Answers: Answers{
		NoListener:        Answer{404, 12, egRepo + ": Envoy finds no virtual host"},
		NoMatch:           Answer{404, 12, egRepo + ": Envoy finds no route"},
		NoBackend:         Answer{500, 2, egRepo + " internal/gatewayapi/route.go"},
		InvalidBackend:    Answer{500, 2, egRepo + " internal/gatewayapi/route.go"},
		ZeroWeights:       Answer{500, 2, egRepo + " internal/gatewayapi/route.go"},
		NoEndpoints:       Answer{503, 14, egRepo + " internal/gatewayapi/route.go"},
		UnsupportedFilter: Answer{500, 2, egRepo + " internal/gatewayapi/route.go"},
		Protocol:          Answer{503, 14, "inferred: an HTTP/2 server refuses HTTP/1.1"},
		BackendTLS:        Answer{500, 2, egRepo + " internal/gatewayapi/route.go, InvalidBackendTLS"},
	},
	Status: Status{
		AcceptedMessage: "Route is accepted",
		ResolvedMessage: "Resolved all the Object references for the Route",
	},
	Transport: Transport{
		ListenerProtocols: []string{"HTTP", "HTTPS", "TLS", "TCP", "UDP"},
		Mesh:              Rejected,
	},
	Claims: []Claim{
		{"rule filter RequestHeaderModifier", Supported, "served", egRepo + " internal/gatewayapi/filters.go"},
		{"rule filter ResponseHeaderModifier", Supported, "served", egRepo + " internal/gatewayapi/filters.go"},
		{"rule filter RequestMirror", Supported, "served", egRepo + " internal/gatewayapi/filters.go"},
		{"rule filter ExtensionRef", Supported, "HTTPRouteFilter of gateway.envoyproxy.io only, others answer 500", egRepo + " internal/gatewayapi/helpers.go"},
		{"backend filters", Supported, "header modifiers are served, others make the reference invalid", egRepo + " internal/gatewayapi/validate.go"},
		{"match by method only", Supported, "a suffix condition on the :path header, which counts as a header and has no path length", egRepo + " internal/gatewayapi/route.go"},
		{"match by regular expression", Supported, "RE2 over the whole path, the names are pasted in without groups", egRepo + " internal/gatewayapi/route.go"},
		{"precedence", Supported, "per match: path type, path length, headers, exact headers, query", egRepo + " internal/gatewayapi/sort.go"},
		{"invalid regular expression", Rejected, "drops the rule", egRepo + " internal/gatewayapi/route.go"},
		{"hostname fall-through", Ignored, "the best virtual host alone answers", egRepo + " internal/xds/translator"},
		{"cross-kind hostnames", Supported, "both routes are accepted and their rules merged, equal conditions set RouteRulesOverlap", egRepo + " internal/gatewayapi/route.go"},
		{"listener isolation", Supported, "a hostname that another listener of the port has is dropped", egRepo + " internal/gatewayapi/helpers.go"},
		{"HTTPS listeners with overlapping certificates", Rejected, "are offered HTTP/1.1 only, which carries no gRPC, unless a ClientTrafficPolicy sets ALPN", egRepo + " internal/gatewayapi/listener.go, internal/xds/translator/listener.go"},
		{"backend ExternalName Service", Rejected, "reason UnsupportedValue", egRepo + " internal/gatewayapi/validate.go"},
		{"backend protocol", Supported, "HTTP/2 follows from the route kind", egRepo + " internal/gatewayapi/route.go"},
	},
}

// envoyGatewayForm is internal/gatewayapi/route.go, processGRPCRouteMethodExact and
// processGRPCRouteMethodRegularExpression: presence is by pointer.
func envoyGatewayForm(m *MethodMatch) PathForm {
	switch {
	case m == nil || m.Service == nil && m.Method == nil:
		return PathForm{}
	case m.Regex:
		service, method := envoyGatewayService, envoyGatewayMethod
		if m.Service != nil {
			service = *m.Service
		}
		if m.Method != nil {
			method = *m.Method
		}
		value := "/" + service + "/" + method
		return PathForm{Kind: RegexPath, Pattern: value, Type: RegexType, Value: value, Length: len(value)}
	case m.Service == nil && *m.Method == "":
		// The suffix "/" is that of no call.
		return PathForm{Kind: NoPath, Headers: 1}
	case m.Service == nil:
		return PathForm{Kind: MethodPath, Method: *m.Method, Headers: 1}
	}
	return pastedLiteral(m)
}

// What stands for the name that a regular expression match leaves out. The first
// sets (?i) for everything that follows it, the method included.
const (
	envoyGatewayService = `(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*`
	envoyGatewayMethod  = `[A-Za-z_][A-Za-z_0-9]*`
)

// envoyGatewayLength is internal/gatewayapi/sort.go, pathMatchCount.
func envoyGatewayLength(t PathType, value string) int {
	if t == PrefixType && value == "/" {
		return 0
	}
	return len(value)
}
