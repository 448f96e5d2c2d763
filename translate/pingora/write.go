package pingora

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Options are what a message depends on that no manifest says.
type Options struct {
	Version       uint64
	ClusterDomain string // of cluster DNS; "" for cluster.local
	// Intended writes what the controller's documents promise where the message has
	// a word for it: backends that are spoken to with HTTP/2 in the clear, and no
	// backend of weight 0. Otherwise the message is what the controller sends.
	Intended bool
}

// writer gathers a message.
type writer struct {
	out    *UpdateRoutes
	o      Options
	table  *routing.Table
	notes  diag.List
	first  map[string]int // of what is said once for all, by message: the note
	counts map[string]int // how often it was said
}

// Translate writes the message for the routes of a table under [Profile]. Routes
// are in the order of their age, then by namespace and name: the controller sends
// them in the order of a list without one, and the proxy keeps none.
//
// Diagnostics of severity warning are what gets lost, those of severity info what
// the result depends on.
func Translate(t *routing.Table, o Options) (*UpdateRoutes, diag.List) {
	o.ClusterDomain = cmp.Or(strings.TrimSuffix(o.ClusterDomain, "."), "cluster.local")
	w := &writer{out: &UpdateRoutes{Version: o.Version}, o: o, table: t, first: map[string]int{}, counts: map[string]int{}}
	w.listeners()
	routes := attached(t)
	w.unsent(routes)
	for _, r := range routes {
		w.routeNotes(r)
		if r.GRPC != nil {
			w.out.GRPCRoutes = append(w.out.GRPCRoutes, w.grpcRoute(r))
		} else {
			w.out.HTTPRoutes = append(w.out.HTTPRoutes, w.httpRoute(r))
		}
	}
	w.count()
	w.notes.Sort()
	return w.out, w.notes
}

