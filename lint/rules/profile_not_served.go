package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var profileNotServed = &lint.Rule{
	ID:       "profile-not-served",
	Summary:  "the implementation as it is built serves no GRPCRoute at all",
	Section:  lint.ImplementationSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkProfileNotServed,
}

// Once per input: it holds for every route.
func checkProfileNotServed(p *lint.Pass) {
	built := p.Profile
	if built.AsBuilt != nil {
		built = built.AsBuilt
	}
	if !built.Matching.NotServed {
		return
	}
	for r := range served(p.Topology) {
		p.Report(r.Doc, at("kind"), diag.Diagnostic{
			Message: fmt.Sprintf("no GRPCRoute is served by %s: routes are accepted and no call reaches a backend%s", built.Title, source(claimOn(built, "GRPCRoute"))),
			Hint:    "what is said about this implementation's routing is what it documents; --as-built shows what its proxy does",
		})
		p.Once(lint.Subject{}, lint.RankOf(r))
		return
	}
}
