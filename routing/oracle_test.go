package routing_test

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// oracle is a slow, obvious matcher written from the Gateway API's text. It works
// on the topology, looks at every match of every attached route for each request,
// and shares no code with the tables but what a profile says.
type oracle struct {
	topology *topology.Topology
	profile  *profile.Profile
	regexps  map[string]*regexp.Regexp // nil for one that does not compile
}

func newOracle(t *topology.Topology) *oracle {
	return &oracle{t, t.Profile, map[string]*regexp.Regexp{}}
}

// answer is what the oracle finds.
type answer struct {
	outcome     routing.Outcome
	misdirected bool
	hit         *hit
}

// hit is a match that takes a request, under one hostname.
type hit struct {
	route *topology.Route
	rule  int
	match int
	host  topology.Host
	keys  []int
}

func (o *oracle) answer(r *routing.Request) answer {
	host := o.host(r.Authority)
	listeners := o.listeners(r)
	tls := !o.profile.Transport.NoTLS && slices.ContainsFunc(listeners, func(l *topology.Listener) bool { return l.Protocol == "HTTPS" })
	scope := o.profile.Hosts.Isolation
	if tls && scope != profile.Global {
		scope = o.profile.Hosts.IsolationTLS
	}
	if scope == profile.PerListener {
		own := o.best(listeners, host)
		selected := own
		if tls && r.SNI != "" {
			selected = o.best(listeners, o.host(r.SNI))
		}
		switch {
		case o.profile.Hosts.NoMisdirected:
			own = selected
		case own != nil && own != selected:
			return answer{outcome: routing.NoListener, misdirected: true}
		}
		if own == nil {
			return answer{outcome: routing.NoListener}
		}
		listeners = []*topology.Listener{own}
	}
	hits, anyHost := o.hits(listeners, host, r)
	if len(hits) > 0 {
		first := slices.MinFunc(hits, o.compare)
		return answer{outcome: routing.Routed, hit: &first}
	}
	if scope != profile.PerListener && !anyHost && o.best(listeners, host) == nil {
		return answer{outcome: routing.NoListener}
	}
	return answer{outcome: routing.NoMatch}
}

// host is the authority as hostnames are compared; "" for an IP address.
func (o *oracle) host(authority string) string {
	host := topology.NormalizeAuthority(authority)
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	return host
}

// listeners are those a client can reach at the request's Gateway and port.
func (o *oracle) listeners(r *routing.Request) []*topology.Listener {
	var ls []*topology.Listener
	for _, g := range o.topology.Gateways {
		for _, l := range g.Listeners {
			global := o.profile.Hosts.Isolation == profile.Global
			if l.Usable() && (global || g.Key() == r.Gateway && l.Port == r.Port) {
				ls = append(ls, l)
			}
		}
	}
	return ls
}

func (o *oracle) covers(hostname, host string) bool {
	return topology.MatchHost(hostname, host, o.profile.Hosts.WildcardOneLabel)
}

func (o *oracle) best(ls []*topology.Listener, host string) *topology.Listener {
	var best *topology.Listener
	for _, l := range ls {
		if o.covers(l.Hostname, host) && (best == nil || topology.MoreSpecific(l.Hostname, best.Hostname) < 0) {
			best = l
		}
	}
	return best
}

// hits returns every match that takes the request; of one route only those under
// its best hostname count. anyHost says whether some route has the host.
func (o *oracle) hits(ls []*topology.Listener, host string, r *routing.Request) (hits []hit, anyHost bool) {
	best := map[*topology.Route]topology.Host{}
	var routes []*topology.Route
	for _, l := range ls {
		for _, at := range l.Attached {
			route := at.Parent.Route
			for _, h := range o.hosts(at) {
				if h.Name != "" && o.profile.Hosts.CatchAllAlone && o.takesAny(ls, route) {
					continue
				}
				if !o.covers(h.Name, host) || len(route.Rules) == 0 {
					continue
				}
				old, ok := best[route]
				if !ok {
					routes = append(routes, route)
				}
				if !ok || cmp.Or(topology.MoreSpecific(h.Name, old.Name), topology.MoreSpecific(h.Own, old.Own)) < 0 {
					best[route] = h
				}
			}
		}
	}
	if o.profile.Hosts.NoFallthrough && len(routes) > 0 {
		first := slices.MinFunc(routes, func(a, b *topology.Route) int {
			return topology.MoreSpecific(best[a].Name, best[b].Name)
		})
		name := best[first].Name
		routes = slices.DeleteFunc(routes, func(r *topology.Route) bool { return best[r].Name != name })
	}
	for _, route := range routes {
		hits = append(hits, o.routeHits(route, best[route], r)...)
	}
	return hits, len(routes) > 0
}

