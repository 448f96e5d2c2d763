package lint

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// groups finds out which routes have to be looked at together: those of which one
// may change what is found about the other, directly or by way of others. It
// remembers of each route a few numbers. Two that are put together for nothing, as
// when hashes are equal, cost memory and are no mistake.
//
// Routes meet where they have a parent and a host in common. There they compete
// for calls, so that routes that name other services exactly never meet; all
// others do. What depends on listeners is settled when everything is read.
type groups struct {
	mu      sync.Mutex
	links   []int32 // a forest of elements: routes, hosts of parents, services on them
	failing map[int]bool
	names   map[uint64]int32 // of routes, and what else joins by name
	parents map[target]int32
	hosts   []hostOfParent
	hostAt  map[hostKey]int32 // index in hosts
	service map[serviceKey]int32
	regex   bool // some pattern may be one that blocks a table
	all     bool // everything is looked at together
	// converts: some routes may be converted, which is tried on the text of files: it
	// takes all that is in them.
	converts bool
}

// hostOfParent is a hostname that routes ask for of a parent, "" for any.
type hostOfParent struct {
	name    string
	parent  int32
	element int32
	whole   bool // all its routes meet
}

type (
	hostKey struct {
		parent int32
		name   string
	}
	serviceKey struct {
		host int32
		name uint64
	}
)

var nameSeed = maphash.MakeSeed()

func newGroups() *groups {
	return &groups{
		failing: map[int]bool{}, names: map[uint64]int32{}, parents: map[target]int32{},
		hostAt: map[hostKey]int32{}, service: map[serviceKey]int32{},
	}
}

func (g *groups) element() int32 {
	g.links = append(g.links, int32(len(g.links)))
	return int32(len(g.links) - 1)
}

// root returns the element that stands for all that were joined with e.
func (g *groups) root(e int32) int32 {
	for g.links[e] != e {
		g.links[e] = g.links[g.links[e]]
		e = g.links[e]
	}
	return e
}

func (g *groups) join(a, b int32) { g.links[g.root(b)] = g.root(a) }

// named returns the element of a name.
func (g *groups) named(parts ...string) int32 {
	h := hashOf(parts...)
	e, ok := g.names[h]
	if !ok {
		e = g.element()
		g.names[h] = e
	}
	return e
}

