package rules

import (
	"fmt"
	"strings"
	"sync"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// maxReplays bounds the requests that are tried for one claim. The exact engine
// is for what is rarer than that.
const maxReplays = 64

// flipped compiles, when it is first asked for, the table as it would be if a knob
// of the implementation stood differently. What is attached stays as it is.
func flipped(p *lint.Pass, change func(*profile.Profile)) func() *routing.Table {
	return sync.OnceValue(func() *routing.Table {
		changed := *p.Profile
		change(&changed)
		t := *p.Topology
		t.Profile, t.Routes, t.Gateways = &changed, nil, nil
		for _, g := range p.Topology.Gateways {
			copied := *g
			copied.Profile = &changed
			t.Gateways = append(t.Gateways, &copied)
		}
		return routing.Compile(&t)
	})
}

// same reports whether two look-ups end alike: with one rule, or without any.
func same(a, b routing.Result) bool {
	if a.Entry == nil || b.Entry == nil {
		return a.Entry == b.Entry && a.Outcome == b.Outcome
	}
	return a.Entry.Rule == b.Entry.Rule
}

// to addresses a request to a server.
func to(s *routing.Server, r routing.Request) *routing.Request {
	r.Port = s.Port
	if len(s.Gateways) > 0 {
		r.Gateway = s.Gateways[0].Key()
	}
	return &r
}

// witness is a replayed request as users get it.
func witness(r *routing.Request, l *topology.Listener) *diag.Witness {
	w := &diag.Witness{Gateway: r.Gateway, Port: r.Port, Authority: r.Authority, Path: r.Path, Headers: map[string]string{}}
	if l != nil {
		w.Gateway, w.Listener, w.Port = l.Gateway.Key(), l.Name, l.Port
	}
	for _, h := range r.Headers {
		w.Headers[h.Name] = h.Value
	}
	return w
}

// listenerOf returns the listener a look-up went through, nil when it has none.
func listenerOf(r routing.Result) *topology.Listener {
	if r.Listener == nil {
		return nil
	}
	return r.Listener.Topology
}

// concrete is a host that a hostname covers.
func concrete(hostname string) string {
	switch {
	case hostname == "":
		return "any-host.example"
	case topology.IsWildcard(hostname):
		return "any" + hostname[1:]
	}
	return hostname
}

// call writes a request as explain takes it, with its headers.
func call(r *routing.Request) string {
	var b strings.Builder
	b.WriteString(r.Authority + r.Path)
	for _, h := range r.Headers {
		fmt.Fprintf(&b, " with %s: %s", h.Name, h.Value)
	}
	return b.String()
}

// ends says what becomes of a call, and that of the client without a rule.
func ends(r routing.Result) string {
	switch {
	case r.Entry != nil:
		return "reaches " + ruleName(r.Entry.Rule)
	case r.Answer != nil:
		return "gets " + code(r.Answer.GRPC)
	}
	return "finds no rule"
}

// ruleName names a rule with its route.
func ruleName(r *topology.Rule) string {
	return fmt.Sprintf("rules[%d] of %s %s", r.Index, r.Route.Kind, r.Route.Key())
}

// code names a gRPC status code as specifications write it.
func code(c int) string {
	names := [...]string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
		"UNAUTHENTICATED",
	}
	if c < 0 || c >= len(names) {
		return fmt.Sprintf("code %d", c)
	}
	return names[c]
}

// unconditional reports whether an entry takes every call.
func unconditional(e *routing.Entry) bool {
	return e.Dead == "" && e.Unit.Path.Kind == profile.AnyPath && e.Unit.Headers == 0
}

// hostnameField is where the hostname of an entry is written in its route:
// spec.hostnames[i], or the spec of a route that has none.
func hostnameField(r *topology.Route, own string) []any {
	for i, name := range r.Hostnames {
		if name == own {
			return []any{"spec", "hostnames", i}
		}
	}
	return []any{"spec", "hostnames"}
}
