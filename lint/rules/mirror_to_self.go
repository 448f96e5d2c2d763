package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

var mirrorToSelf = &lint.Rule{
	ID:       "mirror-to-self",
	Summary:  "a mirror copies calls to a backend that serves them already",
	Section:  lint.FilterSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkMirrorToSelf,
}

func checkMirrorToSelf(p *lint.Pass) {
	x := &places{table: p.Table}
	for rule := range grpcRules(p.Topology) {
		for _, f := range rule.Filters {
			reportMirrorToSelf(p, x, rule, f, rule.Backends, rule.Path("filters", f.Index))
		}
		for _, b := range rule.Backends {
			for _, f := range b.Filters {
				reportMirrorToSelf(p, x, rule, f, []*topology.Backend{b}, b.Path("filters", f.Index))
			}
		}
	}
}

func reportMirrorToSelf(p *lint.Pass, x *places, rule *topology.Rule, f *topology.Filter, primaries []*topology.Backend, path manifest.Path) {
	// One that the implementation does not serve has no target.
	if f.Mirror == nil || noShare(f.GRPC.RequestMirror) != nil {
		return
	}
	total := int64(0)
	for _, b := range rule.Backends {
		total += int64(b.Weight)
	}
	for _, b := range primaries {
		if keyOf(b) != keyOf(f.Mirror) || b.Weight == 0 {
			continue
		}
		some := ""
		if int64(b.Weight) < total {
			some = share(int64(b.Weight), total) + " of "
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("calls are copied to %s, port %d, which gets %sthem already: what it does for a call it does twice", targetName(b), b.Port, some),
			Hint:    "mirror to another Service, or remove the filter",
			Related: []diag.Related{{Message: "the backendRef", Range: rule.Route.Doc.Range(b.Path()...)}},
		}
		if request, res, ok := x.replay(rule, func(r routing.Result) bool { return r.Answer == nil }); ok {
			d.Witness = witness(request, listenerOf(res))
		}
		p.Report(rule.Route.Doc, below(path, "requestMirror", "backendRef"), d)
		return
	}
}
