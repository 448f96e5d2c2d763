package cloudflare

import (
	"cmp"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Loaded is a configuration ready to be asked.
type Loaded struct {
	Table *routing.Table
	// Dials says of each backend of the table, mirrors' targets included, where it
	// is.
	Dials map[*topology.Backend]Dial
}

// Dial is how a backend is reached.
type Dial struct {
	Address string // HOST:PORT
	Secure  bool   // with TLS, by TLS when that is set
	H2C     bool   // HTTP/2 without TLS; else HTTP/1.1, which no gRPC server speaks
	TLS     *TLS
}

// Load makes the table that the proxy would use of a configuration that [Read]
// has checked. Rules are named by their place in it: "Config cloudflare/NAME rule 3".
//
// The proxy reads its rules as the controller's converter wrote them: as matches
// of HTTP requests. So they become rules of an HTTPRoute on one Gateway that takes
// everything, under the profile of the controller.
//
// gateway, "NS/NAME", is what clients are said to connect to.
func Load(c *Config, name, gateway string) *Loaded {
	p := *profile.CloudflareTunnel
	p.Matching.HTTPPathOptional = true
	p.Matching.DropEmptyMatches = false // the converter has dropped them
	x := &loader{dials: map[*topology.Backend]Dial{}, object: &gatewayv1.HTTPRoute{}}
	// All rules are of one age: their order decides.
	x.object.Name, x.object.Namespace, x.object.CreationTimestamp = name, "cloudflare", metav1.Unix(1, 0)
	g := &topology.Gateway{Profile: &p}
	g.Namespace, g.Name, _ = strings.Cut(gateway, "/")
	listener := &topology.Listener{Gateway: g, Index: -1, Name: "proxy"}
	g.Listeners = []*topology.Listener{listener}
	t := &topology.Topology{Set: &manifest.Set{}, Options: topology.Options{Profile: &p}, Profile: &p, Gateways: []*topology.Gateway{g}}
	for i := range c.Rules {
		r := x.rule(i, &c.Rules[i])
		parent := &topology.Parent{Route: r, Gateway: g}
		at := &topology.Attachment{Parent: parent, Listener: listener, Hosts: hosts(r.Hostnames)}
		parent.Attachments, r.Parents = []*topology.Attachment{at}, []*topology.Parent{parent}
		listener.Attached = append(listener.Attached, at)
		t.Routes = append(t.Routes, r)
	}
	return &Loaded{Table: routing.Compile(t), Dials: x.dials}
}

// loader turns rules into routes.
type loader struct {
	dials  map[*topology.Backend]Dial
	object *gatewayv1.HTTPRoute // holds all rules
}

func hosts(names []string) []topology.Host {
	if len(names) == 0 {
		return []topology.Host{{}}
	}
	var out []topology.Host
	for _, name := range names {
		out = append(out, topology.Host{Name: name, Own: name})
	}
	return out
}

// rule makes a route of one rule, since hostnames belong to routes.
func (x *loader) rule(index int, c *Rule) *topology.Route {
	route := &topology.Route{Kind: "Config", Namespace: x.object.Namespace, Name: x.object.Name, HTTP: x.object}
	for _, name := range c.Hostnames {
		route.Hostnames = append(route.Hostnames, topology.NormalizeHostname(name))
	}
	rule := &topology.Rule{Route: route, Index: index, Status: c.UnavailableStatus, Filters: x.filters(nil, c.Filters)}
	for i := range c.Backends {
		rule.Backends = append(rule.Backends, x.backend(rule, i, &c.Backends[i]))
	}
	for _, f := range rule.Filters {
		if f.Mirror != nil {
			f.Mirror.Rule = rule
		}
	}
	route.Rules = []*topology.Rule{rule}
	spec := gatewayv1.HTTPRouteRule{Timeouts: timeouts(c.Timeouts)}
	for i := range c.Matches {
		spec.Matches = append(spec.Matches, match(&c.Matches[i]))
	}
	x.object.Spec.Rules = append(x.object.Spec.Rules, spec)
	return route
}

func timeouts(t *Timeouts) *gatewayv1.HTTPRouteTimeouts {
	if t == nil {
		return nil
	}
	duration := func(text string) *gatewayv1.Duration {
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil // it is not set, else Read would have said so
		}
		// Gateway API durations have whole milliseconds and no fractions (GEP-2257).
		out := gatewayv1.Duration(strconv.FormatInt(d.Milliseconds(), 10) + "ms")
		return &out
	}
	return &gatewayv1.HTTPRouteTimeouts{Request: duration(t.Request), BackendRequest: duration(t.Backend)}
}

