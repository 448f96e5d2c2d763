package pingora

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Table makes the table that the proxy is meant to use of a message. Of two routes
// between which the proxy has no order the one that comes first in the message wins.
//
// gateways, "NS/NAME", are what clients are said to connect to: the proxy has one
// port, and one table, for all of them. The error names what the message has no
// meaning for.
func Table(m *UpdateRoutes, gateways ...string) (*routing.Table, error) {
	t := &topology.Topology{Set: &manifest.Set{}, Options: topology.Options{Profile: Profile}, Profile: Profile}
	for _, key := range gateways {
		g := &topology.Gateway{Profile: Profile}
		g.Namespace, g.Name, _ = strings.Cut(key, "/")
		g.Listeners = []*topology.Listener{{Gateway: g, Index: -1, Name: "proxy"}}
		t.Gateways = append(t.Gateways, g)
	}
	x := &loader{topology: t}
	for i := range m.GRPCRoutes {
		x.grpcRoute(i, &m.GRPCRoutes[i])
	}
	for i := range m.HTTPRoutes {
		x.httpRoute(i, &m.HTTPRoutes[i])
	}
	if x.err != nil {
		return nil, x.err
	}
	return routing.Compile(t), nil
}

// loader turns the routes of a message into those of a topology.
type loader struct {
	topology *topology.Topology
	err      error // the first
}

func (x *loader) fail(id, format string, args ...any) {
	if x.err == nil {
		x.err = fmt.Errorf("route %s: %w", id, fmt.Errorf(format, args...))
	}
}

// route attaches a route to everything. Its age is its place in the message.
func (x *loader) route(r *topology.Route, id string, names []string) metav1.ObjectMeta {
	r.Namespace, r.Name, _ = strings.Cut(id, "/")
	if r.Name == "" {
		x.fail(id, "its id is not NS/NAME")
	}
	hosts := []topology.Host{{}}
	for _, name := range names {
		r.Hostnames = append(r.Hostnames, topology.NormalizeHostname(name))
	}
	if len(names) > 0 {
		hosts = nil
		for _, name := range r.Hostnames {
			hosts = append(hosts, topology.Host{Name: name, Own: name})
		}
	}
	for _, g := range x.topology.Gateways {
		l := g.Listeners[0]
		p := &topology.Parent{Route: r, Gateway: g}
		at := &topology.Attachment{Parent: p, Listener: l, Hosts: hosts}
		p.Attachments, r.Parents = []*topology.Attachment{at}, append(r.Parents, p)
		l.Attached = append(l.Attached, at)
	}
	x.topology.Routes = append(x.topology.Routes, r)
	return metav1.ObjectMeta{Namespace: r.Namespace, Name: r.Name}
}

// first is the age of the first route.
var first = time.Unix(1, 0)

func (x *loader) grpcRoute(i int, in *GRPCRoute) {
	object := &gatewayv1.GRPCRoute{}
	r := &topology.Route{Kind: "GRPCRoute", GRPC: object}
	object.ObjectMeta = x.route(r, in.ID, in.Hostnames)
	object.CreationTimestamp = metav1.NewTime(first.Add(time.Duration(i) * time.Second))
	for j := range in.Rules {
		var spec gatewayv1.GRPCRouteRule
		for k := range in.Rules[j].Matches {
			spec.Matches = append(spec.Matches, grpcMatch(&in.Rules[j].Matches[k]))
		}
		object.Spec.Rules = append(object.Spec.Rules, spec)
		r.Rules = append(r.Rules, x.rule(r, j, in.ID, in.Rules[j].Backends))
	}
}

func grpcMatch(in *GRPCMatch) gatewayv1.GRPCRouteMatch {
	var out gatewayv1.GRPCRouteMatch
	if m := in.Method; m != nil {
		out.Method = &gatewayv1.GRPCMethodMatch{Type: kindOf[gatewayv1.GRPCMethodMatchType](m.Type, methodExact, methodRegex)}
		if m.Service != "" {
			out.Method.Service = &m.Service
		}
		if m.Method != "" {
			out.Method.Method = &m.Method
		}
	}
	for k := range in.Headers {
		h := &in.Headers[k]
		out.Headers = append(out.Headers, gatewayv1.GRPCHeaderMatch{
			Type: kindOf[gatewayv1.GRPCHeaderMatchType](h.Type, headerExact, headerRegex), Name: gatewayv1.GRPCHeaderName(h.Name), Value: h.Value,
		})
	}
	return out
}

