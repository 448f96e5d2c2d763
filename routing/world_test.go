package routing_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// world builds topologies by hand, so that these tests say what routing makes of
// an attachment and not how it came about.
type world struct {
	topology *topology.Topology
}

func newWorld(p *profile.Profile) *world {
	return &world{&topology.Topology{Profile: p}}
}

// gateway adds a Gateway; each listener is "NAME PORT PROTOCOL HOSTNAME", with
// "-" for no hostname.
func (w *world) gateway(key string, listeners ...string) *topology.Gateway {
	namespace, name, _ := strings.Cut(key, "/")
	g := &topology.Gateway{Namespace: namespace, Name: name, Profile: w.topology.Profile}
	for i, spec := range listeners {
		l := &topology.Listener{Gateway: g, Index: i}
		if _, err := fmt.Sscan(spec, &l.Name, &l.Port, &l.Protocol, &l.Hostname); err != nil {
			panic(err)
		}
		l.Hostname = strings.TrimPrefix(l.Hostname, "-")
		g.Listeners = append(g.Listeners, l)
	}
	w.topology.Gateways = append(w.topology.Gateways, g)
	return g
}

// routeSpec is a GRPCRoute as a test writes it.
type routeSpec struct {
	key   string
	hosts []string
	age   int // minutes since some moment, later is younger; 0 for no timestamp
	rules []ruleSpec
}

type ruleSpec struct {
	matches  []gatewayv1.GRPCRouteMatch
	backends []backendSpec
	filters  []string
}

type backendSpec struct {
	name    string
	weight  int32
	refusal *topology.Refusal
	filters []string
}

// to is a rule with one backend.
func to(backend string, matches ...gatewayv1.GRPCRouteMatch) ruleSpec {
	return ruleSpec{matches: matches, backends: []backendSpec{{name: backend, weight: 1}}}
}

// exact and regex are matches; "" is an absent name. A header is "name=value" or
// "name~pattern".
func exact(service, method string, headers ...string) gatewayv1.GRPCRouteMatch {
	return match(gatewayv1.GRPCMethodMatchExact, service, method, headers)
}

func regex(service, method string, headers ...string) gatewayv1.GRPCRouteMatch {
	return match(gatewayv1.GRPCMethodMatchRegularExpression, service, method, headers)
}

func match(kind gatewayv1.GRPCMethodMatchType, service, method string, headers []string) gatewayv1.GRPCRouteMatch {
	var m gatewayv1.GRPCRouteMatch
	if service != "" || method != "" {
		m.Method = &gatewayv1.GRPCMethodMatch{Type: &kind, Service: optional(service), Method: optional(method)}
	}
	for _, h := range headers {
		i := strings.IndexAny(h, "=~")
		t := gatewayv1.GRPCHeaderMatchExact
		if h[i] == '~' {
			t = gatewayv1.GRPCHeaderMatchRegularExpression
		}
		m.Headers = append(m.Headers, gatewayv1.GRPCHeaderMatch{
			Type: &t, Name: gatewayv1.GRPCHeaderName(h[:i]), Value: h[i+1:],
		})
	}
	return m
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// route adds a GRPCRoute that is attached to the listeners, as far as hostnames
// meet.
func (w *world) route(s routeSpec, listeners ...*topology.Listener) *topology.Route {
	namespace, name, _ := strings.Cut(s.key, "/")
	r := &topology.Route{
		Kind: "GRPCRoute", Namespace: namespace, Name: name, Hostnames: s.hosts,
		GRPC: &gatewayv1.GRPCRoute{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}},
	}
	if s.age != 0 {
		r.GRPC.CreationTimestamp = created(s.age)
	}
	for i, rs := range s.rules {
		r.GRPC.Spec.Rules = append(r.GRPC.Spec.Rules, gatewayv1.GRPCRouteRule{Matches: rs.matches})
		rule := &topology.Rule{Route: r, Index: i, Filters: filters(rs.filters)}
		for j, b := range rs.backends {
			rule.Backends = append(rule.Backends, &topology.Backend{
				Rule: rule, Index: j, Kind: "Service", Namespace: namespace, Name: b.name, Port: 80,
				Weight: b.weight, Refusal: b.refusal, Filters: filters(b.filters),
				ServicePort: &corev1.ServicePort{Name: "grpc", Port: 80, AppProtocol: optional("kubernetes.io/h2c")},
			})
		}
		r.Rules = append(r.Rules, rule)
	}
	w.add(r, listeners...)
	return r
}

