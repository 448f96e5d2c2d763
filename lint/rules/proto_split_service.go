package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

var protoSplitService = &lint.Rule{
	ID:       "proto-split-service",
	Summary:  "the methods of one service go to different backends",
	Section:  lint.ProtoSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkProtoSplitService,
	OptIn:    true,
}

func checkProtoSplitService(p *lint.Pass) {
	methods := apiMethods(p.Options.Descriptors)
	if len(methods) == 0 {
		return
	}
	api := newAPICalls(p, methods)
	api.onHosts(func(pl hostPlace, service string, _ *routing.Entry) bool {
		groups := api.groups(pl.server, pl.host, service)
		if len(groups) > 1 {
			reportSplit(p, service, groups)
		}
		return len(groups) > 1
	})
}

// callGroup are the methods of a service that share their backends.
type callGroup struct {
	backends string
	calls    []apiCall
}

// groups sends a call of each method of a service to a host and groups them by the
// backends of the rule that takes it.
func (c *apiCalls) groups(s *routing.Server, h *routing.Host, service string) []callGroup {
	var out []callGroup
	at := map[string]int{}
	for i := range c.methods {
		m := &c.methods[i]
		if m.service != service {
			continue
		}
		r := to(s, routing.Request{Authority: concrete(h.Name), Path: m.path()})
		res := c.x.table.LookupOnce(r)
		if res.Entry == nil || res.Entry.Route.GRPC == nil {
			continue
		}
		names := backendNames(res.Entry.Rule)
		n, ok := at[names]
		if !ok {
			n = len(out)
			at[names] = n
			out = append(out, callGroup{backends: names})
		}
		out[n].calls = append(out[n].calls, apiCall{m, r, res})
	}
	return out
}

// backendNames lists the backends of a rule that get calls.
func backendNames(rule *topology.Rule) string {
	var names []string
	for _, b := range rule.Backends {
		if b.Weight > 0 {
			names = append(names, fmt.Sprintf("%s:%d", b.Name, b.Port))
		}
	}
	if len(names) == 0 {
		return "no backend"
	}
	return list(names)
}

// reportSplit reports at the rule of the first group after the first.
func reportSplit(p *lint.Pass, service string, groups []callGroup) {
	parts := make([]string, len(groups))
	for i, g := range groups {
		names := make([]string, len(g.calls))
		for j := range g.calls {
			names[j] = g.calls[j].method
		}
		parts[i] = firstThree(names) + " to " + g.backends
	}
	e := groups[1].calls[0].result.Entry
	p.Report(e.Route.Doc, e.Rule.Path(), diag.Diagnostic{
		Message: fmt.Sprintf("service %q is spread over %d backends: %s", service, len(groups), strings.Join(parts, "; ")),
		Hint:    "right where backends share the service's state, or each has its own part of it",
		Witness: groups[1].calls[0].witness(),
	})
}
