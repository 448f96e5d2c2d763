package kgateway

import (
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// lost says what of a field kgateway does not tell its Envoy.
func (w *writer) lost(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	w.notes.Lost(doc, path, format, args...)
}

// depends says what the result depends on.
func (w *writer) depends(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	w.notes.Depends(doc, path, format, args...)
}

// unsent says which parents of the Gateway do not take their route.
func (w *writer) unsent(t *routing.Table) {
	for _, r := range t.Topology.Routes {
		for _, p := range r.Parents {
			if p.Gateway != nil && p.Gateway.Key() == w.gateway && p.Refusal != nil {
				w.lost(r.Doc, p.Path(), "the route is left out: %s", p.Refusal.Message)
			}
		}
	}
}

// ruleNotes says what of a rule is not written.
func (w *writer) ruleNotes(r *topology.Rule, a *routing.Action) {
	doc := r.Route.Doc
	if sessions(r) {
		w.lost(doc, r.Path("sessionPersistence"), "session persistence is left out: it needs kgateway's experimental Gateway API features")
	}
	for _, f := range a.Ignored {
		w.lost(doc, r.Path("filters", f.Index), "filter %s is left out without a word in any status: calls are served without it", f.Type)
	}
	left := "filter %s of a backend is left out: calls are served without it"
	if r.Route.HTTP != nil {
		left = "filter %s of a backend of an HTTPRoute is not written here"
		w.depends(doc, nil, "of an HTTPRoute matches, backends, header modifiers and mirrors are written")
		if spec := &r.Route.HTTP.Spec.Rules[r.Index]; spec.Timeouts != nil {
			w.lost(doc, r.Path("timeouts"), "timeouts of an HTTPRoute are not written here")
		}
	}
	for i := range a.Shares {
		b := a.Shares[i].Backend
		for _, f := range b.Filters {
			w.lost(doc, b.Path("filters", f.Index), left, f.Type)
		}
	}
}

func sessions(r *topology.Rule) bool {
	if r.Route.GRPC != nil {
		return r.Route.GRPC.Spec.Rules[r.Index].SessionPersistence != nil
	}
	return r.Route.HTTP.Spec.Rules[r.Index].SessionPersistence != nil
}
