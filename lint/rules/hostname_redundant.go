package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var hostnameRedundant = &lint.Rule{
	ID:       "hostname-redundant",
	Summary:  "another hostname of the route covers this one with the same result",
	Section:  lint.HostnameSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkHostnameRedundant,
}

func checkHostnameRedundant(p *lint.Pass) {
	var claims *hostClaims
	for r := range grpcRoutes(p.Topology) {
		for i, name := range r.Hostnames {
			j := coveredBy(r.Hostnames, i)
			if j < 0 || refusedAt(p, r.Doc, at("spec", "hostnames", i)) {
				continue
			}
			// A precise hostname outranks other routes' wildcards, so that it counts as
			// soon as another route speaks of the same hosts. What the input lacks may
			// hold such a route: then only a plain repetition is certain.
			message := fmt.Sprintf("hostname %q is already there", name)
			if r.Hostnames[j] != name {
				if claims == nil {
					claims = claimedHosts(p.Topology)
				}
				if !claims.alone(r, r.Hostnames[j]) {
					continue
				}
				message = fmt.Sprintf("hostname %q is covered by %q of the same route, and no other route of its parents speaks of it", name, r.Hostnames[j])
			}
			p.ReportAs(diag.Info, r.Doc, manifest.Path{"spec", "hostnames", i}, diag.Diagnostic{
				Message: message,
				Hint:    "delete it",
				Related: []diag.Related{{Message: "the hostname that covers it", Range: r.Doc.Range("spec", "hostnames", j)}},
			})
			suggest(p, lint.SameRouting, r.Doc, "delete the hostname", manifest.Remove(at("spec", "hostnames", i)))
		}
	}
}

// refusedAt reports whether the API server refuses a field.
func refusedAt(p *lint.Pass, doc *manifest.Document, path manifest.Path) bool {
	return slices.ContainsFunc(p.Failures(doc), func(f admission.Failure) bool { return hasPrefix(f.Path, path) })
}

// coveredBy returns the hostname of a route that takes every request that the
// i-th takes: of equal ones the first; -1 for none.
func coveredBy(names []string, i int) int {
	for j, name := range names {
		if i == j || name == names[i] && j > i {
			continue
		}
		if common, ok := topology.Intersect(name, names[i]); ok && common == names[i] {
			return j
		}
	}
	return -1
}

// hostClaim is a hostname, or a suffix of one, that a route speaks of at a parent.
type hostClaim struct{ parent, host string }

// claimants are the routes that make a claim.
type claimants struct {
	first   *topology.Route
	several bool
}

// hostClaims knows, per parent, the routes that speak of a hostname.
type hostClaims struct {
	profile *profile.Profile
	unknown map[*topology.Route]bool // a parent is not in the input
	under   map[hostClaim]claimants  // by every suffix of a hostname: routes with a name at or below it
	exact   map[hostClaim]claimants  // by hostname
}

func claimedHosts(t *topology.Topology) *hostClaims {
	c := &hostClaims{
		profile: t.Profile,
		unknown: map[*topology.Route]bool{},
		under:   map[hostClaim]claimants{},
		exact:   map[hostClaim]claimants{},
	}
	for _, r := range t.Routes {
		names := r.Hostnames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, p := range r.Parents {
			parent := c.identity(p)
			for _, name := range names {
				put(c.exact, hostClaim{parent, name}, r)
				for s := range suffixes(name) {
					put(c.under, hostClaim{parent, s}, r)
				}
			}
			c.unknown[r] = c.unknown[r] || p.Foreign
			for _, a := range p.Attachments {
				c.unknown[r] = c.unknown[r] || a.Listener.Index < 0
			}
		}
	}
	return c
}

// identity tells parents apart whose routes do not compete for calls: Gateways,
// unless the implementation has one table for all of them. A ListenerSet is its
// Gateway.
func (c *hostClaims) identity(p *topology.Parent) string {
	switch {
	case p.Gateway != nil && !p.Gateway.Foreign && c.profile.Hosts.Isolation == profile.Global:
		return "all Gateways"
	case p.Gateway != nil:
		return "Gateway " + p.Gateway.Key()
	}
	return string(deref(p.Ref.Group, "")) + "/" + p.String()
}

func put(m map[hostClaim]claimants, key hostClaim, r *topology.Route) {
	old, ok := m[key]
	switch {
	case !ok:
		m[key] = claimants{first: r}
	case old.first != r && !old.several:
		m[key] = claimants{old.first, true}
	}
}

// alone reports whether no other route with a parent of this one has a hostname in
// common with one of its own, and whether all that could is in the input.
func (c *hostClaims) alone(r *topology.Route, name string) bool {
	if c.unknown[r] {
		return false
	}
	for _, p := range r.Parents {
		parent := c.identity(p)
		if !onlyRoute(c.exact[hostClaim{parent, ""}], r) || !onlyRoute(c.under[hostClaim{parent, trimWildcard(name)}], r) {
			return false
		}
		for s := range suffixes(name) {
			if !onlyRoute(c.exact[hostClaim{parent, "*." + s}], r) {
				return false
			}
		}
	}
	return true
}

func onlyRoute(by claimants, r *topology.Route) bool {
	return by.first == nil || by.first == r && !by.several
}
