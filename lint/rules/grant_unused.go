package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var grantUnused = &lint.Rule{
	ID:       "grant-unused",
	Summary:  "no reference uses a ReferenceGrant",
	Section:  lint.GrantSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkGrantUnused,
}

// Only a complete input (--assume=absent) shows that nobody uses a grant, and
// only for kinds whose references we read.
func checkGrantUnused(p *lint.Pass) {
	if p.Options.Assume != topology.AssumeAbsent || len(p.Set.ReferenceGrants.All) == 0 {
		return
	}
	used := grantUses(p)
	faulty := faultyGrants(p)
	for _, o := range p.Set.ReferenceGrants.All {
		if !readKinds(o) {
			continue
		}
		subject := lint.Subject{Doc: o.Doc}
		if faulty[o] || len(used.of(o)) > 0 {
			p.Clear(subject)
			continue
		}
		p.Report(o.Doc, at("metadata", "name"), diag.Diagnostic{
			Certainty: diag.Assumed,
			Message:   fmt.Sprintf("no reference uses the grant %q", o.Doc.Ref.Key()),
			Hint:      "delete it: a grant that nobody needs is an open door",
		})
		p.Once(subject, "")
		suggest(p, lint.SameRouting, o.Doc, "delete the grant", manifest.Remove(nil))
	}
}

// faultyGrants are those that another rule reports: they were meant to be used.
func faultyGrants(p *lint.Pass) map[*grant]bool {
	out := map[*grant]bool{}
	g := grantsOf(p)
	for ref := range ungranted(p) {
		if n, ok := g.nearest(ref); ok {
			out[n.grant] = true
		}
	}
	return out
}

// readKinds reports whether a grant speaks of kinds whose references we read. A
// grant to a Gateway has a rule of its own.
func readKinds(o *grant) bool {
	for _, f := range o.Value.Spec.From {
		switch f.Kind {
		case "GRPCRoute", "HTTPRoute", "Gateway", "ListenerSet":
		default:
			return false
		}
	}
	for _, t := range o.Value.Spec.To {
		switch t.Kind {
		case "Service", "Secret", "ServiceImport":
		default:
			return false
		}
	}
	return true
}
