package cloudflare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Options are what a configuration depends on that no manifest says.
type Options struct {
	Version       int64
	ClusterDomain string // of cluster DNS; "" for cluster.local
}

// Translate writes the configuration that the controller would push for a table
// under its profile (internal/proxy/grpc_converter.go and converter.go). What the
// proxy cannot be told is in the notes.
func Translate(t *routing.Table, o Options) (*Config, []Note) {
	w := &writer{
		config: &Config{Version: o.Version}, domain: cmp.Or(strings.TrimSuffix(o.ClusterDomain, "."), "cluster.local"),
		set: t.Topology.Set, rules: map[*topology.Rule]*served{},
	}
	for _, s := range t.Servers {
		if s.Service == "" {
			w.gather(s)
		}
	}
	slices.SortStableFunc(w.routes, flattened)
	for _, r := range w.routes {
		for _, rule := range r.Rules {
			if got := w.rules[rule]; got != nil {
				w.rule(rule, got)
			}
		}
	}
	return w.config, w.notes
}

// Note is something that the configuration does not say as the manifests do.
type Note struct {
	Route *topology.Route
	Rule  int
	Text  string // one sentence, lower case, no full stop
}

// writer gathers a configuration.
type writer struct {
	config *Config
	notes  []Note
	domain string
	set    set
	routes []*topology.Route
	rules  map[*topology.Rule]*served
}

// served is a rule as the table has it.
type served struct {
	entries []*routing.Entry // of one hostname
	hosts   []string
}

// gather notes which rules a server has, and for which hosts.
func (w *writer) gather(s *routing.Server) {
	seen := map[*routing.Entry]bool{}
	for _, l := range s.Listeners {
		for _, h := range l.Hosts {
			for _, e := range h.Entries {
				if !seen[e] && e.Host.Name == h.Name {
					seen[e] = true
					w.entry(e)
				}
			}
		}
	}
}

func (w *writer) entry(e *routing.Entry) {
	got := w.rules[e.Rule]
	if got == nil {
		got = &served{}
		w.rules[e.Rule] = got
		if !slices.Contains(w.routes, e.Route) {
			w.routes = append(w.routes, e.Route)
		}
	}
	if !slices.Contains(got.hosts, e.Host.Name) {
		got.hosts = append(got.hosts, e.Host.Name)
	}
	if e.Host.Name == got.hosts[0] {
		got.entries = append(got.entries, e)
	}
}

// flattened orders routes as the controller does: HTTPRoutes first, then the
// oldest, then by namespace and name. A route without an age would be the
// youngest.
func flattened(a, b *topology.Route) int {
	created := func(r *topology.Route) (int64, bool) {
		var at metav1.Time
		if r.GRPC != nil {
			at = r.GRPC.CreationTimestamp
		} else {
			at = r.HTTP.CreationTimestamp
		}
		return at.Unix(), !at.IsZero()
	}
	x, knownX := created(a)
	y, knownY := created(b)
	order := 0
	switch {
	case knownX && knownY:
		order = cmp.Compare(x, y)
	case knownX:
		order = -1
	case knownY:
		order = 1
	}
	return cmp.Or(strings.Compare(b.Kind, a.Kind), order, strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
}

// rule writes one rule.
func (w *writer) rule(r *topology.Rule, got *served) {
	note := func(format string, args ...any) {
		w.notes = append(w.notes, Note{r.Route, r.Index, fmt.Sprintf(format, args...)})
	}
	out := Rule{}
	if !slices.Contains(got.hosts, "") {
		out.Hostnames = got.hosts
	}
	for _, e := range got.entries {
		if m := matchOf(e); m != nil {
			out.Matches = append(out.Matches, *m)
		}
	}
	if slices.ContainsFunc(out.Matches, func(m Match) bool { return m.Path == nil && len(m.Headers)+len(m.QueryParams) == 0 && m.Method == "" }) {
		out.Matches = nil // the one match takes everything
	}
	a := got.entries[0].Action
	out.Filters = w.filters(a.Filters, note)
	if fails(r.Filters, a) {
		out.UnavailableStatus = a.Answer.HTTP
	}
	for i := range a.Shares {
		if b := w.backend(&a.Shares[i], note); b != nil {
			out.Backends = append(out.Backends, *b)
		}
	}
	if r.Route.GRPC != nil {
		w.config.HasGRPCRoute = true
		if r.Route.GRPC.Spec.Rules[r.Index].SessionPersistence != nil {
			note("session persistence is ignored")
		}
	} else if t := r.Route.HTTP.Spec.Rules[r.Index].Timeouts; t != nil {
		out.Timeouts = &Timeouts{}
		if t.Request != nil {
			out.Timeouts.Request = string(*t.Request)
		}
		if t.BackendRequest != nil {
			out.Timeouts.Backend = string(*t.BackendRequest)
		}
	}
	w.config.Rules = append(w.config.Rules, out)
}

// fails reports whether the rule as a whole is answered with a status because of
// its filters.
func fails(filters []*topology.Filter, a *routing.Action) bool {
	served := len(a.Filters) + len(a.Ignored)
	return a.Answer != nil && served < len(filters)
}

// matchOf writes a match, nil for one that the converter drops.
func matchOf(e *routing.Entry) *Match {
	if e.Dead != "" && e.Unit.Path.Kind == profile.AnyPath && e.Unit.Headers == 0 && !e.Unit.HTTP {
		return nil // an empty match beside others
	}
	if e.Route.HTTP != nil {
		return httpMatch(e)
	}
	out := &Match{}
	switch form := e.Unit.Path; form.Type {
	case profile.ExactType:
		out.Path = &PathMatch{Type: "Exact", Value: form.Value}
	case profile.PrefixType:
		out.Path = &PathMatch{Type: "PathPrefix", Value: form.Value}
	case profile.RegexType:
		out.Path = &PathMatch{Type: "RegularExpression", Value: form.Value}
	}
	if e.Match < 0 {
		return out
	}
	for _, h := range e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches[e.Match].Headers {
		kind := "Exact"
		if h.Type != nil {
			kind = string(*h.Type)
		}
		out.Headers = append(out.Headers, ValueMatch{Type: kind, Name: string(h.Name), Value: h.Value})
	}
	return out
}

// httpMatch writes a match of an HTTPRoute, whose path the API server fills in.
func httpMatch(e *routing.Entry) *Match {
	var m gatewayv1.HTTPRouteMatch
	if e.Match >= 0 {
		m = e.Route.HTTP.Spec.Rules[e.Rule.Index].Matches[e.Match]
	}
	out := &Match{Path: &PathMatch{Type: "PathPrefix", Value: "/"}}
	if p := m.Path; p != nil {
		out.Path.Type, out.Path.Value = string(otherwise(p.Type, "PathPrefix")), otherwise(p.Value, "/")
	}
	for _, h := range m.Headers {
		out.Headers = append(out.Headers, ValueMatch{string(otherwise(h.Type, "Exact")), string(h.Name), h.Value})
	}
	for _, q := range m.QueryParams {
		out.QueryParams = append(out.QueryParams, ValueMatch{string(otherwise(q.Type, "Exact")), string(q.Name), q.Value})
	}
	out.Method = string(otherwise(m.Method, ""))
	return out
}

func otherwise[T any](p *T, value T) T {
	if p == nil {
		return value
	}
	return *p
}