// takesAny reports whether a route has no hostname through one of some listeners.
func (o *oracle) takesAny(ls []*topology.Listener, route *topology.Route) bool {
	for _, l := range ls {
		for _, at := range l.Attached {
			if at.Parent.Route == route && slices.ContainsFunc(o.hosts(at), func(h topology.Host) bool { return h.Name == "" }) {
				return true
			}
		}
	}
	return false
}

func (o *oracle) hosts(at *topology.Attachment) []topology.Host {
	if !o.profile.Hosts.NoNarrowing {
		return at.Hosts
	}
	if len(at.Parent.Route.Hostnames) == 0 {
		return []topology.Host{{}}
	}
	var hs []topology.Host
	for _, own := range at.Parent.Route.Hostnames {
		hs = append(hs, topology.Host{Name: own, Own: own})
	}
	return hs
}

func (o *oracle) routeHits(route *topology.Route, host topology.Host, r *routing.Request) []hit {
	var hits []hit
	for i := range route.Rules {
		units, takes, ok := o.units(route, i, r)
		if !ok {
			continue // a pattern that does not compile disables its rule
		}
		var over []profile.Unit
		for j := range units {
			units[j].Host, units[j].OwnHost = host.Name, host.Own
			if takes[j] != dropped {
				over = append(over, units[j])
			}
		}
		for j := range units {
			if takes[j] != yes {
				continue
			}
			h := hit{route, i, j, host, nil}
			if o.matchless(route, i) {
				h.match = -1
			}
			of := []profile.Unit{units[j]}
			if o.profile.Precedence.PerRule {
				of = over
			}
			for _, c := range o.profile.Precedence.Order() {
				h.keys = append(h.keys, c.Of(of))
			}
			hits = append(hits, h)
		}
	}
	return hits
}

func (o *oracle) matchless(route *topology.Route, rule int) bool {
	if route.HTTP != nil {
		return len(route.HTTP.Spec.Rules[rule].Matches) == 0
	}
	return len(route.GRPC.Spec.Rules[rule].Matches) == 0
}

// compare orders two hits as the specification does after the profile's criteria.
func (o *oracle) compare(a, b hit) int {
	p := &o.profile.Precedence
	for i := range a.keys {
		if a.keys[i] != b.keys[i] {
			return cmp.Compare(b.keys[i], a.keys[i])
		}
	}
	if p.HTTPFirst && a.route.Kind != b.route.Kind {
		return -strings.Compare(a.route.Kind, b.route.Kind)
	}
	at, bt := oracleAge(a.route), oracleAge(b.route)
	if at != bt {
		return cmp.Compare(at, bt)
	}
	an, bn := a.route.Namespace+"/"+a.route.Name, b.route.Namespace+"/"+b.route.Name
	if p.NamespaceThenName {
		an, bn = a.route.Namespace+"\x00"+a.route.Name, b.route.Namespace+"\x00"+b.route.Name
	}
	return cmp.Or(strings.Compare(an, bn), strings.Compare(a.route.Kind, b.route.Kind),
		cmp.Compare(a.rule, b.rule), cmp.Compare(a.match, b.match))
}

// oracleAge is seconds; a route without a creation time is the youngest.
func oracleAge(r *topology.Route) int64 {
	created := int64(1) << 62
	if r.GRPC != nil && !r.GRPC.CreationTimestamp.IsZero() {
		created = r.GRPC.CreationTimestamp.Unix()
	}
	if r.HTTP != nil && !r.HTTP.CreationTimestamp.IsZero() {
		created = r.HTTP.CreationTimestamp.Unix()
	}
	return created
}
