package proxy

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strconv"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"golang.org/x/net/http2/hpack"
)

// state is a configuration made ready. A call keeps the one it began with.
type state struct {
	table     *routing.Table
	plans     map[*routing.Action]*plan
	endpoints map[endpointKey]*endpoint
}

type endpointKey struct {
	address string
	tls     *tls.Config
}

// plan is what happens to the calls of one rule.
type plan struct {
	name, route string
	rule        int
	targets     []target // one per share
}

// target is one backendRef of a rule.
type target struct {
	plan    *plan
	name    string
	backend *backend
	scheme  string
	answer  *profile.Answer // what its calls get when it cannot be used
	why     string
	// request and response are the header modifiers, in the order of use.
	request, response []edit
}

// says names route and backend with what went wrong.
func (t *target) says(err error) string {
	return fmt.Sprintf("%s: backend %s: %v", t.plan.name, t.name, err)
}

// explain adds the headers that name route, rule and backend.
func (t *target) explain(fields []hpack.HeaderField) []hpack.HeaderField {
	return append(slices.Clip(fields),
		hpack.HeaderField{Name: "grpcroute-route", Value: t.plan.route},
		hpack.HeaderField{Name: "grpcroute-rule", Value: strconv.Itoa(t.plan.rule)},
		hpack.HeaderField{Name: "grpcroute-backend", Value: t.name})
}

// Update swaps the configuration. Calls in flight keep theirs, no connection is
// touched but those to addresses that are no longer named, which end with their
// calls.
func (s *Server) Update(c Config) {
	old := s.state.Load()
	st := &state{table: c.Table, plans: map[*routing.Action]*plan{}, endpoints: map[endpointKey]*endpoint{}}
	for _, server := range c.Table.Servers {
		for _, l := range server.Listeners {
			for _, h := range l.Hosts {
				for _, e := range h.Entries {
					s.plan(st, old, &c, server.Profile, e)
				}
			}
		}
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

func (s *Server) plan(st, old *state, c *Config, p *profile.Profile, e *routing.Entry) {
	if st.plans[e.Action] != nil {
		return
	}
	route := e.Route.Kind + " " + e.Route.Key()
	pl := &plan{name: fmt.Sprintf("%s rule %d", route, e.Rule.Index), route: route, rule: e.Rule.Index}
	for i := range e.Action.Shares {
		share := &e.Action.Shares[i]
		b := share.Backend
		t := target{plan: pl, name: fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port), scheme: "http", answer: share.Answer, why: share.Why}
		if t.answer == nil {
			t.filter(p, e.Action.Filters, share.Filters)
		}
		if t.answer == nil {
			t.backend = s.backend(st, old, c, b)
			if len(t.backend.endpoints) > 0 && t.backend.endpoints[0].tls != nil {
				t.scheme = "https"
			}
		}
		pl.targets = append(pl.targets, t)
	}
	st.plans[e.Action] = pl
}

// filter makes the filters of a rule and of one of its backends ready. Requests
// see the rule's first, responses the backend's. A filter that this data plane
// cannot apply must not be skipped: calls fail (GA apis/v1/grpcroute_types.go,
// GRPCRouteRule.Filters).
func (t *target) filter(p *profile.Profile, rule, own []*topology.Filter) {
	for _, f := range slices.Concat(rule, own) {
		request, response, ok := modifiers(f)
		switch {
		case !ok:
			t.answer, t.why = &p.Answers.UnsupportedFilter, fmt.Sprintf("filter %s is not served", f.Type)
			return
		case request != nil:
			t.request = append(t.request, newEdit(request))
		default:
			t.response = append([]edit{newEdit(response)}, t.response...)
		}
	}
}

func (s *Server) backend(st, old *state, c *Config, b *topology.Backend) *backend {
	found := c.Backend(b)
	u := &backend{}
	for _, address := range found.Addresses {
		key := endpointKey{address, found.TLS}
		e := st.endpoints[key]
		if e == nil && old != nil {
			e = old.endpoints[key]
		}
		if e == nil {
			e = &endpoint{srv: s, address: address, tls: withH2(found.TLS)}
		}
		st.endpoints[key] = e
		u.endpoints = append(u.endpoints, e)
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
