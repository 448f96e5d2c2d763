// Package pingora writes the message with which the Pingora gateway controller
// tells its proxy all routes, routing.v1.UpdateRoutesRequest, and makes the routing
// table of it that the proxy is meant to use. Names, numbers and types are those of
// the controller's api/proto/routing/v1/routing.proto
// (lexfrei/pingora-gateway-controller 3f0ec74); what it puts into them is its
// internal/ingress/pingora_builder.go.
package pingora

// UpdateRoutes is the message as protojson has it: encoding/json writes each of
// these types as protojson would.
type UpdateRoutes struct {
	HTTPRoutes []HTTPRoute `json:"httpRoutes,omitempty"`
	GRPCRoutes []GRPCRoute `json:"grpcRoutes,omitempty"`
	Version    uint64      `json:"version,omitempty,string"` // stored, never compared
}

// GRPCRoute is one GRPCRoute.
type GRPCRoute struct {
	ID        string     `json:"id,omitempty"`        // NS/NAME
	Hostnames []string   `json:"hostnames,omitempty"` // none: any host
	Rules     []GRPCRule `json:"rules,omitempty"`
}

// GRPCRule is one rule: its matches are alternatives.
type GRPCRule struct {
	Matches  []GRPCMatch `json:"matches,omitempty"` // none: every call
	Backends []Backend   `json:"backends,omitempty"`
}

// GRPCMatch is what a call must have; all of it must hold.
type GRPCMatch struct {
	Method  *MethodMatch  `json:"method,omitempty"`
	Headers []HeaderMatch `json:"headers,omitempty"`
}

// MethodMatch is a condition on service and method; "" takes any.
type MethodMatch struct {
	Type    string `json:"type,omitempty"` // GRPC_METHOD_MATCH_TYPE_...
	Service string `json:"service,omitempty"`
	Method  string `json:"method,omitempty"`
}

// HeaderMatch is a condition on one header.
type HeaderMatch struct {
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
	Type  string `json:"type,omitempty"` // HEADER_MATCH_TYPE_...
}

// HTTPRoute is one HTTPRoute.
type HTTPRoute struct {
	ID        string     `json:"id,omitempty"`
	Hostnames []string   `json:"hostnames,omitempty"`
	Rules     []HTTPRule `json:"rules,omitempty"`
}

// HTTPRule is one rule of an HTTPRoute.
type HTTPRule struct {
	Matches   []HTTPMatch `json:"matches,omitempty"`
	Backends  []Backend   `json:"backends,omitempty"`
	TimeoutMS uint64      `json:"timeoutMs,omitempty,string"`
	Retry     *Retry      `json:"retry,omitempty"` // the controller sends none
}

// HTTPMatch is what a request must have.
type HTTPMatch struct {
	Path        *PathMatch    `json:"path,omitempty"`
	Headers     []HeaderMatch `json:"headers,omitempty"`
	QueryParams []QueryMatch  `json:"queryParams,omitempty"`
	Method      string        `json:"method,omitempty"` // the HTTP method, "" for any
}

// PathMatch is a condition on the path.
type PathMatch struct {
	Type  string `json:"type,omitempty"` // PATH_MATCH_TYPE_...
	Value string `json:"value,omitempty"`
}

// QueryMatch is a condition on one query parameter.
type QueryMatch struct {
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
	Type  string `json:"type,omitempty"` // QUERY_PARAM_MATCH_TYPE_...
}

// Backend takes Weight of the sum of all weights of its rule.
type Backend struct {
	Address  string `json:"address,omitempty"`  // HOST:PORT
	Weight   uint32 `json:"weight,omitempty"`   // the proxy reads 0 as 1
	Protocol string `json:"protocol,omitempty"` // BACKEND_PROTOCOL_...
}

// Retry says when a request is made again.
type Retry struct {
	Attempts    uint32   `json:"attempts,omitempty"`
	BackoffMS   uint64   `json:"backoffMs,omitempty,string"`
	StatusCodes []uint32 `json:"retryOnStatusCodes,omitempty"`
}

// The values of the enumerations that are written.
const (
	methodExact  = "GRPC_METHOD_MATCH_TYPE_EXACT"
	methodRegex  = "GRPC_METHOD_MATCH_TYPE_REGEX"
	headerExact  = "HEADER_MATCH_TYPE_EXACT"
	headerRegex  = "HEADER_MATCH_TYPE_REGEX"
	queryExact   = "QUERY_PARAM_MATCH_TYPE_EXACT"
	queryRegex   = "QUERY_PARAM_MATCH_TYPE_REGEX"
	pathExact    = "PATH_MATCH_TYPE_EXACT"
	pathPrefix   = "PATH_MATCH_TYPE_PREFIX"
	pathRegex    = "PATH_MATCH_TYPE_REGEX"
	protocolHTTP = "BACKEND_PROTOCOL_HTTP"
	protocolH2C  = "BACKEND_PROTOCOL_H2C"
)
