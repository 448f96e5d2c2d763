package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var catchAllHost = &lint.Rule{
	ID:       "catch-all-host",
	Summary:  "neither route nor listener names a host, so that the route takes calls for any",
	Section:  lint.HostnameSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkCatchAllHost,
}

func checkCatchAllHost(p *lint.Pass) {
	for r := range grpcRoutes(p.Topology) {
		if len(r.Hostnames) > 0 {
			continue
		}
		l := catchAllListener(r)
		if l == nil {
			continue
		}
		p.Report(r.Doc, manifest.Path{"spec", "hostnames"}, diag.Diagnostic{
			Message: fmt.Sprintf("the route has no hostnames and %s none either: it takes calls for any host that no other route names", l.String()),
			Hint:    "name the hosts in spec.hostnames, or give the listener a hostname",
			Related: []diag.Related{{Message: "the listener", Range: l.Doc().Range(l.Path()...)}},
		})
	}
}

// catchAllListener returns the first listener without hostname that a route is
// attached to; nil for none, or when it is not in the input.
func catchAllListener(r *topology.Route) *topology.Listener {
	for _, p := range r.Parents {
		for _, a := range p.Attachments {
			if a.Refusal == nil && a.Listener.Index >= 0 && a.Listener.Hostname == "" {
				return a.Listener
			}
		}
	}
	return nil
}
