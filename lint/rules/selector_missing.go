package rules

import (
	"iter"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var selectorMissing = &lint.Rule{
	ID:       "selector-missing",
	Summary:  "namespaces are admitted by a selector that is not there, so none is",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkSelectorMissing,
	PerSet:   true,
}

func checkSelectorMissing(p *lint.Pass) {
	for doc, n := range namespaceRules(p.Set) {
		if n.from != gatewayv1.NamespacesFromSelector || n.selector != nil {
			continue
		}
		p.Report(doc, below(n.path, "from"), diag.Diagnostic{
			Message: `from "Selector" has no selector beside it: no namespace is admitted`,
			Hint:    "add selector.matchLabels, or write from: All or from: Same",
		})
	}
}

// namespaceRule is an allowedRoutes.namespaces or allowedListeners.namespaces.
type namespaceRule struct {
	path     manifest.Path
	from     gatewayv1.FromNamespaces // "" when it is left out
	selector *metav1.LabelSelector
}

// namespaceRules walks the namespace rules of Gateways and ListenerSets.
func namespaceRules(set *manifest.Set) iter.Seq2[*manifest.Document, namespaceRule] {
	return func(yield func(*manifest.Document, namespaceRule) bool) {
		for _, g := range set.Gateways.All {
			if a := g.Value.Spec.AllowedListeners; a != nil && a.Namespaces != nil {
				n := namespaceRule{manifest.Path{"spec", "allowedListeners", "namespaces"}, deref(a.Namespaces.From, ""), a.Namespaces.Selector}
				if !yield(g.Doc, n) {
					return
				}
			}
			if !yieldRouteRules(g.Doc, gatewayListeners(g.Value), yield) {
				return
			}
		}
		for _, s := range set.ListenerSets.All {
			if !yieldRouteRules(s.Doc, setListeners(s.Value), yield) {
				return
			}
		}
	}
}

func yieldRouteRules(doc *manifest.Document, ls []*gatewayv1.AllowedRoutes, yield func(*manifest.Document, namespaceRule) bool) bool {
	for i, a := range ls {
		if a == nil || a.Namespaces == nil {
			continue
		}
		path := manifest.Path{"spec", "listeners", i, "allowedRoutes", "namespaces"}
		if !yield(doc, namespaceRule{path, deref(a.Namespaces.From, ""), a.Namespaces.Selector}) {
			return false
		}
	}
	return true
}
