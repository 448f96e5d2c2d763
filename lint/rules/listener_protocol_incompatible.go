package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var listenerProtocolIncompatible = &lint.Rule{
	ID:       "listener-protocol-incompatible",
	Summary:  "the listener's protocol cannot carry a GRPCRoute",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkListenerProtocolIncompatible,
}

// GA apis/v1/gateway_types.go: GRPCRoute is a kind of HTTP and HTTPS listeners.
// An entry of allowedRoutes.kinds that the protocol cannot carry is dropped, and
// the listener says so in ResolvedRefs.
func checkListenerProtocolIncompatible(p *lint.Pass) {
	reportRefused(p, profile.KindStage, func(parent *topology.Parent, a *topology.Attachment) {
		if carriesHTTP(a.Listener) {
			return
		}
		p.Report(parent.Route.Doc, parent.Path(), diag.Diagnostic{
			Certainty: a.Refusal.Certainty,
			Message:   fmt.Sprintf("%s has protocol %q, which carries no GRPCRoute: expected HTTPS or HTTP", a.Listener.String(), a.Listener.Protocol),
			Hint:      "attach the route to an HTTPS or HTTP listener",
			Related:   othersRefused(parent, nil),
		})
	})
	for _, g := range p.Topology.Gateways {
		for _, l := range g.Listeners {
			reportProtocol(p, l)
		}
	}
}

// reportProtocol reports what a listener says of itself: a protocol that the
// implementation does not serve, and kinds that the protocol cannot carry.
func reportProtocol(p *lint.Pass, l *topology.Listener) {
	if l.Doc() == nil {
		return
	}
	for _, r := range l.Refusals {
		if r.Reason != "UnsupportedProtocol" || r.Certainty == diag.Unknown {
			continue
		}
		severity, rank := diag.Warning, lint.Rank("1")
		if attachedGRPC(l) != nil {
			severity, rank = diag.Error, "0"
		}
		p.ReportAs(severity, l.Doc(), l.Path("protocol"), diag.Diagnostic{Certainty: r.Certainty, Message: r.Message})
		p.Once(listenerSubject(l), rank)
	}
	for _, r := range l.Problems {
		if r.Reason == "InvalidRouteKinds" && r.Certainty != diag.Unknown {
			p.ReportRefusal(r, diag.Diagnostic{Severity: diag.Warning})
		}
	}
}
