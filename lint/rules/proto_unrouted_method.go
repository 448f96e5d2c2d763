package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
)

var protoUnroutedMethod = &lint.Rule{
	ID:       "proto-unrouted-method",
	Summary:  "a host takes some methods of a service, and no rule takes the others",
	Section:  lint.ProtoSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkProtoUnroutedMethod,
}

// A service of which a host takes nothing is another host's.
func checkProtoUnroutedMethod(p *lint.Pass) {
	methods := apiMethods(p.Options.Descriptors)
	if len(methods) == 0 {
		return
	}
	api := newAPICalls(p, methods)
	api.onHosts(func(pl hostPlace, service string, e *routing.Entry) bool {
		missing := api.unrouted(pl.server, pl.host, service)
		if len(missing) > 0 {
			reportUnrouted(p, e, missing)
		}
		return len(missing) > 0
	})
}

// servedOn returns the services of which a host takes some methods, each with the
// entry of a GRPCRoute that does so.
func (c *apiCalls) servedOn(h *routing.Host) map[string]*routing.Entry {
	out := map[string]*routing.Entry{}
	for i := range c.methods {
		for _, e := range h.Entries {
			if out[c.methods[i].service] == nil && e.Route.GRPC != nil && e.Host.Name == h.Name && c.takes(e, &c.methods[i]) {
				out[c.methods[i].service] = e
			}
		}
	}
	return out
}

// unrouted returns the methods of a service that no entry of a host takes, whatever
// their headers.
func (c *apiCalls) unrouted(s *routing.Server, h *routing.Host, service string) []apiCall {
	var out []apiCall
	for i := range c.methods {
		m := &c.methods[i]
		if m.service != service {
			continue
		}
		taken := false
		for _, e := range h.Entries {
			taken = taken || c.takes(e, m)
		}
		if taken {
			continue
		}
		r := to(s, routing.Request{Authority: concrete(h.Name), Path: m.path()})
		if res := c.x.table.LookupOnce(r); res.Entry == nil && res.Server == s {
			out = append(out, apiCall{m, r, res})
		}
	}
	return out
}

func reportUnrouted(p *lint.Pass, e *routing.Entry, missing []apiCall) {
	names := make([]string, len(missing))
	for i := range missing {
		names[i] = missing[i].method
	}
	p.Report(e.Route.Doc, e.Rule.Path("matches", max(e.Match, 0)), diag.Diagnostic{
		Message: fmt.Sprintf("other methods of service %q reach no rule on %s: %s", missing[0].service, missing[0].request.Authority, firstThree(names)),
		Hint:    "add a match for them, or one for the service as a whole",
		Related: declared(p, missing[0].apiMethod),
		Witness: missing[0].witness(),
	})
	if e.Match < 0 || len(e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches)+len(missing) > maxRuleMatches {
		p.Refuse("the rule has no room for the matches")
		return
	}
	var changes []manifest.Change
	for i := range missing {
		changes = append(changes, manifest.Append(e.Rule.Path("matches"), manifest.Fields{{Key: "method", Value: manifest.Fields{
			{Key: "service", Value: missing[i].service}, {Key: "method", Value: missing[i].method},
		}}}))
	}
	suggest(p, lint.OwnCalls, e.Route.Doc, "add "+plural(len(missing), "match", "matches")+" to the rule", changes...)
}
