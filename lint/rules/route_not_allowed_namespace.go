package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var routeNotAllowedNamespace = &lint.Rule{
	ID:       "route-not-allowed-namespace",
	Summary:  "no listener of the parent takes routes from the route's namespace",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkRouteNotAllowedNamespace,
}

func checkRouteNotAllowedNamespace(p *lint.Pass) {
	reportRefused(p, profile.NamespaceStage, func(parent *topology.Parent, a *topology.Attachment) {
		own, l := parent.Route.Namespace, a.Listener
		d := diag.Diagnostic{
			Certainty: a.Refusal.Certainty,
			Related:   othersRefused(parent, nil),
		}
		admitted := "its own namespace " + quoted(definedIn(l))
		if from := fromOf(l); from == gatewayv1.NamespacesFromSelector {
			admitted = "namespaces that its selector matches"
			d.Hint = fmt.Sprintf("label Namespace %q as the selector asks, or widen allowedRoutes.namespaces of the listener", own)
		} else {
			d.Hint = "set allowedRoutes.namespaces.from of the listener to All, or to Selector with a label of the route's namespace"
		}
		d.Message = fmt.Sprintf("%s takes routes from %s only: this one is in %q", l.String(), admitted, own)
		p.Report(parent.Route.Doc, parent.Path(), d)
	})
}

// fromOf returns the namespaces a listener admits, after defaulting.
func fromOf(l *topology.Listener) gatewayv1.FromNamespaces {
	a := allowedRoutes(l)
	if a == nil || a.Namespaces == nil {
		return gatewayv1.NamespacesFromSame
	}
	return deref(a.Namespaces.From, gatewayv1.NamespacesFromSame)
}

// definedIn is the namespace of the object that defines a listener.
func definedIn(l *topology.Listener) string {
	if l.Set != nil {
		return l.Set.Object.Doc.Ref.Namespace
	}
	return l.Gateway.Namespace
}
