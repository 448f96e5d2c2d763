package proxy

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"iter"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// state is a configuration made ready. A call keeps the one it began with.
type state struct {
	table     *routing.Table
	plans     map[planKey]*plan
	endpoints map[endpointKey]*endpoint
}

// planKey: servers share the actions of a rule, and each reaches backends in its
// own way.
type planKey struct {
	server *routing.Server
	action *routing.Action
}

type endpointKey struct {
	address string
	tls     *tls.Config
	mirror  bool // copies have connections of their own
}

// plan is what happens to the calls of one rule.
type plan struct {
	name, route string
	rule        int
	ruleName    string
	targets     []target      // one per share
	request     []edit        // the rule's header modifiers for requests
	mirrors     []mirror      // the rule's
	timeout     time.Duration // of the rule; 0 for none
}

// target is one backendRef of a rule.
type target struct {
	plan    *plan
	name    string
	backend *backend
	answer  *profile.Answer // what its calls get when it cannot be used
	why     string
	// request and response are header modifiers in the order of use: for requests
	// the backendRef's own, after the rule's; for responses all of them.
	request, response []edit
	mirrors           []mirror // the backendRef's
}

// says names route and backend with what went wrong.
func (t *target) says(err error) string {
	return fmt.Sprintf("%s: backend %s: %v", t.plan.name, t.name, err)
}

// Update swaps the configuration. Calls in flight keep theirs, no connection is
// touched but those to addresses that are no longer named, which end with their
// calls.
func (s *Server) Update(c Config) {
	s.update.Lock()
	defer s.update.Unlock()
	old := s.state.Load()
	st := &state{table: c.Table, plans: map[planKey]*plan{}, endpoints: map[endpointKey]*endpoint{}}
	for e, server := range entries(c.Table) {
		s.plan(st, old, &c, server, e)
	}
	s.state.Store(st)
	if old == nil {
		return
	}
	for key, e := range old.endpoints {
		if st.endpoints[key] != e {
			e.retire()
		}
	}
}

// entries walks a table. An entry comes as often as hosts have it.
func entries(t *routing.Table) iter.Seq2[*routing.Entry, *routing.Server] {
	return func(yield func(*routing.Entry, *routing.Server) bool) {
		for _, server := range t.Servers {
			for _, l := range server.Listeners {
				for _, h := range l.Hosts {
					for _, e := range h.Entries {
						if !yield(e, server) {
							return
						}
					}
				}
			}
		}
	}
}

func (s *Server) plan(st, old *state, c *Config, of *routing.Server, e *routing.Entry) {
	key := planKey{of, e.Action}
	if st.plans[key] != nil {
		return
	}
	route := e.Route.Kind + " " + e.Route.Key()
	pl := &plan{name: fmt.Sprintf("%s rule %d", route, e.Rule.Index), route: route, rule: e.Rule.Index, ruleName: e.Rule.Name, timeout: ruleTimeout(e.Rule)}
	for i := range e.Action.Shares {
		share := &e.Action.Shares[i]
		b := share.Backend
		t := target{plan: pl, name: b.Label(), answer: share.Answer, why: share.Why}
		if t.answer == nil {
			t.backend = s.backend(st, old, c, of, b, false)
		}
		pl.targets = append(pl.targets, t)
	}
	s.filters(st, old, c, of, pl, e.Action)
	st.plans[key] = pl
}

// filters makes the filters of a rule and of its backends ready. Requests see the
// rule's first, responses the backend's.
func (s *Server) filters(st, old *state, c *Config, of *routing.Server, pl *plan, a *routing.Action) {
	ready := func(list []*topology.Filter, request, response *[]edit, mirrors *[]mirror) (unserved string) {
		for _, f := range list {
			forRequest, forResponse, ok := modifiers(f)
			switch {
			case ok && forRequest != nil:
				*request = append(*request, newEdit(forRequest))
			case ok:
				*response = append([]edit{newEdit(forResponse)}, *response...)
			default:
				m, ok := s.newMirror(st, old, c, of, f)
				if !ok {
					return fmt.Sprintf("filter %s is not served", f.Type)
				}
				*mirrors = append(*mirrors, m)
			}
		}
		return ""
	}
	var response []edit
	unserved := ready(a.Filters, &pl.request, &response, &pl.mirrors)
	for i := range pl.targets {
		t := &pl.targets[i]
		why := ready(a.Shares[i].Filters, &t.request, &t.response, &t.mirrors)
		t.response = append(t.response, response...)
		// They must not be skipped (GA apis/v1/grpcroute_types.go, GRPCRouteRule.Filters).
		// Those of the rule come before the choice of a backend.
		if why = cmp.Or(unserved, why); unserved != "" || why != "" && t.answer == nil {
			t.answer, t.why = &of.Profile.Answers.UnsupportedFilter, why
		}
	}
}

// ruleTimeout is how long a call of an HTTPRoute's rule may take, 0 for no limit.
// A GRPCRoute has none. There is one attempt that a backend sees, so that the
// limits for the request and for the backend's part are one.
func ruleTimeout(r *topology.Rule) time.Duration {
	if r.Route.HTTP == nil || r.Route.HTTP.Spec.Rules[r.Index].Timeouts == nil {
		return 0
	}
	var least time.Duration
	spec := r.Route.HTTP.Spec.Rules[r.Index].Timeouts
	for _, text := range []*gatewayv1.Duration{spec.Request, spec.BackendRequest} {
		if text == nil {
			continue
		}
		// What does not parse is refused by the API server.
		if d, err := time.ParseDuration(string(*text)); err == nil && d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

func (s *Server) backend(st, old *state, c *Config, of *routing.Server, b *topology.Backend, mirror bool) *backend {
	found := c.Backend(of, b)
	u := &backend{scheme: "http", why: cmp.Or(found.Err, errNoAddress)}
	for _, address := range found.Addresses {
		key := endpointKey{address, found.TLS, mirror}
		e := st.endpoints[key]
		if e == nil && old != nil {
			e = old.endpoints[key]
		}
		if e == nil {
			e = &endpoint{srv: s, address: address, tls: withH2(found.TLS), mirror: mirror}
		}
		st.endpoints[key] = e
		u.endpoints = append(u.endpoints, e)
	}
	if found.TLS != nil {
		u.scheme = "https"
	}
	return u
}

func withH2(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.NextProtos = []string{"h2"}
	c.DynamicRecordSizingDisabled = true
	return c
}
