package verify

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/topology"
)

// naming is a way to name clusters. The groups of its expression are ns, svc and
// port of a Service, or ns, route, rule and backend, mirror or neither of a place in
// the manifests; kind is that of the route.
type naming struct {
	form *regexp.Regexp
	// unavailable: a cluster without endpoints, by its name. missing: it is defined
	// nowhere.
	unavailable, missing bool
}

// namings are the ways that are known: our own, that of Envoy Gateway, kgateway's and
// Istio's.
var namings = []naming{
	{form: regexp.MustCompile(`^(?:(?P<kind>HTTPRoute)/)?(?P<ns>[^/]+)/(?P<route>[^/]+)/rule/(?P<rule>\d+)(?:/backend/(?P<backend>\d+))?(?:/mirror/(?P<mirror>\d+))?(?:/gateway/.+)?$`)},
	{form: regexp.MustCompile(`^(?:HTTPRoute/)?[^/]+/[^/]+/rule/\d+/unavailable(?:/gateway/.+)?$`), unavailable: true},
	{form: regexp.MustCompile(`^(?P<kind>grpcroute|httproute)/(?P<ns>[^/]+)/(?P<route>[^/]+)/rule/(?P<rule>\d+)(?:/backend/(?P<backend>\d+)|-mirror-(?P<mirror>\d+))?$`)},
	{form: regexp.MustCompile(`^kube_(?P<ns>[^_]+)_(?P<svc>[^_]+)_(?P<port>\d+)$`)},
	{form: regexp.MustCompile(`^blackhole-cluster$`), missing: true},
	{form: regexp.MustCompile(`^outbound\|(?P<port>\d+)\|[^|]*\|(?P<svc>[^.|]+)\.(?P<ns>[^.|]+)\.svc\..+$`)},
}

// named is what a cluster stands for: shares of its calls.
type named struct {
	targets []prove.Target
	// status: it has no endpoints.
	unavailable, missing bool
}

// resolver finds out what clusters stand for.
type resolver struct {
	config *Config
	given  map[string]prove.Target // by cluster, as the user said
	routes map[string]*topology.Route
	known  map[string]resolved
	// timeouts are those that some manifest asks for.
	timeouts map[time.Duration]bool
}

type resolved struct {
	named named
	why   string
}

func newResolver(c *Config, topologies []*topology.Topology, given map[string]prove.Target) *resolver {
	x := &resolver{config: c, given: given, routes: map[string]*topology.Route{}, known: map[string]resolved{}}
	for _, t := range topologies {
		for _, r := range t.Routes {
			x.routes[strings.ToLower(r.Kind)+"/"+r.Key()] = r
		}
	}
	x.timeouts = timeouts(x.routes)
	return x
}

// cluster says what a cluster stands for. why is set where nobody knows.
func (x *resolver) cluster(name string) (named, string) {
	if r, ok := x.known[name]; ok {
		return r.named, r.why
	}
	n, why := x.find(name)
	x.known[name] = resolved{n, why}
	return n, why
}

func (x *resolver) find(name string) (named, string) {
	if t, ok := x.given[name]; ok {
		t.Num, t.Den = 1, 1
		return named{targets: []prove.Target{t}}, ""
	}
	c := x.config.clusters[name]
	if c == nil && x.config.complete() {
		return named{missing: true}, ""
	}
	assignment := x.assignment(name, c)
	if assignment != nil && c.GetType() != clusterv3.Cluster_EDS && c != nil && endpoints(assignment) == 0 {
		return named{unavailable: true}, ""
	}
	byName, why := x.byName(name)
	if why != "" && c.GetEdsClusterConfig().GetServiceName() != "" {
		byName, why = x.byName(c.GetEdsClusterConfig().GetServiceName())
	}
	if len(byName.targets) > 1 {
		if byName, why = x.localities(name, byName, assignment); why != "" {
			return byName, why
		}
	}
	if dns, ok := services(assignment); ok && !(why == "" && agree(byName, dns)) {
		return dns, ""
	}
	if why != "" {
		why = fmt.Sprintf("%s: say what it is with --cluster %s=NS/SERVICE:PORT", why, name)
	}
	return byName, why
}

// assignment returns the endpoints of a cluster, nil where the input has none.
func (x *resolver) assignment(name string, c *clusterv3.Cluster) *endpointv3.ClusterLoadAssignment {
	if a := c.GetLoadAssignment(); a != nil {
		return a
	}
	if c != nil && (c.GetType() == clusterv3.Cluster_STATIC || c.GetType() == clusterv3.Cluster_STRICT_DNS) && c.GetClusterType() == nil {
		return &endpointv3.ClusterLoadAssignment{ClusterName: name}
	}
	if s := c.GetEdsClusterConfig().GetServiceName(); s != "" {
		return x.config.assignments[s]
	}
	return x.config.assignments[name]
}

func endpoints(a *endpointv3.ClusterLoadAssignment) int {
	n := 0
	for _, l := range a.GetEndpoints() {
		n += len(l.GetLbEndpoints())
	}
	return n
}

