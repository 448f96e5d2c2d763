package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var profileKnownBug = &lint.Rule{
	ID:       "profile-known-bug",
	Summary:  "the implementation routes this otherwise than the specification says",
	Section:  lint.ImplementationSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkProfileKnownBug,
}

// Each check looks at a knob of the profile and at the route's shape, and shows a
// call that the two read differently where one can be made.
func checkProfileKnownBug(p *lint.Pass) {
	if p.Profile == profile.Spec || p.Profile.Matching.NotServed {
		return // profile-not-served says all
	}
	x := &places{table: p.Table}
	for r := range served(p.Topology) {
		reportEqualWildcards(p, r)
		for _, rule := range r.Rules {
			matches := r.GRPC.Spec.Rules[rule.Index].Matches
			for i := range matches {
				reportPathForm(p, x, rule, i, &matches[i])
			}
			reportDroppedMatch(p, x, rule)
			reportZeroWeight(p, rule)
		}
	}
}

// known completes a finding with the implementation and the claim that proves it.
func known(p *lint.Pass, feature string, d diag.Diagnostic) diag.Diagnostic {
	d.Message = fmt.Sprintf("with %s, %s%s", p.Profile.Title, d.Message, source(claimOn(p.Profile, feature)))
	return d
}

// bug reports such a finding.
func bug(p *lint.Pass, doc *manifest.Document, path manifest.Path, feature string, d diag.Diagnostic) {
	p.Report(doc, path, known(p, feature, d))
}

// reportEqualWildcards: hostnames "*.a.example.com" and "*.example.com" have hosts
// in common, which some implementations do not see.
func reportEqualWildcards(p *lint.Pass, r *topology.Route) {
	if !p.Profile.Hosts.WildcardsEqualOnly {
		return
	}
	for _, parent := range r.Parents {
		for _, a := range parent.Attachments {
			if a.Refusal == nil || a.Stage != profile.HostnameStage {
				continue
			}
			for i, name := range r.Hostnames {
				common, ok := topology.Intersect(a.Listener.Hostname, name)
				if !ok {
					continue
				}
				bug(p, r.Doc, at("spec", "hostnames", i), "two wildcard hostnames", diag.Diagnostic{
					Message: fmt.Sprintf("%q and the hostname %q of %s are taken to have nothing in common, although both cover %q", name, a.Listener.Hostname, a.Listener, concrete(common)),
					Hint:    fmt.Sprintf("write %q in both places, or name the hosts", name),
					Witness: &diag.Witness{
						Gateway: a.Listener.Gateway.Key(), Listener: a.Listener.Name, Port: a.Listener.Port,
						Authority: concrete(common), Path: pathOfRoute(r), Headers: map[string]string{},
					},
				})
				return
			}
		}
	}
}

// reportZeroWeight: a backend with weight 0 gets no calls, but for
// implementations that make it 1 or ignore the weight of a lone backend.
func reportZeroWeight(p *lint.Pass, rule *topology.Rule) {
	lone := p.Profile.Backends.LoneWeightIgnored && len(rule.Backends) == 1
	if !lone && !p.Profile.Backends.ZeroWeightIsOne {
		return
	}
	for _, b := range rule.Backends {
		if b.Weight != 0 {
			continue
		}
		bug(p, rule.Route.Doc, rule.Path("backendRefs", b.Index, "weight"), "weight 0", diag.Diagnostic{
			Message: fmt.Sprintf("backend %q gets calls in spite of weight 0", b.Name),
			Hint:    "remove the backendRef to drain it",
		})
	}
}
