package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var profileUnsupportedFilter = &lint.Rule{
	ID:       "profile-unsupported-filter",
	Summary:  "the implementation drops the filter without a word, or nobody says what it does with it",
	Section:  lint.ImplementationSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkProfileUnsupportedFilter,
}

// For filters that make calls fail see filter-unsupported.
func checkProfileUnsupportedFilter(p *lint.Pass) {
	if p.Profile == profile.Spec {
		return // what is implementation-specific is no implementation's fault
	}
	for r := range served(p.Topology) {
		said := map[string]bool{}
		for _, rule := range r.Rules {
			for _, f := range rule.Filters {
				reportDroppedFilter(p, placedFilter(p, rule, nil, f), said)
			}
			for _, b := range rule.Backends {
				for _, f := range b.Filters {
					reportDroppedFilter(p, placedFilter(p, rule, b, f), said)
				}
			}
		}
	}
}

func reportDroppedFilter(p *lint.Pass, f filterPlace, said map[string]bool) {
	d := diag.Diagnostic{Hint: "remove the filter, or choose an implementation that serves it"}
	switch f.verdict {
	case profile.Ignored:
		d.Message = fmt.Sprintf("%s is dropped without a word by %s: calls pass as if it were not there%s", f.what, p.Profile.Title, source(f.claim))
	case profile.Unknown:
		if said[f.what] {
			return // once per route
		}
		said[f.what] = true
		d.Certainty = diag.Unknown
		d.Message = fmt.Sprintf("what becomes of a %s is not known for %s%s", f.what, p.Profile.Title, source(f.claim))
	default:
		return
	}
	p.Report(f.rule.Route.Doc, below(f.path, "type"), d)
}

// placedFilter is what a profile says of a filter where it stands: in a rule, or
// with a backend.
func placedFilter(p *lint.Pass, rule *topology.Rule, b *topology.Backend, f *topology.Filter) filterPlace {
	out := filterPlace{rule: rule, backend: b, filter: f, verdict: profile.Supported}
	if !knownFilter(f.Type) {
		return out // the API server refuses it
	}
	level := "rule filter"
	out.verdict, out.path = p.Profile.Filters.Rule.Of(f.Type), rule.Path("filters", f.Index)
	if b != nil {
		level = "backend filter"
		out.verdict, out.path = p.Profile.Filters.Backend.Of(f.Type), b.Path("filters", f.Index)
	}
	out.what = level + " " + f.Type
	if out.claim = claimOn(p.Profile, out.what); out.claim == nil {
		out.claim = claimOn(p.Profile, level+"s")
	}
	return out
}
