package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var meshConsumerOverridesProducer = &lint.Rule{
	ID:       "mesh-consumer-overrides-producer",
	Summary:  "a consumer route replaces all producer routes for callers in its namespace",
	Section:  lint.AttachmentSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkMeshConsumerOverridesProducer,
	PerSet:   true,
}

// GEP-1294: a route in the Service's namespace is a producer route, any other one
// a consumer route; callers in a namespace with consumer routes use those only,
// and rules of the two are never merged.
func checkMeshConsumerOverridesProducer(p *lint.Pass) {
	producers := map[target]*manifest.Document{}
	for route, i := range parentRefs(p.Set) {
		t := targetOf(route.Doc, &route.Value.Spec.ParentRefs[i])
		if t.isService() && t.namespace == route.Doc.Ref.Namespace && producers[t] == nil {
			producers[t] = route.Doc
		}
	}
	if len(producers) == 0 {
		return
	}
	for route, i := range parentRefs(p.Set) {
		t := targetOf(route.Doc, &route.Value.Spec.ParentRefs[i])
		own := route.Doc.Ref.Namespace
		if !t.isService() || t.namespace == own || producers[t] == nil {
			continue
		}
		p.Report(route.Doc, manifest.Path{"spec", "parentRefs", i}, diag.Diagnostic{
			Message: fmt.Sprintf("calls from namespace %q to Service %q use this route instead of the producer's: calls that it does not match are not passed on to %s", own, t.namespace+"/"+t.name, producers[t].Ref),
			Related: []diag.Related{{Message: "the producer route", Range: producers[t].Range("metadata", "name")}},
		})
	}
}
