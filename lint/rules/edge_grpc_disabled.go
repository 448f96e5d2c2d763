package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
)

var edgeGrpcDisabled = &lint.Rule{
	ID:       "edge-grpc-disabled",
	Summary:  "a switch outside the cluster decides whether gRPC gets through, and nothing here shows it",
	Section:  lint.ImplementationSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkEdgeGRPCDisabled,
}

// Once per input: the switch is one for all routes.
func checkEdgeGRPCDisabled(p *lint.Pass) {
	c := constraint(p.Profile, "zone-grpc-switch")
	if c == nil {
		return
	}
	for r := range served(p.Topology) {
		p.ReportAs(diag.Info, r.Doc, at("metadata", "name"), diag.Diagnostic{
			Certainty: diag.Unknown,
			Message:   fmt.Sprintf("%s, and nothing in the cluster shows whether it is: %s", c.Says, c.Code),
			Hint:      "a call that fails with PERMISSION_DENIED and content-type text/html is the sign that it is off; see " + c.Document,
		})
		p.Once(lint.Subject{}, lint.RankOf(r))
		return
	}
}

// constraint returns a documented constraint of an implementation, nil for none.
func constraint(p *profile.Profile, id string) *profile.Constraint {
	for i := range p.Constraints {
		if p.Constraints[i].ID == id {
			return &p.Constraints[i]
		}
	}
	return nil
}

// constraintSource names the document of a constraint, in brackets at the end of
// a sentence.
func constraintSource(p *profile.Profile, id string) string {
	c := constraint(p, id)
	if c == nil {
		return ""
	}
	return " (" + c.Document + ")"
}
