package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	corev1 "k8s.io/api/core/v1"
)

var backendHeadless = &lint.Rule{
	ID:       "backend-headless",
	Summary:  "a backend is a headless Service: calls go to the pods' own addresses and ports",
	Section:  lint.BackendSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkBackendHeadless,
}

// One finding a Service, where it is first referred to.
func checkBackendHeadless(p *lint.Pass) {
	var seen map[*manifest.Document]bool
	for b := range backends(p.Topology) {
		s := b.Service
		if s == nil || s.Value.Spec.ClusterIP != corev1.ClusterIPNone || seen[s.Doc] {
			continue
		}
		if seen == nil {
			seen = map[*manifest.Document]bool{}
		}
		seen[s.Doc] = true
		p.Report(b.Rule.Route.Doc, b.Path("name"), diag.Diagnostic{
			Message: fmt.Sprintf("Service %q is headless: an implementation that routes to its cluster IP has none to use", b.Namespace+"/"+b.Name),
			Hint:    "routing to endpoint addresses works; for gRPC a Service with a cluster IP is the portable choice",
			Related: []diag.Related{{Message: "clusterIP: None", Range: s.Doc.Range("spec", "clusterIP")}},
		})
		p.Once(lint.Subject{Doc: s.Doc}, lint.RankOf(b.Rule.Route))
	}
}
