package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var profileUnsupportedMatch = &lint.Rule{
	ID:       "profile-unsupported-match",
	Summary:  "the implementation does not serve that form of match, or nobody says what it does with it",
	Section:  lint.ImplementationSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkProfileUnsupportedMatch,
}

func checkProfileUnsupportedMatch(p *lint.Pass) {
	if p.Profile == profile.Spec {
		return // what is implementation-specific is no implementation's fault
	}
	regex, methodOnly := doubtful(p, "match by regular expression"), doubtful(p, "match by method only")
	if regex == nil && methodOnly == nil {
		return
	}
	for r := range served(p.Topology) {
		said := map[*profile.Claim]bool{}
		for _, rule := range r.Rules {
			matches := r.GRPC.Spec.Rules[rule.Index].Matches
			for i := range matches {
				switch m := matches[i].Method; {
				case m == nil:
				case isRegex(m):
					reportFeature(p, rule, i, "type", regex, said)
				case deref(m.Service, "") == "" && deref(m.Method, "") != "":
					reportFeature(p, rule, i, "method", methodOnly, said)
				}
			}
		}
	}
}

// doubtful returns what is known of a feature unless it is served.
func doubtful(p *lint.Pass, feature string) *profile.Claim {
	if c := claimOn(p.Profile, feature); c != nil && c.Verdict != profile.Supported {
		return c
	}
	return nil
}

// reportFeature reports a match that uses a feature.
func reportFeature(p *lint.Pass, rule *topology.Rule, i int, field string, c *profile.Claim, said map[*profile.Claim]bool) {
	if c == nil || said[c] {
		return
	}
	d := diag.Diagnostic{
		Message: fmt.Sprintf("a %s is not served by %s%s", c.Feature, p.Profile.Title, source(c)),
		Hint:    "write Exact matches with service and method, which every implementation serves",
	}
	if c.Verdict == profile.Unknown {
		d.Certainty = diag.Unknown
		said[c] = true // once per route
		d.Message = fmt.Sprintf("what becomes of a %s is not known for %s%s", c.Feature, p.Profile.Title, source(c))
	}
	p.Report(rule.Route.Doc, rule.Path("matches", i, "method", field), d)
}
