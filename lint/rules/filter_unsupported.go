package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

var filterUnsupported = &lint.Rule{
	ID:       "filter-unsupported",
	Summary:  "the implementation does not serve the filter, so that calls fail",
	Section:  lint.ImplementationSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkFilterUnsupported,
}

// GA apis/v1/grpcroute_types.go, GRPCRouteRule.Filters: a filter that is not
// supported must not be skipped; requests get an HTTP error. For implementations
// that skip it all the same see profile-unsupported-filter.
func checkFilterUnsupported(p *lint.Pass) {
	x := &places{table: p.Table}
	for r := range served(p.Topology) {
		for _, rule := range r.Rules {
			for _, f := range rule.Filters {
				reportFilter(p, x, placedFilter(p, rule, nil, f))
			}
			for _, b := range rule.Backends {
				for _, f := range b.Filters {
					reportFilter(p, x, placedFilter(p, rule, b, f))
				}
			}
		}
	}
}

// filterPlace is a filter, where it stands and what the implementation does with
// it.
type filterPlace struct {
	rule    *topology.Rule
	backend *topology.Backend // nil for a filter of the rule
	filter  *topology.Filter
	path    manifest.Path
	what    string // "rule filter RequestMirror"
	verdict profile.Verdict
	claim   *profile.Claim
}

func reportFilter(p *lint.Pass, x *places, f filterPlace) {
	switch {
	case f.verdict == profile.Rejected:
		reportRejected(p, x, f, fmt.Sprintf("%s is not served by %s", f.what, p.Profile.Title), source(f.claim))
	case f.verdict != profile.Ignored && f.filter.Type == "ExtensionRef":
		// extension-ref-unresolved speaks of objects that do not exist
		if r := f.filter.Refusal; r != nil && r.Certainty != diag.Unknown && r.Reason != notFound {
			reportRejected(p, x, f, r.Message, "")
		}
	}
}

// reportRejected reports a filter that makes calls fail, with a call that does.
func reportRejected(p *lint.Pass, x *places, f filterPlace, what, source string) {
	answer := p.Profile.Answers.UnsupportedFilter
	d := diag.Diagnostic{Hint: "remove the filter, or choose an implementation that serves it"}
	who := "calls that match the rule"
	if f.backend != nil {
		who = "the calls of this backend's share"
	} else if request, res, ok := x.replay(f.rule, func(r routing.Result) bool { return r.Outcome == routing.Refused }); ok {
		d.Witness = witness(request, listenerOf(res))
	}
	d.Message = fmt.Sprintf("%s: %s get HTTP %d, which a gRPC client sees as %s%s", what, who, answer.HTTP, code(answer.GRPC), source)
	p.Report(f.rule.Route.Doc, below(f.path, "type"), d)
}

func knownFilter(t string) bool {
	switch t {
	case "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef":
		return true
	}
	return false
}
