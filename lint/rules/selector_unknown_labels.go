package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var selectorUnknownLabels = &lint.Rule{
	ID:       "selector-unknown-labels",
	Summary:  "a listener chooses namespaces by labels and the Namespace is not in the input",
	Section:  lint.AttachmentSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkSelectorUnknownLabels,
}

// One Namespace decides for all its routes, so that it is asked for once.
func checkSelectorUnknownLabels(p *lint.Pass) {
	asked := map[string]bool{}
	for r := range grpcRoutes(p.Topology) {
		a := undecidedBySelector(p, r)
		if a == nil || asked[r.Namespace] {
			continue
		}
		asked[r.Namespace] = true
		p.ReportAs(diag.Info, r.Doc, a.Parent.Path(), diag.Diagnostic{
			Certainty: diag.Unknown,
			Message:   fmt.Sprintf("%s admits namespaces by label, and Namespace %q is not in the input: whether the route attaches is not known", a.Listener.String(), r.Namespace),
			Hint:      fmt.Sprintf("lint the manifest of Namespace %q with the others", r.Namespace),
		})
		p.Once(lint.Subject{Name: r.Namespace}, lint.RankOf(r))
	}
}

// undecidedBySelector returns the first attachment of a route that hangs on the
// labels of its Namespace; nil for none.
func undecidedBySelector(p *lint.Pass, r *topology.Route) *topology.Attachment {
	if p.Set.Namespaces.Get("", r.Namespace) != nil {
		return nil
	}
	for _, parent := range r.Parents {
		for _, a := range parent.Attachments {
			open := a.Certainty == diag.Unknown || a.Refusal != nil && a.Refusal.Certainty == diag.Unknown
			if open && a.Listener.Index >= 0 && fromOf(a.Listener) == gatewayv1.NamespacesFromSelector {
				return a
			}
		}
	}
	return nil
}