// byName resolves a cluster by its name alone.
func (x *resolver) byName(name string) (named, string) {
	for _, n := range namings {
		m := n.form.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		if n.unavailable || n.missing {
			return named{unavailable: n.unavailable, missing: n.missing}, ""
		}
		got := map[string]string{}
		for i, group := range n.form.SubexpNames() {
			got[group] = m[i]
		}
		if got["svc"] != "" {
			port, _ := strconv.ParseInt(got["port"], 10, 32) // digits
			return named{targets: []prove.Target{{Kind: "Service", Namespace: got["ns"], Name: got["svc"], Port: int32(port), Num: 1, Den: 1}}}, ""
		}
		return x.placed(name, got)
	}
	return named{}, fmt.Sprintf("cluster %q has a name of a form that is not known", name)
}

// placed finds the reference in the manifests that a cluster is named by.
func (x *resolver) placed(name string, got map[string]string) (named, string) {
	kind := strings.ToLower(got["kind"])
	if kind == "" {
		kind = "grpcroute"
	}
	r := x.routes[kind+"/"+got["ns"]+"/"+got["route"]]
	if r == nil {
		return named{}, fmt.Sprintf("cluster %q is of a route that is not in the manifests", name)
	}
	rule := element(r.Rules, func(r *topology.Rule) int { return r.Index }, got["rule"])
	if rule == nil {
		return named{}, fmt.Sprintf("cluster %q is of a rule that %s does not have", name, r.Key())
	}
	filters := rule.Filters
	var list []*topology.Backend
	if got["backend"] != "" {
		b := element(rule.Backends, func(b *topology.Backend) int { return b.Index }, got["backend"])
		if b == nil {
			return named{}, fmt.Sprintf("cluster %q is of a backend that rule %d of %s does not have", name, rule.Index, r.Key())
		}
		list, filters = []*topology.Backend{b}, b.Filters
	} else if got["mirror"] == "" {
		list = rule.Backends
	}
	if got["mirror"] != "" {
		f := element(filters, func(f *topology.Filter) int { return f.Index }, got["mirror"])
		if f == nil || f.Mirror == nil {
			return named{}, fmt.Sprintf("cluster %q is of a mirror that rule %d of %s does not have", name, rule.Index, r.Key())
		}
		list = []*topology.Backend{f.Mirror}
	}
	var out named
	for _, b := range list {
		t := prove.Target{Num: 1, Den: int64(len(list))}
		setTarget(&t, b)
		out.targets = append(out.targets, t)
	}
	if len(list) == 0 {
		return out, fmt.Sprintf("cluster %q is of a rule without backends", name)
	}
	return out, ""
}

// element finds an element by its index.
func element[T any](list []*T, index func(*T) int, text string) *T {
	n, err := strconv.Atoi(text)
	i := slices.IndexFunc(list, func(e *T) bool { return err == nil && index(e) == n })
	if i < 0 {
		return nil
	}
	return list[i]
}

// localities divides the calls of a cluster that stands for all backends of a rule by
// the weights of its localities, each of which is named as one of them.
func (x *resolver) localities(name string, all named, a *endpointv3.ClusterLoadAssignment) (named, string) {
	var out named
	var total int64
	for _, l := range a.GetEndpoints() {
		n, why := x.byName(l.GetLocality().GetRegion())
		if why != "" || len(n.targets) != 1 {
			return named{}, fmt.Sprintf("cluster %q stands for several backends, and its endpoints do not tell which is whose", name)
		}
		t := n.targets[0]
		t.Num = int64(l.GetLoadBalancingWeight().GetValue())
		total += t.Num
		out.targets = append(out.targets, t)
	}
	if total == 0 {
		return named{}, fmt.Sprintf("cluster %q stands for several backends, and the weights are in endpoints that the input does not have", name)
	}
	for i := range out.targets {
		f := newFraction(out.targets[i].Num, total)
		out.targets[i].Num, out.targets[i].Den = f.num, f.den
	}
	return out, ""
}

// services resolves a cluster by the names that its endpoints have in the DNS of
// Kubernetes; ok is false where they have none.
func services(a *endpointv3.ClusterLoadAssignment) (out named, ok bool) {
	for _, l := range a.GetEndpoints() {
		for _, e := range l.GetLbEndpoints() {
			address := e.GetEndpoint().GetAddress().GetSocketAddress()
			labels := strings.SplitN(address.GetAddress(), ".", 4)
			if len(labels) < 3 || labels[2] != "svc" || net.ParseIP(address.GetAddress()) != nil {
				return named{}, false
			}
			t := prove.Target{Kind: "Service", Namespace: labels[1], Name: labels[0], Port: int32(address.GetPortValue()), Num: 1, Den: 1}
			if len(labels) == 4 && strings.TrimSuffix(labels[3], ".") == "clusterset.local" {
				t.Group, t.Kind = "multicluster.x-k8s.io", "ServiceImport"
			}
			if len(out.targets) > 0 && out.targets[0].String() != t.String() {
				return named{}, false
			}
			out.targets = []prove.Target{t}
		}
	}
	return out, len(out.targets) == 1
}

// agree reports whether a name and the endpoints mean the same backend; where a
// Service is headless, endpoints listen at another port than its own.
func agree(byName, dns named) bool {
	if len(byName.targets) != 1 {
		return len(byName.targets) > 1
	}
	a, b := &byName.targets[0], &dns.targets[0]
	return a.Namespace == b.Namespace && a.Name == b.Name && a.Kind == b.Kind
}
