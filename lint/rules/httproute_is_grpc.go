package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var httprouteIsGrpc = &lint.Rule{
	ID:       "httproute-is-grpc",
	Summary:  "an HTTPRoute matches gRPC calls by their paths, which a GRPCRoute does by name",
	Section:  lint.MigrationSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkHTTPRouteIsGRPC,
}

// One finding per route names the first such match. Where the backend's port is
// dialled with HTTP/1.1, calls fail, which is worth a warning. A route that cannot
// be converted as it stands has its findings of convert-lossy instead.
func checkHTTPRouteIsGRPC(p *lint.Pass) {
	converted := map[*manifest.Document]*convert.Route{}
	for _, r := range conversions(p) {
		converted[r.Doc] = r
	}
	for route := range ownRoutes(p.Topology) {
		if route.HTTP == nil {
			continue
		}
		var first *httpCall
		n := 0
		for i := range route.HTTP.Spec.Rules {
			for j := range route.HTTP.Spec.Rules[i].Matches {
				if c := httpCallOf(&route.HTTP.Spec.Rules[i].Matches[j]); c != nil {
					if n++; first == nil {
						first, c.path = c, at("spec", "rules", i, "matches", j, "path", "value")
						c.rule = route.Rules[i]
					}
				}
			}
		}
		if first != nil {
			reportHTTPCall(p, route, first, n, converted[route.Doc])
		}
	}
}

// httpCall is a match of an HTTPRoute that takes gRPC calls.
type httpCall struct {
	service, method, value string
	path                   manifest.Path
	rule                   *topology.Rule
}

// httpCallOf reads a match as gRPC: a path that names service or method, and no
// HTTP method but POST.
func httpCallOf(m *gatewayv1.HTTPRouteMatch) *httpCall {
	if m.Path == nil || deref(m.Method, gatewayv1.HTTPMethodPost) != gatewayv1.HTTPMethodPost {
		return nil
	}
	value := deref(m.Path.Value, "")
	service, method, ok := callNames(value)
	kind := deref(m.Path.Type, gatewayv1.PathMatchPathPrefix)
	if !ok || kind == gatewayv1.PathMatchRegularExpression || kind == gatewayv1.PathMatchExact && method == "" {
		return nil
	}
	for _, h := range m.Headers {
		if strings.EqualFold(string(h.Name), "content-type") && (!strings.Contains(h.Value, "grpc") || strings.Contains(h.Value, "grpc-web")) {
			return nil // another protocol with the same paths
		}
	}
	return &httpCall{service: service, method: method, value: value}
}

func reportHTTPCall(p *lint.Pass, route *topology.Route, c *httpCall, n int, as *convert.Route) {
	severity := diag.Info
	message := fmt.Sprintf("path %q is a gRPC call's: a GRPCRoute matches it by name and speaks HTTP/2 to its backends", c.value)
	if n > 1 {
		message = fmt.Sprintf("path %q is a gRPC call's, as are %s more: a GRPCRoute matches them by name and speaks HTTP/2 to its backends", c.value, plural(n-1, "path", "paths"))
	}
	for _, b := range c.rule.Backends {
		if b.ServicePort == nil {
			continue
		}
		if dialled := p.Profile.Backends.Dial(b.Facts()); dialled.Fails && (dialled.Name == "http1") {
			severity = diag.Warning
			message = fmt.Sprintf("path %q is a gRPC call's, and an HTTPRoute speaks HTTP/1.1 to port %d of %s, which carries no gRPC", c.value, b.Port, targetName(b))
			break
		}
	}
	hint := "`grpcroute convert` writes a GRPCRoute with " + matchFor(c.service, c.method) + ", for where the implementation serves that kind"
	if as != nil && as.New == nil && (as.Blocked || len(as.Losses)+len(as.Changes) > 0) {
		if severity < diag.Warning {
			return
		}
		hint = "say \"appProtocol: kubernetes.io/h2c\" at the port of the Service, or write a GRPCRoute: convert-lossy says what would change"
	}
	p.ReportAs(severity, route.Doc, c.path, diag.Diagnostic{Message: message, Hint: hint})
	offerConversion(p, route, as)
}

// offerConversion suggests to make the route a GRPCRoute, where that is one step
// for it and for all others: those that share a host go together.
func offerConversion(p *lint.Pass, route *topology.Route, as *convert.Route) {
	all := p.Conversions()
	switch {
	case as == nil || as.New == nil:
		p.Refuse("a GRPCRoute is not proven to do the same")
	case len(all.Grants) > 0 || slices.ContainsFunc(all.Routes, func(r *convert.Route) bool { return r.New != nil && r.InOneStep() == nil }):
		p.Refuse("it takes more than edits of fields: `grpcroute convert` makes them")
	default:
		suggest(p, lint.SameRouting, route.Doc, "make it a GRPCRoute", as.InOneStep()...)
	}
}
