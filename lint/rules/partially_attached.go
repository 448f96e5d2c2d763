package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var partiallyAttached = &lint.Rule{
	ID:       "partially-attached",
	Summary:  "some listeners of the parent take the route and some refuse it",
	Section:  lint.AttachmentSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkPartiallyAttached,
}

// One listener is enough for Accepted=True (GA apis/v1/shared_types.go), so the
// status does not show that the others refuse. Hostnames choose among the
// listeners of a Gateway, and nobody means a TCP listener: those refusals alone are
// how a shared Gateway is used.
func checkPartiallyAttached(p *lint.Pass) {
	for parent := range grpcParents(p.Topology) {
		accepted, refused := countAttachments(parent)
		if accepted == 0 || !slices.ContainsFunc(parent.Attachments, surprises) {
			continue
		}
		p.ReportAs(diag.Info, parent.Route.Doc, parent.Path(), diag.Diagnostic{
			Message: fmt.Sprintf("%d of %d listeners of %s %q take the route: Accepted is True and does not show the refusals", accepted, accepted+refused, parentKind(parent), parent.Ref.Name),
			Hint:    "set sectionName to the listeners that are meant",
			Related: othersRefused(parent, nil),
		})
	}
}

// countAttachments counts the listeners that take and that refuse a route among
// those its parentRef selects. What is not known counts as neither.
func countAttachments(p *topology.Parent) (accepted, refused int) {
	for _, a := range p.Attachments {
		switch {
		case a.Refusal == nil:
			if a.Certainty != diag.Unknown {
				accepted++
			}
		case a.Stage != profile.SectionStage && a.Refusal.Certainty != diag.Unknown:
			refused++
		}
	}
	return accepted, refused
}

// surprises reports whether a refusal is one that the route does not bring about
// by itself.
func surprises(a *topology.Attachment) bool {
	if a.Refusal == nil || a.Refusal.Certainty == diag.Unknown {
		return false
	}
	switch a.Stage {
	case profile.SectionStage, profile.HostnameStage:
		return false
	case profile.KindStage:
		return a.Listener.Protocol == "HTTP" || a.Listener.Protocol == "HTTPS"
	}
	return true
}

// parentKind is the kind of the object a parentRef names.
func parentKind(p *topology.Parent) string { return string(deref(p.Ref.Kind, "Gateway")) }
