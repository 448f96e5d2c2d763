package profile

import "regexp"

const (
	tunnelRepo = "lexfrei/cloudflare-tunnel-gateway-controller 97349fc6"
	tunnelDoc  = "cloudflare-tunnel-gateway-controller docs/gateway-api/grpcroute.md"
)

// CloudflareTunnel is the Cloudflare Tunnel gateway controller with its
// in-process proxy.
var CloudflareTunnel = &Profile{
	Name:        "cloudflare-tunnel",
	Title:       "Cloudflare Tunnel Gateway Controller",
	Controllers: []string{"cf.k8s.lex.la/tunnel-controller"},
	Classes:     []string{"cloudflare-tunnel"},
	Hosts: Hosts{
		Isolation:     Global,
		IsolationTLS:  Global,
		NoMisdirected: true,
		CatchAllAlone: true, // internal/controller/route_effective_hostnames.go
		CrossKind:     RejectNewerEverywhere,
	},
	Matching: Matching{
		Form:                  tunnelForm,
		HTTPRegexPartial:      true,
		HeaderRegexPartial:    true,
		HeadersAllAnded:       true,
		RepeatedAny:           true,
		DropEmptyMatches:      true,
		InvalidRegexBlocksAll: true,
		AlwaysValid:           true,
		RE2:                   true,
	},
	Precedence: Precedence{
		PerRule:           true,
		HTTPFirst:         true,
		NamespaceThenName: true,
		Criteria:          []Criterion{PreciseHost, HostLength, tunnelType, tunnelLength, tunnelConditions},
	},
	Filters: Filters{Rule: headerModifiers, Backend: headerModifiers},
	Backends: Backends{
		Kinds:               []GroupKind{serviceImport, {"cf.k8s.lex.la", "ExternalBackend"}},
		CoreGroupAlias:      true,
		PortUnchecked:       true,
		ZeroWeightUnchecked: true,
		ExternalName:        Supported,
		Protocol:            tunnelProtocol,
		SystemCA:            Rejected,
		CAKinds:             []GroupKind{},
		TLS:                 Supported,
	},
	Answers: Answers{
		NoListener:        Answer{200, 12, tunnelRepo + " internal/proxy/handler.go"},
		NoMatch:           Answer{200, 12, tunnelRepo + " internal/proxy/handler.go"},
		NoBackend:         Answer{500, 2, tunnelRepo + " internal/proxy/handler.go"},
		InvalidBackend:    Answer{500, 2, tunnelRepo + " internal/proxy/handler.go"},
		ZeroWeights:       Answer{500, 2, tunnelRepo + " internal/proxy/handler.go"},
		NoEndpoints:       Answer{503, 14, tunnelRepo + " internal/proxy/handler.go"},
		UnsupportedFilter: Answer{500, 2, tunnelRepo + " internal/proxy/grpc_converter.go"},
		Protocol:          Answer{502, 14, tunnelRepo + " internal/proxy/grpc_converter.go"},
		BackendTLS:        Answer{502, 14, tunnelRepo + " internal/controller/proxy_syncer.go"},
		Unreachable:       Answer{502, 14, tunnelRepo + " internal/proxy/handler.go"},
		Plain:             true,
	},
	Status: Status{
		SectionAlwaysNoMatchingParent: true,
		LastRejection:                 true,
		ConflictedTakeNone:            true,
		Stages:                        []Stage{SectionStage, HostnameStage, NamespaceStage, KindStage},
		AcceptedMessage:               "Route accepted and programmed in Cloudflare Tunnel",
		ResolvedMessage:               "All references resolved",
		CrossKindReason:               "Conflicted",
	},
	Transport: Transport{Tunnel: true, TunnelFails: []string{"quic"}, AnyProtocolBinds: true, NoTLS: true,
		ListenerProtocols: []string{"HTTP", "HTTPS"}, ServesInvalid: true, Mesh: Rejected},
	Claims: []Claim{
		{"rule filter RequestHeaderModifier", Supported, "served", tunnelDoc},
		{"rule filter ResponseHeaderModifier", Supported, "served", tunnelDoc},
		{"rule filter RequestMirror", Rejected, "matching calls are answered 500", tunnelDoc},
		{"rule filter ExtensionRef", Rejected, "matching calls are answered 500", tunnelDoc},
		{"backend filters", Supported, "header modifiers are served, with others that backend's share is answered 500", tunnelDoc},
		{"sessionPersistence", Ignored, "ignored without a diagnostic", tunnelRepo + " docs/gateway-api/_spec-audit/shouldmay-GRSH.md SH-77"},
		{"match by method only", Supported, "a path regex over any service", tunnelRepo + " internal/proxy/grpc_converter.go"},
		{"match by regular expression", Supported, "RE2, each name in a group, anchored to the path", tunnelRepo + " internal/proxy/grpc_converter.go"},
		{"header regular expression", Supported, "found anywhere in any one value", tunnelRepo + " internal/proxy/matcher.go"},
		{"empty match beside others", Ignored, "dropped, which narrows the rule", tunnelRepo + " internal/proxy/grpc_converter.go"},
		{"precedence", Supported, "a rule ranks by the maxima over its matches: path type, path length, headers", tunnelRepo + " internal/proxy/router.go"},
		{"invalid regular expression", Rejected, "one in any route stops every update", tunnelRepo + " internal/proxy/matcher.go"},
		{"cross-kind hostnames", Rejected, "the younger route is refused on every parent, by its own hostnames", tunnelRepo + " internal/controller/route_status.go"},
		{"listener isolation", Ignored, "port and protocol of a listener never limit serving", tunnelRepo + " internal/controller/route_effective_hostnames.go"},
		{"BackendTLSPolicy", Supported, "upgrades the hop to TLS", tunnelDoc},
		{"BackendTLSPolicy system CA", Rejected, "poisons the connection, which answers 502", tunnelRepo + " internal/controller/backendtlspolicy_controller.go"},
		{"backend port existence", Ignored, "a port the Service lacks is only found by dialling", tunnelRepo + " internal/ingress/service_resolver.go"},
	},
	Constraints: []Constraint{
		{"http2-tunnel-transport", "gRPC needs the http2 tunnel transport; quic loses the trailers", tunnelDoc, true, tunnelRepo + " internal/controller/grpcroute_controller.go"},
		{"zone-grpc-switch", "gRPC must be enabled on the Cloudflare zone (dashboard, Network, gRPC)", tunnelDoc, false, "no API tells; the edge answers 403"},
		{"header-modifiers-only", "RequestMirror and ExtensionRef are not served and fail closed", tunnelDoc, true, tunnelRepo + " internal/proxy/grpc_converter.go"},
		{"unique-host-across-kinds", "an HTTPRoute and a GRPCRoute do not share a hostname", "cloudflare-tunnel-gateway-controller docs/gateway-api/limitations.md", true, tunnelRepo + " internal/controller/route_status.go"},
		{"grant-for-backend", "a backendRef to another namespace needs a ReferenceGrant there", tunnelDoc, true, tunnelRepo + " internal/controller/proxy_syncer.go"},
		{"host-selects-bucket", "the most specific host alone answers a call", "cloudflare-tunnel-gateway-controller docs/gateway-api/limitations.md", false, tunnelRepo + " internal/proxy/router.go falls through to less specific hosts"},
		{"tls-needs-policy", "TLS to a backend, port 443 included, needs a BackendTLSPolicy", tunnelDoc, true, tunnelRepo + " internal/proxy/grpc_converter.go"},
	},
}

