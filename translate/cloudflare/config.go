// Package cloudflare reads the configuration that the Cloudflare Tunnel gateway
// controller pushes to its in-process proxy, and makes the routing table of it
// that this proxy would use. The format is that of the controller's
// internal/proxy/config.go (lexfrei/cloudflare-tunnel-gateway-controller 97349fc6).
package cloudflare

// Config is what the controller PUTs to /config of its proxy.
type Config struct {
	// Version rises with every push; 0 is no version.
	Version int64 `json:"version"`
	// Rules are in the order in which the proxy breaks ties.
	Rules []Rule `json:"rules"`
	// HasGRPCRoute: some rule comes from a GRPCRoute, so that the tunnel needs
	// HTTP/2.
	HasGRPCRoute bool `json:"hasGrpcRoute,omitempty"`
}

// Rule is one rule: its matches are alternatives.
type Rule struct {
	Hostnames []string  `json:"hostnames,omitempty"` // none: any host
	Matches   []Match   `json:"matches,omitempty"`   // none: every request
	Filters   []Filter  `json:"filters,omitempty"`
	Backends  []Backend `json:"backends"` // none: 500
	Timeouts  *Timeouts `json:"timeouts,omitempty"`
	// UnavailableStatus is the HTTP status that every matching request gets; 0 for
	// none.
	UnavailableStatus int `json:"unavailableStatus,omitempty"`
}

// Timeouts are durations as Go writes them.
type Timeouts struct {
	Request string `json:"request,omitempty"`
	Backend string `json:"backend,omitempty"`
}

// Match is what a request must have; all of it must hold.
type Match struct {
	Path        *PathMatch   `json:"path,omitempty"`
	Headers     []ValueMatch `json:"headers,omitempty"`
	QueryParams []ValueMatch `json:"queryParams,omitempty"`
	Method      string       `json:"method,omitempty"` // the HTTP method, "" for any
}

// PathMatch is a condition on the decoded path.
type PathMatch struct {
	Type  string `json:"type"` // Exact, PathPrefix or RegularExpression
	Value string `json:"value"`
}

// ValueMatch is a condition on one header or query parameter.
type ValueMatch struct {
	Type  string `json:"type"` // Exact or RegularExpression
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Backend takes Weight of the sum of all weights of its rule.
type Backend struct {
	URL       string   `json:"url"`
	Weight    int32    `json:"weight"`
	Protocol  string   `json:"protocol,omitempty"` // "" or "h2c"
	TLS       *TLS     `json:"tls,omitempty"`      // instead of Protocol
	Filters   []Filter `json:"filters,omitempty"`
	WebSocket bool     `json:"websocket,omitempty"`
	// UnavailableStatus is the HTTP status of its share, which is never dialled.
	UnavailableStatus int `json:"unavailableStatus,omitempty"`
}

// TLS is how a backend is dialled with TLS.
type TLS struct {
	CABundle      string   `json:"caBundle,omitempty"` // PEM
	ServerName    string   `json:"serverName,omitempty"`
	SANs          []string `json:"subjectAltNames,omitempty"`
	SANURIs       []string `json:"subjectAltNameUris,omitempty"`
	ClientCertPEM []byte   `json:"clientCertPem,omitempty"`
	ClientKeyPEM  []byte   `json:"clientKeyPem,omitempty"`
}

// Filter is one filter; the payload is that of its type.
type Filter struct {
	Type                   string          `json:"type"`
	RequestHeaderModifier  *HeaderModifier `json:"requestHeaderModifier,omitempty"`
	ResponseHeaderModifier *HeaderModifier `json:"responseHeaderModifier,omitempty"`
	RequestRedirect        *Redirect       `json:"requestRedirect,omitempty"`
	URLRewrite             *URLRewrite     `json:"urlRewrite,omitempty"`
	RequestMirror          *Mirror         `json:"requestMirror,omitempty"`
	CORS                   *CORS           `json:"cors,omitempty"`
}

// HeaderModifier is carried out in the order of its fields.
type HeaderModifier struct {
	Set    []Header `json:"set,omitempty"`
	Add    []Header `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Header is a header field.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Redirect answers with another place to go to.
type Redirect struct {
	Scheme     string       `json:"scheme,omitempty"`
	Hostname   string       `json:"hostname,omitempty"`
	Port       int32        `json:"port,omitempty"`
	Path       *PathRewrite `json:"path,omitempty"`
	StatusCode int          `json:"statusCode,omitempty"`
}

// URLRewrite changes host and path of a request.
type URLRewrite struct {
	Hostname string       `json:"hostname,omitempty"`
	Path     *PathRewrite `json:"path,omitempty"`
}

// PathRewrite changes a path.
type PathRewrite struct {
	Type               string `json:"type"`
	Value              string `json:"value,omitempty"`
	ReplaceFullPath    string `json:"replaceFullPath,omitempty"`
	ReplacePrefixMatch string `json:"replacePrefixMatch,omitempty"`
}

// Mirror copies requests to another backend.
type Mirror struct {
	BackendURL string `json:"backendUrl"`
	Percent    *int32 `json:"percent,omitempty"` // 0 to 100; nil: 100
	TLS        *TLS   `json:"tls,omitempty"`
	Protocol   string `json:"protocol,omitempty"`
}

// CORS answers browsers; gRPC clients send none of its requests.
type CORS struct{}