// httpRoute adds an HTTPRoute with one match a rule.
func (w *world) httpRoute(key string, age int, hosts []string, matches []gatewayv1.HTTPRouteMatch, listeners ...*topology.Listener) {
	namespace, name, _ := strings.Cut(key, "/")
	r := &topology.Route{
		Kind: "HTTPRoute", Namespace: namespace, Name: name, Hostnames: hosts,
		HTTP: &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}},
	}
	if age != 0 {
		r.HTTP.CreationTimestamp = created(age)
	}
	for i := range matches {
		r.HTTP.Spec.Rules = append(r.HTTP.Spec.Rules, gatewayv1.HTTPRouteRule{Matches: matches[i : i+1]})
		rule := &topology.Rule{Route: r, Index: i}
		rule.Backends = []*topology.Backend{{Rule: rule, Kind: "Service", Namespace: namespace, Name: name, Port: 80, Weight: 1}}
		r.Rules = append(r.Rules, rule)
	}
	w.add(r, listeners...)
}

func (w *world) add(r *topology.Route, listeners ...*topology.Listener) {
	w.topology.Routes = append(w.topology.Routes, r)
	for i, l := range listeners {
		p := &topology.Parent{Route: r, Index: i, Gateway: l.Gateway}
		at := &topology.Attachment{Parent: p, Listener: l}
		own := r.Hostnames
		if len(own) == 0 {
			own = []string{""}
		}
		for _, h := range own {
			if name, ok := topology.Intersect(l.Hostname, h); ok {
				at.Hosts = append(at.Hosts, topology.Host{Name: name, Own: h})
			}
		}
		p.Attachments = []*topology.Attachment{at}
		r.Parents = append(r.Parents, p)
		if len(at.Hosts) > 0 || w.topology.Profile.Hosts.NoNarrowing {
			l.Attached = append(l.Attached, at)
		}
	}
}

func created(age int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 1, 1, 0, age, 0, 0, time.UTC))
}

func filters(types []string) []*topology.Filter {
	var fs []*topology.Filter
	for i, t := range types {
		fs = append(fs, &topology.Filter{Index: i, Type: t, GRPC: &gatewayv1.GRPCRouteFilter{Type: gatewayv1.GRPCRouteFilterType(t)}})
	}
	return fs
}

func missing(reason string) *topology.Refusal {
	return &topology.Refusal{Reason: reason, Message: "no such Service"}
}

func unknown(message string) *topology.Refusal {
	return &topology.Refusal{Reason: "BackendNotFound", Message: message, Certainty: diag.Unknown}
}

func (w *world) compile() *routing.Table { return routing.Compile(w.topology) }

// call is a request: "AUTHORITY/SERVICE/METHOD" and headers "name: value".
func call(target string, headers ...string) *routing.Request {
	authority, path := target, ""
	if i := strings.IndexByte(target, '/'); i >= 0 {
		authority, path = target[:i], target[i:]
	}
	r := &routing.Request{Authority: authority, Path: path}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Headers = append(r.Headers, routing.Header{Name: name, Value: value})
	}
	return r
}

// backend is where a result goes, in a word: a backend's name, or the outcome.
func backend(res routing.Result) string {
	if res.Outcome != routing.Routed {
		return res.Outcome.String()
	}
	return res.Entry.Action.Shares[0].Backend.Name
}
