package convert_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// call is a gRPC call as the plain matchers see it.
type call struct {
	host, service, method string
	headers               map[string]string
}

func (c call) path() string { return "/" + c.service + "/" + c.method }

// hit is a match that takes a call, with all that decides between matches, the
// greatest first, and what its rule does.
type hit struct {
	keys    []int
	created time.Time
	name    string
	rule    int
	action  string
}

// plainHTTP decides a call among the HTTPRoutes of a set by the text of
// GA apis/v1/httproute_types.go, one Gateway with one listener. It shares nothing
// with the tables.
func plainHTTP(set *manifest.Set, listener string, c call) string {
	var hits []hit
	for _, o := range set.HTTPRoutes.All {
		host, ok := bestHost(o.Value.Spec.Hostnames, listener, c.host)
		if !ok {
			continue
		}
		for i, rule := range o.Value.Spec.Rules {
			matches := rule.Matches
			if len(matches) == 0 {
				matches = []gatewayv1.HTTPRouteMatch{{}}
			}
			for _, m := range matches {
				if keys, ok := httpMatch(&m, c); ok {
					hits = append(hits, hit{append(hostKeys(host), keys...), o.Value.CreationTimestamp.Time, o.Doc.Ref.Namespace + "/" + o.Doc.Ref.Name, i, doing(rule.BackendRefs, rule.Filters, rule.Timeouts)})
				}
			}
		}
	}
	return first(hits)
}

func httpMatch(m *gatewayv1.HTTPRouteMatch, c call) (keys []int, ok bool) {
	kind, value := gatewayv1.PathMatchPathPrefix, "/"
	if m.Path != nil {
		if m.Path.Type != nil {
			kind = *m.Path.Type
		}
		if m.Path.Value != nil {
			value = *m.Path.Value
		}
	}
	exact := 0
	switch kind {
	case gatewayv1.PathMatchExact:
		ok, exact = c.path() == value, 1
	case gatewayv1.PathMatchRegularExpression:
		ok = regexp.MustCompile("^(?:" + value + ")$").MatchString(c.path())
	default:
		want, have := strings.Split(strings.Trim(value, "/"), "/"), strings.Split(strings.Trim(c.path(), "/"), "/")
		ok = value == "/" || len(have) >= len(want) && slices.Equal(have[:len(want)], want)
	}
	verb := 0
	if m.Method != nil {
		verb, ok = 1, ok && *m.Method == "POST"
	}
	ok = ok && len(m.QueryParams) == 0
	for _, h := range m.Headers {
		got, present := c.headers[strings.ToLower(string(h.Name))]
		ok = ok && present && headerTakes(h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression, h.Value, got)
	}
	return []int{exact, len(value), verb, len(m.Headers)}, ok
}

func headerTakes(regex bool, want, got string) bool {
	if regex {
		return regexp.MustCompile("^(?:" + want + ")$").MatchString(got)
	}
	return want == got
}

// plainGRPC is the same for the GRPCRoutes, by GA apis/v1/grpcroute_types.go.
func plainGRPC(set *manifest.Set, listener string, c call) string {
	var hits []hit
	for _, o := range set.GRPCRoutes.All {
		host, ok := bestHost(o.Value.Spec.Hostnames, listener, c.host)
		if !ok {
			continue
		}
		for i, rule := range o.Value.Spec.Rules {
			matches := rule.Matches
			if len(matches) == 0 {
				matches = []gatewayv1.GRPCRouteMatch{{}}
			}
			for _, m := range matches {
				if keys, ok := grpcMatch(&m, c); ok {
					hits = append(hits, hit{append(hostKeys(host), keys...), o.Value.CreationTimestamp.Time, o.Doc.Ref.Namespace + "/" + o.Doc.Ref.Name, i, doing(rule.BackendRefs, rule.Filters, nil)})
				}
			}
		}
	}
	return first(hits)
}

func grpcMatch(m *gatewayv1.GRPCRouteMatch, c call) (keys []int, ok bool) {
	ok, keys = true, []int{0, 0, len(m.Headers)}
	if m.Method != nil {
		regex := m.Method.Type != nil && *m.Method.Type == gatewayv1.GRPCMethodMatchRegularExpression
		for i, part := range []struct {
			want *string
			got  string
		}{{m.Method.Service, c.service}, {m.Method.Method, c.method}} {
			if part.want != nil && *part.want != "" {
				keys[i] = len(*part.want)
				ok = ok && headerTakes(regex, *part.want, part.got)
			}
		}
	}
	for _, h := range m.Headers {
		got, present := c.headers[strings.ToLower(string(h.Name))]
		ok = ok && present && headerTakes(h.Type != nil && *h.Type == gatewayv1.GRPCHeaderMatchRegularExpression, h.Value, got)
	}
	return keys, ok
}

// hosting is an effective hostname and the route's own that it comes from.
type hosting struct{ name, own string }

// bestHost is the most specific effective hostname of a route for a host.
func bestHost(own []gatewayv1.Hostname, listener, host string) (best hosting, ok bool) {
	if len(own) == 0 {
		own = []gatewayv1.Hostname{""}
	}
	for _, h := range own {
		name := string(h)
		switch {
		case name == "" || listener != "" && covers(name, strings.Replace(listener, "*", "any", 1)):
			name = listener
		case listener != "" && !covers(listener, strings.Replace(name, "*", "any", 1)):
			continue
		}
		now := hosting{name, string(h)}
		if covers(name, host) && (!ok || slices.Compare(hostKeys(now), hostKeys(best)) > 0) {
			best, ok = now, true
		}
	}
	return best, ok
}

func covers(name, host string) bool {
	suffix, wildcard := strings.CutPrefix(name, "*")
	return name == "" || name == host || wildcard && strings.HasSuffix(host, suffix) && len(host) > len(suffix)
}

func hostKeys(h hosting) []int {
	precise := func(name string) int {
		if strings.HasPrefix(name, "*") {
			return 0
		}
		return len(name)
	}
	return []int{precise(h.name), len(h.name), precise(h.own), len(h.own)}
}

// first is what the first of the hits in order of precedence does.
func first(hits []hit) string {
	if len(hits) == 0 {
		return "no match"
	}
	return slices.MinFunc(hits, func(a, b hit) int {
		switch {
		case slices.Compare(b.keys, a.keys) != 0:
			return slices.Compare(b.keys, a.keys)
		case !a.created.Equal(b.created):
			return a.created.Compare(b.created)
		case a.name != b.name:
			return strings.Compare(a.name, b.name)
		}
		return a.rule - b.rule
	}).action
}

// doing is what a rule does, as text.
func doing(parts ...any) string {
	var out []string
	for _, p := range parts {
		text, err := json.Marshal(p)
		if err != nil {
			return err.Error()
		}
		out = append(out, strings.ReplaceAll(string(text), "null", "[]"))
	}
	return strings.Join(out, " ")
}
