package envoy

import (
	"net/netip"
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// virtualHosts writes one virtual host for each hostname that somebody names.
func (w *writer) virtualHosts(x *plan.Index, secure bool, selected *routing.Listener) []*routev3.VirtualHost {
	var out []*routev3.VirtualHost
	for _, name := range x.Names {
		if _, err := netip.ParseAddr(name); err == nil || strings.Contains(strings.TrimPrefix(name, "*."), "*") {
			continue // no host has such a name; to Envoy a star anywhere is a wildcard
		}
		v := &routev3.VirtualHost{Name: domain(name), Domains: []string{domain(name)}}
		h, miss := x.Find(name, secure, selected)
		var guard *routev3.HeaderMatcher
		if topology.IsWildcard(name) && x.Server.Profile.Hosts.WildcardOneLabel {
			guard = w.oneLabel(name)
		}
		v.Routes = append(w.routes(x.Server, h, guard), w.missing(miss, guard)...)
		if guard != nil {
			// Hosts with more labels are those of the hostname for any host.
			rest, miss := x.Find("", secure, selected)
			more := &routev3.HeaderMatcher{Name: guard.Name, HeaderMatchSpecifier: guard.HeaderMatchSpecifier, InvertMatch: true}
			v.Routes = append(append(v.Routes, w.routes(x.Server, rest, more)...), w.missing(miss, more)...)
		}
		if len(v.Routes) > 0 || name != "" {
			out = append(out, v)
		}
	}
	return out
}

func domain(name string) string {
	if name == "" {
		return "*"
	}
	return name
}

// oneLabel is the condition that a wildcard covers one label only.
func (w *writer) oneLabel(name string) *routev3.HeaderMatcher {
	text := "(?i)[^.]+" + regexp.QuoteMeta(strings.TrimPrefix(name, "*")) + "(?::[0-9]*)?"
	return &routev3.HeaderMatcher{Name: ":authority", HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
		MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: w.regex(text)},
	}}}
}

// missing writes the answer to calls that no route takes. Envoy's own is 404,
// which is UNIMPLEMENTED to gRPC.
func (w *writer) missing(a *profile.Answer, guard *routev3.HeaderMatcher) []*routev3.Route {
	if a.GRPC == 12 {
		return nil
	}
	r := &routev3.Route{Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}}
	if guard != nil {
		r.Match.Headers = append(r.Match.Headers, guard)
	}
	status, ok := statusFor(a)
	if !ok {
		r.TypedPerFilterConfig, w.faults, status = abort(a), true, 500
	}
	r.Action = &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: status}}
	return []*routev3.Route{r}
}
