package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var hostnameNoIntersection = &lint.Rule{
	ID:       "hostname-no-intersection",
	Summary:  "no hostname of the route has anything in common with a listener's",
	Section:  lint.HostnameSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkHostnameNoIntersection,
}

func checkHostnameNoIntersection(p *lint.Pass) {
	reportRefused(p, profile.HostnameStage, func(parent *topology.Parent, a *topology.Attachment) {
		last, _ := lastRefusals(&p.Profile.Status, parent)
		var hosts, names []string
		for _, l := range last {
			hosts = append(hosts, l.Listener.Hostname)
			names = append(names, quoted(l.Listener.Name))
		}
		if anyCommon(parent.Route, last) {
			if a.Refusal.Certainty == diag.Unknown {
				return
			}
			p.ReportRefusal(a.Refusal, diag.Diagnostic{}) // another reason: see profile-known-bug
			p.Refuse("the implementation refuses what the specification takes")
			return
		}
		hint := fmt.Sprintf("use a hostname that one of %s covers, or add a listener for the route's", quotedList(hosts))
		p.Report(parent.Route.Doc, manifest.Path{"spec", "hostnames"}, diag.Diagnostic{
			Certainty: a.Refusal.Certainty,
			Message: fmt.Sprintf("no hostname of the route (%s) has anything in common with that of listener %s of %s %q (%s)",
				quotedList(parent.Route.Hostnames), list(names), parentKind(parent), parent.Ref.Name, quotedList(hosts)),
			Hint:    hint,
			Related: []diag.Related{{Message: "the parent", Range: parent.Route.Doc.Range(parent.Path()...)}},
		})
		if len(parent.Route.Hostnames) != 1 {
			p.Refuse("which of the hostnames is wrong cannot be told")
			return
		}
		suggestNear(p, lint.OwnCalls, parent.Route.Doc, manifest.Path{"spec", "hostnames", 0}, parent.Route.Hostnames[0], precise(hosts))
	})
}

// precise returns the hostnames that are no wildcards.
func precise(hosts []string) []string {
	return slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { return h == "" || topology.IsWildcard(h) })
}

// anyCommon reports whether a listener that refuses a route for its hostnames has
// one in common with it all the same, as the specification reads hostnames.
func anyCommon(r *topology.Route, refused []*topology.Attachment) bool {
	for _, a := range refused {
		for _, name := range r.Hostnames {
			if _, ok := topology.Intersect(a.Listener.Hostname, name); ok {
				return true
			}
		}
	}
	return false
}
