package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var kindNotAllowed = &lint.Rule{
	ID:       "kind-not-allowed",
	Summary:  "allowedRoutes.kinds of the listener leaves out GRPCRoute",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkKindNotAllowed,
}

// A list of kinds replaces the protocol's default (GA apis/v1/gateway_types.go,
// AllowedRoutes.Kinds). Where the protocol is the reason, see
// listener-protocol-incompatible.
func checkKindNotAllowed(p *lint.Pass) {
	reportRefused(p, profile.KindStage, func(parent *topology.Parent, a *topology.Attachment) {
		if !carriesHTTP(a.Listener) {
			return
		}
		var kinds []string
		if allowed := allowedRoutes(a.Listener); allowed != nil {
			for _, k := range allowed.Kinds {
				kinds = append(kinds, string(k.Kind))
			}
		}
		p.Report(parent.Route.Doc, parent.Path(), diag.Diagnostic{
			Certainty: a.Refusal.Certainty,
			Message:   also(fmt.Sprintf("%s does not take GRPCRoutes", a.Listener.String()), "its kinds are "+list(kinds)),
			Hint:      "add kind: GRPCRoute to allowedRoutes.kinds of the listener, or delete kinds",
			Related:   othersRefused(parent, nil),
		})
		if a.Listener.Doc() == nil || kinds == nil {
			p.Refuse("the listener is not in the input")
			return
		}
		suggest(p, lint.AnyCalls, a.Listener.Doc(), "add kind: GRPCRoute to the listener's kinds",
			manifest.Append(a.Listener.Path("allowedRoutes", "kinds"), manifest.Fields{{Key: "kind", Value: "GRPCRoute"}}))
	})
}

// carriesHTTP reports whether GRPCRoute is among the default kinds of a
// listener's protocol.
func carriesHTTP(l *topology.Listener) bool { return l.Protocol == "HTTP" || l.Protocol == "HTTPS" }