// kindOf reads an enumeration that says whether a value is a literal or an
// expression. One that says neither takes no call.
func kindOf[T ~string](value, exact, regex string) *T {
	out := T("unspecified")
	switch value {
	case exact:
		out = "Exact"
	case regex:
		out = "RegularExpression"
	}
	return &out
}

func (x *loader) httpRoute(i int, in *HTTPRoute) {
	object := &gatewayv1.HTTPRoute{}
	r := &topology.Route{Kind: "HTTPRoute", HTTP: object}
	object.ObjectMeta = x.route(r, in.ID, in.Hostnames)
	object.CreationTimestamp = metav1.NewTime(first.Add(time.Duration(i) * time.Second))
	for j := range in.Rules {
		var spec gatewayv1.HTTPRouteRule
		for k := range in.Rules[j].Matches {
			spec.Matches = append(spec.Matches, httpMatch(&in.Rules[j].Matches[k]))
		}
		if ms := in.Rules[j].TimeoutMS; ms > 0 {
			d := gatewayv1.Duration(strconv.FormatUint(ms, 10) + "ms")
			spec.Timeouts = &gatewayv1.HTTPRouteTimeouts{Request: &d}
		}
		object.Spec.Rules = append(object.Spec.Rules, spec)
		r.Rules = append(r.Rules, x.rule(r, j, in.ID, in.Rules[j].Backends))
	}
}

func httpMatch(in *HTTPMatch) gatewayv1.HTTPRouteMatch {
	var out gatewayv1.HTTPRouteMatch
	if p := in.Path; p != nil {
		kind := gatewayv1.PathMatchPathPrefix
		if p.Type != pathPrefix {
			kind = *kindOf[gatewayv1.PathMatchType](p.Type, pathExact, pathRegex)
		}
		out.Path = &gatewayv1.HTTPPathMatch{Type: &kind, Value: &p.Value}
	}
	for k := range in.Headers {
		h := &in.Headers[k]
		out.Headers = append(out.Headers, gatewayv1.HTTPHeaderMatch{
			Type: kindOf[gatewayv1.HeaderMatchType](h.Type, headerExact, headerRegex), Name: gatewayv1.HTTPHeaderName(h.Name), Value: h.Value,
		})
	}
	for k := range in.QueryParams {
		q := &in.QueryParams[k]
		out.QueryParams = append(out.QueryParams, gatewayv1.HTTPQueryParamMatch{
			Type: kindOf[gatewayv1.QueryParamMatchType](q.Type, queryExact, queryRegex), Name: gatewayv1.HTTPHeaderName(q.Name), Value: q.Value,
		})
	}
	if in.Method != "" {
		out.Method = (*gatewayv1.HTTPMethod)(&in.Method)
	}
	return out
}

// rule reads where a rule's calls go.
func (x *loader) rule(r *topology.Route, index int, id string, backends []Backend) *topology.Rule {
	rule := &topology.Rule{Route: r, Index: index}
	for i := range backends {
		b := &topology.Backend{Rule: rule, Index: i, Kind: "Host", Weight: int32(min(max(backends[i].Weight, 1), 1<<31-1))}
		host, port, err := net.SplitHostPort(backends[i].Address)
		n, bad := strconv.ParseUint(port, 10, 16)
		if err != nil || bad != nil {
			x.fail(id, "backend address %q is not HOST:PORT", backends[i].Address)
		}
		b.Name, b.Port = host, int32(n)
		// The name that cluster DNS gives to a Service stands for the Service.
		if labels := strings.SplitN(host, ".", 4); len(labels) == 4 && labels[2] == "svc" {
			b.Kind, b.Namespace, b.Name = "Service", labels[1], labels[0]
		}
		rule.Backends = append(rule.Backends, b)
	}
	return rule
}
