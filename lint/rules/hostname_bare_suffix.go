package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var hostnameBareSuffix = &lint.Rule{
	ID:       "hostname-bare-suffix",
	Summary:  "a wildcard does not cover the name that follows its dot",
	Section:  lint.HostnameSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkHostnameBareSuffix,
}

// A wildcard stands for at least one label, so that "*.example.com" and
// "example.com" have nothing in common (GA apis/v1/shared_types.go, Hostname).
func checkHostnameBareSuffix(p *lint.Pass) {
	if p.Profile.Hosts.NoNarrowing {
		return // an accepted route answers for all its hostnames
	}
	for r := range grpcRoutes(p.Topology) {
		if allEffective(r) {
			continue
		}
		asked := askedListeners(r)
		if len(asked) == 0 {
			continue
		}
		for _, i := range ignoredHostnames(r, asked) {
			l := bareSuffix(r.Hostnames[i], asked)
			if l == nil {
				continue
			}
			wildcard, bare := l.Hostname, r.Hostnames[i]
			own := false
			hint := fmt.Sprintf("add a listener for %q", bare)
			if topology.IsWildcard(bare) {
				wildcard, bare, own = bare, wildcard, true
				hint = fmt.Sprintf("add %q to hostnames, or give the listener the hostname %q", bare, wildcard)
			}
			p.Report(r.Doc, manifest.Path{"spec", "hostnames", i}, diag.Diagnostic{
				Message: fmt.Sprintf("%q does not cover %q itself, so that hostname and %s have nothing in common", wildcard, bare, l.String()),
				Hint:    hint,
				Related: []diag.Related{{Message: "the listener", Range: l.Doc().Range(l.Path("hostname")...)}},
			})
			if !own {
				p.Refuse("the Gateway needs a listener for the hostname, with a certificate that only its author has")
				continue
			}
			if slices.Contains(r.Hostnames, bare) {
				suggest(p, lint.OwnCalls, r.Doc, "delete the hostname", manifest.Remove(at("spec", "hostnames", i)))
				continue
			}
			suggestValue(p, lint.OwnCalls, r.Doc, at("spec", "hostnames", i), bare)
		}
	}
}

// bareSuffix returns the first listener whose hostname differs from a route's
// only by the wildcard before it; nil for none.
func bareSuffix(hostname string, ls []*topology.Listener) *topology.Listener {
	for _, l := range ls {
		if "*."+l.Hostname == hostname || "*."+hostname == l.Hostname {
			return l
		}
	}
	return nil
}