func match(m *Match) gatewayv1.HTTPRouteMatch {
	var out gatewayv1.HTTPRouteMatch
	if m.Path != nil {
		out.Path = &gatewayv1.HTTPPathMatch{Type: (*gatewayv1.PathMatchType)(&m.Path.Type), Value: &m.Path.Value}
	}
	for i := range m.Headers {
		h := &m.Headers[i]
		out.Headers = append(out.Headers, gatewayv1.HTTPHeaderMatch{
			Type: (*gatewayv1.HeaderMatchType)(&h.Type), Name: gatewayv1.HTTPHeaderName(h.Name), Value: h.Value,
		})
	}
	for i := range m.QueryParams {
		q := &m.QueryParams[i]
		out.QueryParams = append(out.QueryParams, gatewayv1.HTTPQueryParamMatch{
			Type: (*gatewayv1.QueryParamMatchType)(&q.Type), Name: gatewayv1.HTTPHeaderName(q.Name), Value: q.Value,
		})
	}
	if m.Method != "" {
		out.Method = (*gatewayv1.HTTPMethod)(&m.Method)
	}
	return out
}

func (x *loader) backend(rule *topology.Rule, index int, c *Backend) *topology.Backend {
	b := x.target(c.URL, c.Protocol, c.TLS)
	b.Rule, b.Index, b.Weight, b.Status = rule, index, c.Weight, c.UnavailableStatus
	b.Filters = x.filters(b, c.Filters)
	if d := x.dials[b]; b.Status == 0 && !d.Secure && !d.H2C {
		// A gRPC server does not understand the HTTP/1.1 that it is spoken to.
		b.Status = 502
	}
	return b
}

// target reads a backend's URL. Names that cluster DNS gives to Services stand for
// these again, so that --backend can say where one is.
func (x *loader) target(text, protocol string, t *TLS) *topology.Backend {
	u, err := url.Parse(text)
	if err != nil {
		u = &url.URL{} // Read has refused it
	}
	b := &topology.Backend{Kind: "Host", Name: u.Hostname(), Weight: 1}
	labels := strings.SplitN(u.Hostname(), ".", 4)
	switch {
	case len(labels) == 4 && labels[2] == "svc" && labels[3] == "clusterset.local":
		b.Group, b.Kind, b.Namespace, b.Name = "multicluster.x-k8s.io", "ServiceImport", labels[1], labels[0]
	case len(labels) == 4 && labels[2] == "svc":
		b.Kind, b.Namespace, b.Name = "Service", labels[1], labels[0]
	}
	secure := u.Scheme == "https" || t != nil
	port := cmp.Or(u.Port(), map[bool]string{false: "80", true: "443"}[secure])
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		b.Port = int32(n)
	}
	if t != nil {
		b.Policy = &topology.Policy{Object: &manifest.Object[gatewayv1.BackendTLSPolicy]{Value: &gatewayv1.BackendTLSPolicy{}}}
		b.Policy.Object.Value.Spec.Validation.Hostname = gatewayv1.PreciseHostname(t.ServerName)
	}
	x.dials[b] = Dial{Address: net.JoinHostPort(u.Hostname(), port), Secure: secure, H2C: protocol == "h2c" && t == nil, TLS: t}
	return b
}