// tunnelForm is internal/proxy/grpc_converter.go: RE2 over the whole path, each
// name in a group.
func tunnelForm(m *MethodMatch) PathForm {
	service, method := m.names()
	switch {
	case service == "" && method == "":
		return PathForm{}
	case m.Regex:
		return tunnelRegex("^/" + group1(service) + "/" + group1(method) + "$")
	case service == "":
		form := tunnelRegex("^/[^/]+/" + regexp.QuoteMeta(method) + "$")
		form.Kind, form.Method, form.Pattern = MethodPath, method, ""
		return form
	case method == "":
		value := "/" + service + "/"
		return PathForm{Kind: ServicePath, Service: service, Type: PrefixType, Value: value, Length: len(value)}
	}
	value := "/" + service + "/" + method
	return PathForm{Kind: ExactPath, Service: service, Method: method, Type: ExactType, Value: value, Length: len(value)}
}

func group1(pattern string) string {
	if pattern == "" {
		return "(?:[^/]+)"
	}
	return "(?:" + pattern + ")"
}

func tunnelRegex(pattern string) PathForm {
	// The pattern brings its own anchors: with a flag such as (?m) they mean less
	// than a full match, so it is searched for as written.
	return PathForm{Kind: RegexPath, Pattern: pattern, Partial: true, Type: RegexType, Value: pattern, Length: len(pattern)}
}

// The score of internal/proxy/router.go, in the parts that cannot overflow into
// one another. Each takes its maximum over the rule's matches.
var (
	tunnelType   = Criterion{"path type (exact, regex, prefix)", bestType}
	tunnelLength = Criterion{"path length", func(over []Unit) int {
		best, most := bestType(over), 0
		for i := range over {
			if int(over[i].Path.Type) == best {
				most = max(most, over[i].Path.Length)
			}
		}
		return most
	}}
	tunnelConditions = Criterion{"conditions (HTTP method 100, header 10, query 1)", func(over []Unit) int {
		method, headers, query := 0, 0, 0
		for i := range over {
			if over[i].HTTPMethod {
				method = 100
			}
			headers = max(headers, over[i].Headers)
			query = max(query, over[i].QueryParams)
		}
		return method + 10*headers + query
	}}
)

func bestType(over []Unit) int {
	best := UntypedPath
	for i := range over {
		best = max(best, over[i].Path.Type)
	}
	return int(best)
}