func hashOf(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(nameSeed)
	for _, p := range parts {
		h.WriteString(p)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// add takes note of a route and returns its number.
func (g *groups) add(doc *manifest.Document, route metav1.Object, failing bool) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.element()
	if failing {
		g.failing[int(e)] = true
	}
	// Of routes with one name the last counts; an HTTPRoute is converted only where
	// its name is free.
	if doc.Ref.Name != "" {
		g.join(g.named("route", doc.Ref.Namespace, doc.Ref.Name), e)
	}
	switch route := route.(type) {
	case *gatewayv1.GRPCRoute:
		services, wide := g.services(route.Spec.Rules)
		g.attach(e, doc, &route.Spec.CommonRouteSpec, route.Spec.Hostnames, services, wide)
		g.namesOf(e, doc, &route.Spec)
	case *gatewayv1.HTTPRoute:
		g.regex = g.regex || hasRegex(route)
		if convert.IsGRPC(route) {
			g.converts = true
			g.join(g.named("converted"), e) // together, or not at all
		}
		g.attach(e, doc, &route.Spec.CommonRouteSpec, route.Spec.Hostnames, nil, true)
	}
	return int(e)
}

// hasRegex reports whether a match of an HTTPRoute is a regular expression.
func hasRegex(r *gatewayv1.HTTPRoute) bool {
	for i := range r.Spec.Rules {
		for j := range r.Spec.Rules[i].Matches {
			m := &r.Spec.Rules[i].Matches[j]
			if m.Path != nil && m.Path.Type != nil && *m.Path.Type == gatewayv1.PathMatchRegularExpression ||
				slices.ContainsFunc(m.Headers, func(h gatewayv1.HTTPHeaderMatch) bool { return h.Type != nil && *h.Type != gatewayv1.HeaderMatchExact }) ||
				slices.ContainsFunc(m.QueryParams, func(q gatewayv1.HTTPQueryParamMatch) bool {
					return q.Type != nil && *q.Type != gatewayv1.QueryParamMatchExact
				}) {
				return true
			}
		}
	}
	return false
}

// services returns the services that rules name exactly, or that they may take
// calls of any. Those of server reflection count as one: tools ask for all of them.
func (g *groups) services(rules []gatewayv1.GRPCRouteRule) (names []uint64, wide bool) {
	for i := range rules {
		wide = wide || len(rules[i].Matches) == 0
		for j := range rules[i].Matches {
			m := &rules[i].Matches[j]
			g.regex = g.regex || slices.ContainsFunc(m.Headers, func(h gatewayv1.GRPCHeaderMatch) bool {
				return h.Type != nil && *h.Type != gatewayv1.GRPCHeaderMatchExact
			})
			if m.Method == nil || m.Method.Service == nil {
				g.regex = g.regex || m.Method != nil && m.Method.Method != nil // some put it into a pattern
				wide = true
				continue
			}
			if m.Method.Type != nil && *m.Method.Type != gatewayv1.GRPCMethodMatchExact {
				g.regex, wide = true, true
				continue
			}
			name := *m.Method.Service
			wide = wide || name == "" || strings.Contains(name, "/")
			if strings.HasPrefix(name, "grpc.reflection.") {
				name = "grpc.reflection."
			}
			if h := hashOf(name); !slices.Contains(names, h) {
				names = append(names, h)
			}
		}
	}
	return names, wide || len(names) == 0 || len(names) > maxServices
}

// maxServices bounds what is remembered of a route.
const maxServices = 256

// attach joins a route with what it meets on its parents.
func (g *groups) attach(e int32, doc *manifest.Document, spec *gatewayv1.CommonRouteSpec, hosts []gatewayv1.Hostname, services []uint64, wide bool) {
	if len(hosts) == 0 {
		hosts = []gatewayv1.Hostname{""}
	}
	g.all = g.all || spec.UseDefaultGateways != ""
	for i := range spec.ParentRefs {
		t := parentOf(doc, &spec.ParentRefs[i])
		parent, ok := g.parents[t]
		if !ok {
			parent = int32(len(g.parents))
			g.parents[target{strings.Clone(t.kind), strings.Clone(t.namespace), strings.Clone(t.name)}] = parent
		}
		if t.kind != "Gateway" { // a mesh's Service, a ListenerSet: all together
			h := &g.hosts[g.host(parent, "")]
			h.whole = true
			g.join(h.element, e)
			continue
		}
		for _, name := range hosts {
			h := g.host(parent, askedFor(string(name)))
			if wide {
				g.hosts[h].whole = true
				g.join(g.hosts[h].element, e)
				continue
			}
			for _, s := range services {
				g.meet(h, s, e)
			}
		}
	}
}

// askedFor is a hostname as calls ask for it. One that a port or a dot makes another
// than it looks, which no API server takes, stands for any.
func askedFor(name string) string {
	if strings.ContainsAny(name, ":[]") || strings.HasSuffix(name, ".") {
		return ""
	}
	return strings.ToLower(name)
}

// host returns the index of a host of a parent.
func (g *groups) host(parent int32, name string) int32 {
	i, ok := g.hostAt[hostKey{parent, name}]
	if !ok {
		i, name = int32(len(g.hosts)), strings.Clone(name)
		g.hosts = append(g.hosts, hostOfParent{name: name, parent: parent, element: g.element()})
		g.hostAt[hostKey{parent, name}] = i
	}
	return i
}

// meet joins a route with those that name the same service on a host.
func (g *groups) meet(host int32, service uint64, e int32) {
	key := serviceKey{host, service}
	with, ok := g.service[key]
	if !ok {
		g.service[key] = e
		return
	}
	g.join(with, e)
}

// namesOf joins a route with those that it names, and with those whose names a fix
// would give.
func (g *groups) namesOf(e int32, doc *manifest.Document, spec *gatewayv1.GRPCRouteSpec) {
	for n := 2; n <= (max(len(spec.Rules), len(spec.Hostnames))+15)/16; n++ {
		g.join(g.named("route", doc.Ref.Namespace, fmt.Sprintf("%s-%d", doc.Ref.Name, n)), e)
	}
	extended := func(filters []gatewayv1.GRPCRouteFilter) {
		for i := range filters {
			if ref := filters[i].ExtensionRef; ref != nil && strings.HasSuffix(string(ref.Kind), "Route") {
				g.join(g.named("route", doc.Ref.Namespace, string(ref.Name)), e)
			}
		}
	}
	for i := range spec.Rules {
		extended(spec.Rules[i].Filters)
		for j := range spec.Rules[i].BackendRefs {
			extended(spec.Rules[i].BackendRefs[j].Filters)
		}
	}
}

// parentOf is the object that a parentRef names. Its kind is "Gateway" for nothing
// else.
func parentOf(doc *manifest.Document, ref *gatewayv1.ParentReference) target {
	t := target{kind: "Gateway", namespace: doc.Ref.Namespace, name: string(ref.Name)}
	if ref.Namespace != nil {
		t.namespace = string(*ref.Namespace)
	}
	if ref.Kind != nil {
		t.kind = string(*ref.Kind)
	}
	if ref.Group != nil && *ref.Group != gatewayv1.GroupName {
		t.kind = string(*ref.Group) + "/" + t.kind
	}
	return t
}
