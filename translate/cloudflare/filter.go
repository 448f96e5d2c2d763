package cloudflare

import (
	"strings"

	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// filters makes filters of an HTTPRoute of those of a rule, or of a backend.
func (x *loader) filters(of *topology.Backend, list []Filter) []*topology.Filter {
	var out []*topology.Filter
	for i := range list {
		for _, f := range httpFilters(&list[i]) {
			out = append(out, &topology.Filter{Index: len(out), Type: string(f.Type), HTTP: &f})
		}
		if m := list[i].RequestMirror; m != nil {
			out[len(out)-1].Mirror = x.target(m.BackendURL, m.Protocol, m.TLS)
			if of != nil {
				out[len(out)-1].Mirror.Rule = of.Rule
			}
		}
	}
	return out
}

// httpFilters returns one filter, or several for a header modifier that names a
// header twice: the proxy sets, then adds, then removes (internal/proxy/filter.go),
// and the specification orders no such filter.
func httpFilters(f *Filter) []gatewayv1.HTTPRouteFilter {
	kind := gatewayv1.HTTPRouteFilterType(f.Type)
	out := gatewayv1.HTTPRouteFilter{Type: kind}
	switch {
	case f.RequestHeaderModifier != nil && f.Type == "RequestHeaderModifier":
		return modifiers(f.RequestHeaderModifier, func(m *gatewayv1.HTTPHeaderFilter) gatewayv1.HTTPRouteFilter {
			return gatewayv1.HTTPRouteFilter{Type: kind, RequestHeaderModifier: m}
		})
	case f.ResponseHeaderModifier != nil && f.Type == "ResponseHeaderModifier":
		return modifiers(f.ResponseHeaderModifier, func(m *gatewayv1.HTTPHeaderFilter) gatewayv1.HTTPRouteFilter {
			return gatewayv1.HTTPRouteFilter{Type: kind, ResponseHeaderModifier: m}
		})
	case f.RequestMirror != nil:
		out.RequestMirror = &gatewayv1.HTTPRequestMirrorFilter{Percent: f.RequestMirror.Percent}
	case f.RequestRedirect != nil:
		out.RequestRedirect = &gatewayv1.HTTPRequestRedirectFilter{}
		if code := f.RequestRedirect.StatusCode; code != 0 {
			out.RequestRedirect.StatusCode = &code
		}
	}
	return []gatewayv1.HTTPRouteFilter{out}
}

func modifiers(m *HeaderModifier, filter func(*gatewayv1.HTTPHeaderFilter) gatewayv1.HTTPRouteFilter) []gatewayv1.HTTPRouteFilter {
	all := &gatewayv1.HTTPHeaderFilter{Set: fields(m.Set), Add: fields(m.Add), Remove: m.Remove}
	if !namedTwice(m) {
		return []gatewayv1.HTTPRouteFilter{filter(all)}
	}
	return []gatewayv1.HTTPRouteFilter{
		filter(&gatewayv1.HTTPHeaderFilter{Set: all.Set}),
		filter(&gatewayv1.HTTPHeaderFilter{Add: all.Add}),
		filter(&gatewayv1.HTTPHeaderFilter{Remove: all.Remove}),
	}
}

func fields(list []Header) []gatewayv1.HTTPHeader {
	var out []gatewayv1.HTTPHeader
	for _, h := range list {
		out = append(out, gatewayv1.HTTPHeader{Name: gatewayv1.HTTPHeaderName(h.Name), Value: h.Value})
	}
	return out
}

func namedTwice(m *HeaderModifier) bool {
	seen := map[string]int{}
	for _, h := range m.Set {
		seen[strings.ToLower(h.Name)] |= 1
	}
	for _, h := range m.Add {
		seen[strings.ToLower(h.Name)] |= 2
	}
	for _, name := range m.Remove {
		seen[strings.ToLower(name)] |= 4
	}
	for _, in := range seen {
		if in&(in-1) != 0 {
			return true
		}
	}
	return false
}
