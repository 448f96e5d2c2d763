package profile

import (
	"fmt"
	"strings"
)

// The ways to dial a backend.
const (
	H2C   = "h2c"   // HTTP/2 without TLS, by prior knowledge
	H2    = "h2"    // HTTP/2 in TLS
	HTTP1 = "http1" // HTTP/1.1, which carries no gRPC
)

// unsupported is the Gateway API reason for an appProtocol the route cannot use.
const unsupported = "UnsupportedProtocol"

// SpecProtocol reads appProtocol as GEP-1911 does: a GRPCRoute means HTTP/2, in
// TLS when a BackendTLSPolicy covers the port, and an appProtocol that says
// otherwise is not supported. What the GEP leaves to implementations is unsure.
func SpecProtocol(f PortFacts) Protocol {
	app := ""
	if f.AppProtocol != nil {
		app = *f.AppProtocol
	}
	plain := f.plain()
	switch app {
	case "kubernetes.io/h2c":
		return f.encrypt(Protocol{Name: H2C})
	case "":
		return plain
	case "kubernetes.io/ws", "kubernetes.io/wss":
		return Protocol{Name: HTTP1, Reason: unsupported, Fails: true,
			Message: fmt.Sprintf("appProtocol %q is WebSocket, which carries no gRPC", app)}
	case "http":
		return Protocol{Name: HTTP1, Reason: unsupported, Fails: true, Unsure: true,
			Message: `appProtocol "http" means HTTP/1.1, which carries no gRPC`}
	case "https", "HTTPS", "tls":
		if f.TLS {
			return plain
		}
		return Protocol{Name: plain.Name, Reason: unsupported, Fails: true, Unsure: true, NeedsPolicy: true,
			Message: fmt.Sprintf("appProtocol %q needs a BackendTLSPolicy for the Service", app)}
	case "grpc", "h2c", "http2", "HTTP2":
		plain.Message = fmt.Sprintf("appProtocol %q is not a standard value and many implementations ignore it", app)
		return plain
	}
	plain.Unsure = true
	plain.Message = fmt.Sprintf("appProtocol %q is implementation-specific", app)
	return plain
}

// plain is what a port without an appProtocol is dialled with.
func (f PortFacts) plain() Protocol {
	if f.HTTPRoute {
		return f.encrypt(Protocol{Name: HTTP1, Fails: true, Unsure: true,
			Message: "an HTTPRoute speaks HTTP/1.1 to its backends unless appProtocol says otherwise"})
	}
	return f.encrypt(Protocol{Name: H2C})
}

// encrypt turns cleartext HTTP/2 into TLS where a policy covers the port. With
// TLS, ALPN settles the version.
func (f PortFacts) encrypt(p Protocol) Protocol {
	if f.TLS {
		return Protocol{Name: H2, Message: p.Message}
	}
	return p
}

// tunnelProtocol is that of cloudflare-tunnel-gateway-controller
// internal/proxy/grpc_converter.go: h2c always, unless a policy gives TLS or the
// appProtocol asks for TLS that nothing provides.
func tunnelProtocol(f PortFacts) Protocol {
	app := ""
	if f.AppProtocol != nil {
		app = *f.AppProtocol
	}
	switch {
	case f.TLS:
		return Protocol{Name: H2}
	case app == "https" || app == "HTTPS" || app == "kubernetes.io/wss":
		return Protocol{Name: H2C, Reason: unsupported, Fails: true, NeedsPolicy: true,
			Message: fmt.Sprintf("appProtocol %q asks for TLS and no BackendTLSPolicy covers the Service, so calls are answered 502", app)}
	case f.HTTPRoute && app != "kubernetes.io/h2c":
		return Protocol{Name: HTTP1, Fails: true, Unsure: true,
			Message: "an HTTPRoute speaks HTTP/1.1 to its backends unless appProtocol says otherwise"}
	}
	return Protocol{Name: H2C}
}

// kgatewayProtocol is that of kgateway pkg/pluginsdk/ir/backend.go and
// plugins/kubernetes/k8s.go: the appProtocol, or without one the port's name.
func kgatewayProtocol(f PortFacts) Protocol {
	said, what := f.Name, "port name"
	if f.AppProtocol != nil {
		said, what = *f.AppProtocol, "appProtocol"
	}
	switch strings.ToLower(said) {
	case "http2", "grpc", "grpc-web", "kubernetes.io/h2c":
		return f.encrypt(Protocol{Name: H2C})
	}
	message := fmt.Sprintf("%s %q does not select HTTP/2, so the backend is dialled with HTTP/1.1, which carries no gRPC", what, said)
	if said == "" {
		message = "without an appProtocol, or a port named grpc, the backend is dialled with HTTP/1.1, which carries no gRPC"
	}
	return Protocol{Name: HTTP1, Fails: true, Message: message}
}

// envoyGatewayProtocol is that of envoyproxy/gateway internal/gatewayapi/route.go,
// inspectAppProtocolByRouteKind, resolveBackendProtocol and shouldForceHTTP1Upstream.
func envoyGatewayProtocol(f PortFacts) Protocol {
	app := ""
	if f.AppProtocol != nil {
		app = *f.AppProtocol
	}
	switch app {
	case "kubernetes.io/ws", "kubernetes.io/wss", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss":
		return Protocol{Name: HTTP1, Fails: true,
			Message: fmt.Sprintf("appProtocol %q forces HTTP/1.1, which carries no gRPC", app)}
	case "kubernetes.io/h2c", "gateway.envoyproxy.io/h2c", "grpc":
		return f.encrypt(Protocol{Name: H2C})
	}
	return f.plain()
}

// http1Protocol is a data plane that dials every backend with HTTP/1.1.
func http1Protocol(PortFacts) Protocol {
	return Protocol{Name: HTTP1, Fails: true, Message: "backends are dialled with HTTP/1.1, which carries no gRPC"}
}
