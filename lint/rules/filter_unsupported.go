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
	Summary:  "the implementation does not serve the filter: calls fail, or pass it by",
	Section:  lint.ImplementationSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkFilterUnsupported,
}

// GA apis/v1/grpcroute_types.go, GRPCRouteRule.Filters: a filter that is not
// supported must not be skipped; requests get an HTTP error. An implementation
// that skips it all the same makes a warning.
func checkFilterUnsupported(p *lint.Pass) {
	x := &places{table: p.Table}
	for r := range served(p.Topology) {
		for _, rule := range r.Rules {
			for _, f := range rule.Filters {
				reportFilter(p, x, rule, nil, f)
			}
			for _, b := range rule.Backends {
				for _, f := range b.Filters {
					reportFilter(p, x, rule, b, f)
				}
			}
		}
	}
}

func reportFilter(p *lint.Pass, x *places, rule *topology.Rule, b *topology.Backend, f *topology.Filter) {
	verdict, path, level := p.Profile.Filters.Rule.Of(f.Type), rule.Path("filters", f.Index), "rule filter"
	if b != nil {
		verdict, path, level = p.Profile.Filters.Backend.Of(f.Type), rule.Path("backendRefs", b.Index, "filters", f.Index), "backend filter"
	}
	if !knownFilter(f.Type) {
		return // the API server refuses it
	}
	c := claimOn(p.Profile, level+" "+f.Type)
	if c == nil {
		c = claimOn(p.Profile, level+"s")
	}
	switch verdict {
	case profile.Ignored:
		p.ReportAs(diag.Warning, rule.Route.Doc, below(path, "type"), diag.Diagnostic{
			Message: fmt.Sprintf("%s %s is dropped without a word by %s: calls pass as if it were not there%s", level, f.Type, p.Profile.Title, source(c)),
			Hint:    "remove the filter, or choose an implementation that serves it",
		})
	case profile.Rejected:
		reportRejected(p, x, rule, b, path, fmt.Sprintf("%s %s is not served by %s", level, f.Type, p.Profile.Title), source(c))
	default:
		if r := f.Refusal; f.Type == "ExtensionRef" && r != nil && r.Certainty != diag.Unknown {
			reportRejected(p, x, rule, b, path, r.Message, "")
		}
	}
}

// reportRejected reports a filter that makes calls fail, with a call that does.
func reportRejected(p *lint.Pass, x *places, rule *topology.Rule, b *topology.Backend, path manifest.Path, what, source string) {
	answer := p.Profile.Answers.UnsupportedFilter
	d := diag.Diagnostic{Hint: "remove the filter, or choose an implementation that serves it"}
	who := "calls that match the rule"
	if b != nil {
		who = "the calls of this backend's share"
	} else if request, res, ok := x.replay(rule, func(r routing.Result) bool { return r.Outcome == routing.Refused }); ok {
		d.Witness = witness(request, listenerOf(res))
	}
	d.Message = fmt.Sprintf("%s: %s get HTTP %d, which a gRPC client sees as %s%s", what, who, answer.HTTP, code(answer.GRPC), source)
	p.Report(rule.Route.Doc, below(path, "type"), d)
}

func knownFilter(t string) bool {
	switch t {
	case "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef":
		return true
	}
	return false
}