// attached lists the routes that some listener takes, the oldest first.
func attached(t *routing.Table) []*topology.Route {
	var out []*topology.Route
	seen := map[*topology.Route]bool{}
	for _, s := range t.Servers {
		for _, l := range s.Listeners {
			if l.Topology == nil {
				continue
			}
			for _, at := range l.Topology.Attached {
				if r := at.Parent.Route; !seen[r] {
					seen[r] = true
					out = append(out, r)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *topology.Route) int {
		return cmp.Or(older(a, b), strings.Compare(a.Key(), b.Key()))
	})
	return out
}

// older orders by age; a route without one is not in a cluster yet.
func older(a, b *topology.Route) int {
	x, y := created(a), created(b)
	switch {
	case x.IsZero() && y.IsZero():
		return 0
	case x.IsZero():
		return 1
	case y.IsZero():
		return -1
	}
	return x.Compare(y)
}

func created(r *topology.Route) time.Time {
	if r.GRPC != nil {
		return r.GRPC.CreationTimestamp.Time
	}
	return r.HTTP.CreationTimestamp.Time
}

func hostnames(list []gatewayv1.Hostname) []string {
	var out []string
	for _, h := range list {
		out = append(out, string(h))
	}
	return out
}

// grpcRoute copies a GRPCRoute as the controller does.
func (w *writer) grpcRoute(r *topology.Route) GRPCRoute {
	out := GRPCRoute{ID: r.Key(), Hostnames: hostnames(r.GRPC.Spec.Hostnames)}
	for i, rule := range r.Rules {
		spec := &r.GRPC.Spec.Rules[i]
		w.ruleNotes(rule, spec.SessionPersistence != nil)
		to := GRPCRule{Backends: w.backends(rule)}
		for j := range spec.Matches {
			to.Matches = append(to.Matches, w.grpcMatch(rule, j, &spec.Matches[j]))
		}
		out.Rules = append(out.Rules, to)
	}
	return out
}

func (w *writer) grpcMatch(rule *topology.Rule, j int, m *gatewayv1.GRPCRouteMatch) GRPCMatch {
	var out GRPCMatch
	if m.Method != nil {
		out.Method = &MethodMatch{Service: otherwise(m.Method.Service, ""), Method: otherwise(m.Method.Method, "")}
		kind := string(otherwise(m.Method.Type, gatewayv1.GRPCMethodMatchExact))
		out.Method.Type = w.kind(kind, methodExact, methodRegex, rule, "matches", j, "method", "type")
	}
	for k, h := range m.Headers {
		kind := string(otherwise(h.Type, gatewayv1.GRPCHeaderMatchExact))
		out.Headers = append(out.Headers, w.header(rule, j, k, string(h.Name), h.Value, kind))
	}
	return out
}

func (w *writer) header(rule *topology.Rule, j, k int, name, value, kind string) HeaderMatch {
	return HeaderMatch{Name: name, Value: value, Type: w.kind(kind, headerExact, headerRegex, rule, "matches", j, "headers", k, "type")}
}

// kind writes whether a value is a literal or an expression.
func (w *writer) kind(kind, exact, regex string, rule *topology.Rule, path ...any) string {
	switch kind {
	case "Exact":
		return exact
	case "RegularExpression":
		w.lost(rule.Route.Doc, rule.Path(path...), "the expression is sent as it is: whether it must match all or a part is not defined")
		return regex
	}
	w.lost(rule.Route.Doc, rule.Path(path...), "type %q is none: it is sent as unspecified", kind)
	return ""
}

// httpRoute copies an HTTPRoute, which shares the proxy's table.
func (w *writer) httpRoute(r *topology.Route) HTTPRoute {
	out := HTTPRoute{ID: r.Key(), Hostnames: hostnames(r.HTTP.Spec.Hostnames)}
	for i, rule := range r.Rules {
		spec := &r.HTTP.Spec.Rules[i]
		w.ruleNotes(rule, spec.SessionPersistence != nil)
		to := HTTPRule{Backends: w.backends(rule), TimeoutMS: w.timeout(rule, spec)}
		for j := range spec.Matches {
			to.Matches = append(to.Matches, w.httpMatch(rule, j, &spec.Matches[j]))
		}
		if len(spec.Matches) == 0 {
			to.Matches = []HTTPMatch{{Path: &PathMatch{Type: pathPrefix, Value: "/"}}}
		}
		out.Rules = append(out.Rules, to)
	}
	return out
}

func (w *writer) httpMatch(rule *topology.Rule, j int, m *gatewayv1.HTTPRouteMatch) HTTPMatch {
	// What is not said the API server fills in.
	out := HTTPMatch{Path: &PathMatch{Type: pathPrefix, Value: "/"}, Method: string(otherwise(m.Method, ""))}
	if p := m.Path; p != nil {
		out.Path.Value = otherwise(p.Value, "/")
		if kind := otherwise(p.Type, gatewayv1.PathMatchPathPrefix); kind != gatewayv1.PathMatchPathPrefix {
			out.Path.Type = w.kind(string(kind), pathExact, pathRegex, rule, "matches", j, "path", "type")
		}
	}
	for k, h := range m.Headers {
		kind := string(otherwise(h.Type, gatewayv1.HeaderMatchExact))
		out.Headers = append(out.Headers, w.header(rule, j, k, string(h.Name), h.Value, kind))
	}
	for k, q := range m.QueryParams {
		kind := w.kind(string(otherwise(q.Type, gatewayv1.QueryParamMatchExact)), queryExact, queryRegex, rule, "matches", j, "queryParams", k, "type")
		out.QueryParams = append(out.QueryParams, QueryMatch{Name: string(q.Name), Value: q.Value, Type: kind})
	}
	return out
}

// timeout is that of the whole request, the only one that is sent.
func (w *writer) timeout(rule *topology.Rule, spec *gatewayv1.HTTPRouteRule) uint64 {
	if spec.Timeouts == nil {
		return 0
	}
	if spec.Timeouts.BackendRequest != nil {
		w.lost(rule.Route.Doc, rule.Path("timeouts", "backendRequest"), "the timeout of a backend's answer is not sent")
	}
	if spec.Timeouts.Request == nil {
		return 0
	}
	d, err := time.ParseDuration(string(*spec.Timeouts.Request))
	if err != nil || d < 0 {
		return 0 // the API server refuses it
	}
	w.depends(rule.Route.Doc, rule.Path("timeouts", "request"), "the timeout is sent, and the proxy (%s) does not apply it", proxyCommit)
	return uint64(d.Milliseconds())
}

func otherwise[T any](p *T, value T) T {
	if p == nil {
		return value
	}
	return *p
}
