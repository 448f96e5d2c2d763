package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var grantMissing = &lint.Rule{
	ID:       "grant-missing",
	Summary:  "a reference into another namespace that no ReferenceGrant permits",
	Section:  lint.GrantSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkGrantMissing,
}

// Without --assume=absent a grant may be elsewhere. It is then an info, once for
// a route and target, and only when the input shows the other namespace at all:
// its grants would be expected beside what is there.
func checkGrantMissing(p *lint.Pass) {
	var g *grants
	type key struct{ route, namespace, kind, name string }
	seen := map[key]bool{}
	for ref := range ungranted(p) {
		if g == nil {
			g = grantsOf(p)
		}
		route := ref.Rule.Route
		k := key{route.Kind + "/" + route.Key(), ref.Namespace, ref.Kind, ref.Name}
		if _, ok := g.nearest(ref); ok || seen[k] {
			continue // grant-wrong-kind and its like name the grant
		}
		seen[k] = true
		d := diag.Diagnostic{
			Certainty: ref.Refusal.Certainty,
			Message:   fmt.Sprintf("%s is in another namespace, and no ReferenceGrant there permits it for a %s of %q", targetName(ref), route.Kind, route.Namespace),
			Hint:      "add to namespace " + ref.Namespace + ": " + minimalGrant(p, ref),
		}
		if d.Certainty != diag.Unknown {
			p.Report(route.Doc, ref.Path("namespace"), d)
			suggestGrant(p, ref)
			continue
		}
		if p.Set.HasNamespace(ref.Namespace) {
			d.Message = fmt.Sprintf("%s is in another namespace and needs a ReferenceGrant there, which the input does not hold", targetName(ref))
			p.ReportAs(diag.Info, route.Doc, ref.Path("namespace"), d)
			suggestGrant(p, ref)
		}
	}
}
