package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var listenersetNotAllowed = &lint.Rule{
	ID:       "listenerset-not-allowed",
	Summary:  "the Gateway does not take the ListenerSet",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkListenersetNotAllowed,
}

// A Gateway that says nothing takes no ListenerSet: allowedListeners defaults to
// None (GA apis/v1/gateway_types.go, ListenerNamespaces.From).
func checkListenersetNotAllowed(p *lint.Pass) {
	report := func(s *topology.ListenerSet) {
		if s.Refusal != nil && s.Refusal.Certainty != diag.Unknown {
			p.Report(s.Object.Doc, manifest.Path{"spec", "parentRef"}, notAllowed(s))
		}
	}
	for _, g := range p.Topology.Gateways {
		for _, s := range g.Sets {
			report(s)
		}
	}
	for _, s := range p.Topology.Strays {
		report(s)
	}
}

// notAllowed says why a Gateway does not take a set.
func notAllowed(s *topology.ListenerSet) diag.Diagnostic {
	d := diag.Diagnostic{Certainty: s.Refusal.Certainty, Message: s.Refusal.Message, Related: s.Refusal.Related()}
	if s.Refusal.Reason != "NotAllowed" {
		return d
	}
	d.Hint = "set spec.allowedListeners.namespaces.from of the Gateway to Same, Selector or All"
	if a := s.Gateway.Object.Value.Spec.AllowedListeners; a == nil || a.Namespaces == nil || a.Namespaces.From == nil {
		d.Message = fmt.Sprintf("Gateway %q has no allowedListeners and so takes no ListenerSet", s.Gateway.Key())
	}
	return d
}
