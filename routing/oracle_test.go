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
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
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
	tls := slices.ContainsFunc(listeners, func(l *topology.Listener) bool { return l.Protocol == "HTTPS" })
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
			if len(l.Refusals) == 0 && (global || g.Key() == r.Gateway && l.Port == r.Port) {
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

type taking int

const (
	no taking = iota
	yes
	dropped
)

// units evaluates the matches of a rule; ok is false when one of its patterns
// does not compile.
func (o *oracle) units(route *topology.Route, rule int, r *routing.Request) (us []profile.Unit, takes []taking, ok bool) {
	ok = true
	if route.HTTP != nil {
		matches := route.HTTP.Spec.Rules[rule].Matches
		if len(matches) == 0 {
			matches = []gatewayv1.HTTPRouteMatch{{}}
		}
		for _, m := range matches {
			u, take, valid := o.httpUnit(&m, r)
			us, takes, ok = append(us, u), append(takes, take), ok && valid
		}
		return us, takes, ok
	}
	matches := route.GRPC.Spec.Rules[rule].Matches
	if len(matches) == 0 {
		matches = []gatewayv1.GRPCRouteMatch{{}}
	}
	empty := func(m gatewayv1.GRPCRouteMatch) bool { return m.Method == nil && len(m.Headers) == 0 }
	for _, m := range matches {
		u, take, valid := o.grpcUnit(&m, r)
		if o.profile.Matching.NotServed {
			take = no
		}
		if o.profile.Matching.DropEmptyMatches && empty(m) && !allOf(matches, empty) {
			take = dropped
		}
		us, takes, ok = append(us, u), append(takes, take), ok && valid
	}
	return us, takes, ok
}

func allOf[T any](vs []T, f func(T) bool) bool {
	return !slices.ContainsFunc(vs, func(v T) bool { return !f(v) })
}

func (o *oracle) grpcUnit(m *gatewayv1.GRPCRouteMatch, r *routing.Request) (u profile.Unit, take taking, ok bool) {
	var mm *profile.MethodMatch
	if m.Method != nil {
		mm = &profile.MethodMatch{
			Regex:   *m.Method.Type == gatewayv1.GRPCMethodMatchRegularExpression,
			Service: m.Method.Service, Method: m.Method.Method,
		}
	}
	u.Path = o.profile.PathForm(mm)
	u.ServiceChars, u.MethodChars = o.profile.Precedence.Chars(mm)
	good, ok := o.path(mm, u.Path, r.Path)
	var hs []headerMatch
	for _, h := range m.Headers {
		hs = append(hs, headerMatch{string(h.Name), h.Value, *h.Type == gatewayv1.GRPCHeaderMatchRegularExpression})
	}
	headersGood, headersOK := o.headers(hs, &u, r)
	if good && headersGood {
		take = yes
	}
	return u, take, ok && headersOK
}

var grpcPath = regexp.MustCompile(`^/[^/\x00-\x20\x7f]+/[^/\x00-\x20\x7f]+$`)

// path evaluates a method match as the specification words it, or, for an
// implementation with a path form of its own, as that form says.
func (o *oracle) path(m *profile.MethodMatch, f profile.PathForm, path string) (good, ok bool) {
	isGRPC := grpcPath.MatchString(path)
	var parts []string
	if isGRPC {
		parts = strings.Split(path[1:], "/")
	}
	if o.profile.Matching.Form == nil {
		if m == nil {
			return true, true
		}
		good, ok = isGRPC, true
		for i, name := range []*string{m.Service, m.Method} {
			if name == nil || *name == "" {
				continue
			}
			got := ""
			if isGRPC {
				got = parts[i]
			}
			is, valid := o.value(*name, m.Regex, false, got)
			good, ok = good && is, ok && valid
		}
		return good, ok
	}
	switch f.Kind {
	case profile.AnyPath:
		return true, true
	case profile.NoPath:
		return false, true
	case profile.RegexPath:
		is, valid := o.value(f.Pattern, true, f.Partial, path)
		return isGRPC && is, valid
	case profile.ExactPath:
		return isGRPC && path == "/"+f.Service+"/"+f.Method, true
	case profile.ServicePath:
		return isGRPC && parts[0] == f.Service, true
	case profile.MethodPath:
		return isGRPC && parts[1] == f.Method, true
	}
	panic("no test profile has such a path form")
}

// value compares one value with a literal or a pattern.
func (o *oracle) value(want string, isRegex, partial bool, got string) (good, ok bool) {
	if !isRegex {
		return got == want, true
	}
	re, known := o.regexps[want]
	if !known {
		re, _ = regexp.Compile(want)
		o.regexps[want] = re
	}
	if re == nil {
		return false, false
	}
	if partial {
		return re.MatchString(got), true
	}
	full, known := o.regexps["^(?:"+want+")$"]
	if !known {
		full = regexp.MustCompile("^(?:" + want + ")$")
		o.regexps["^(?:"+want+")$"] = full
	}
	return full.MatchString(got), true
}

type headerMatch struct {
	name, value string
	regex       bool
}

func (o *oracle) headers(hs []headerMatch, u *profile.Unit, r *routing.Request) (good, ok bool) {
	good, ok = true, true
	seen := map[string]bool{}
	for _, h := range hs {
		if lower := strings.ToLower(h.name); !o.profile.Matching.HeadersAllAnded {
			if seen[lower] {
				continue
			}
			seen[lower] = true
		}
		u.Headers++
		if !h.regex {
			u.ExactHeaders++
		}
		var values []string
		for _, got := range r.Headers {
			if strings.EqualFold(got.Name, h.name) {
				values = append(values, got.Value)
			}
		}
		if !o.profile.Matching.RepeatedAny && len(values) > 0 {
			values = []string{strings.Join(values, ",")}
		}
		one := false
		if _, valid := o.value(h.value, h.regex, true, ""); !valid {
			ok = false
		}
		for _, v := range values {
			is, _ := o.value(h.value, h.regex, o.profile.Matching.HeaderRegexPartial, v)
			one = one || is
		}
		good = good && one
	}
	return good, ok
}

// httpUnit evaluates an HTTPRoute's match for a POST without a query.
func (o *oracle) httpUnit(m *gatewayv1.HTTPRouteMatch, r *routing.Request) (u profile.Unit, take taking, ok bool) {
	kind, value, verb := "PathPrefix", "/", ""
	if m.Path != nil {
		kind, value = string(*m.Path.Type), *m.Path.Value
	}
	if m.Method != nil {
		verb = string(*m.Method)
	}
	form := o.profile.HTTPForm(profile.HTTPMatch{PathType: kind, PathValue: value, Method: verb, QueryParams: len(m.QueryParams)})
	u = profile.Unit{HTTP: true, Path: form, HTTPMethod: m.Method != nil, QueryParams: len(m.QueryParams)}
	u.ServiceChars, u.MethodChars = o.profile.Precedence.HTTPChars(form)
	good, ok := true, true
	switch {
	case kind == "RegularExpression":
		good, ok = o.value(value, true, o.profile.Matching.HTTPRegexPartial, r.Path)
		good = good && grpcPath.MatchString(r.Path)
	case kind == "Exact":
		good = value == r.Path && grpcPath.MatchString(r.Path)
	case value != "/":
		prefix := strings.TrimSuffix(value, "/")
		good = (r.Path == prefix || strings.HasPrefix(r.Path, prefix+"/")) && grpcPath.MatchString(r.Path)
	}
	if good && (verb == "" || verb == "POST") && len(m.QueryParams) == 0 {
		take = yes
	}
	var hs []headerMatch
	for _, h := range m.Headers {
		hs = append(hs, headerMatch{string(h.Name), h.Value, h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression})
	}
	headersGood, headersOK := o.headers(hs, &u, r)
	if !headersGood {
		take = no
	}
	return u, take, ok && headersOK
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
