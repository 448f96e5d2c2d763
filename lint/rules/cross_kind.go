package rules

import (
	"iter"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// claim is a hostname that a route asks for on a listener, whether it gets it or
// loses it to a route of the other kind.
type claim struct {
	at   *topology.Attachment
	host topology.Host
}

// certainty is that of the route's being on the listener at all, whoever keeps
// the hostname then.
func (c claim) certainty(set *manifest.Set) diag.Certainty {
	l := c.at.Listener
	if l.Gateway.Certainty != diag.Certain {
		return l.Gateway.Certainty
	}
	unlabelled := fromOf(l) == gatewayv1.NamespacesFromSelector && set.Namespaces.Get("", c.at.Parent.Route.Namespace) == nil
	if unlabelled || l.KindsUnknown || l.Set != nil && l.Set.Certainty == diag.Unknown {
		return diag.Unknown
	}
	return diag.Certain
}

// claims are the hostnames of one kind of route on one listener; those of
// HTTPRoutes can be looked up.
type claims struct {
	all    []claim
	byHost map[string]claim // the first of each effective hostname
	under  map[string]claim // by every suffix: the first that a wildcard over it covers
}

func (c *claims) add(at *topology.Attachment, indexed bool) {
	if indexed && c.byHost == nil {
		c.byHost, c.under = map[string]claim{}, map[string]claim{}
	}
	for _, h := range claimedBy(at) {
		cl := claim{at, h}
		c.all = append(c.all, cl)
		if !indexed {
			continue
		}
		if _, ok := c.byHost[h.Name]; !ok {
			c.byHost[h.Name] = cl
		}
		for s := range suffixes(h.Name) {
			if s == h.Name {
				continue // a wildcard does not cover the bare suffix
			}
			if _, ok := c.under[s]; !ok {
				c.under[s] = cl
			}
		}
	}
}

// claimedBy returns the effective hostnames of an attachment; those of one that
// lost a conflict are worked out anew.
func claimedBy(at *topology.Attachment) []topology.Host {
	if at.Refusal == nil {
		return at.Hosts
	}
	own := at.Parent.Route.Hostnames
	if len(own) == 0 {
		own = []string{""}
	}
	var out []topology.Host
	for _, name := range own {
		if common, ok := topology.Intersect(at.Listener.Hostname, name); ok {
			out = append(out, topology.Host{Name: common, Own: name})
		}
	}
	return out
}

// meet returns a claim that has hosts in common with a hostname, and those hosts.
func (c *claims) meet(hostname string) (claim, string, bool) {
	if cl, ok := c.byHost[hostname]; ok {
		return cl, hostname, true
	}
	for w := range wildcardsOver(hostname) {
		if cl, ok := c.byHost[w]; ok {
			return cl, hostname, true
		}
	}
	if hostname == "" && len(c.all) > 0 {
		return c.all[0], c.all[0].host.Name, true
	}
	if !topology.IsWildcard(hostname) {
		return claim{}, "", false
	}
	cl, ok := c.under[trimWildcard(hostname)]
	return cl, cl.host.Name, ok
}

// crossKindPairs walks the GRPCRoutes that meet an HTTPRoute on a listener, one
// pair per hostname of the GRPCRoute.
func crossKindPairs(t *topology.Topology) iter.Seq[crossKind] {
	return func(yield func(crossKind) bool) {
		grpc, http := claimsOf(t)
		for _, l := range http.order {
			hs, gs := http.of[l], grpc.of[l]
			if gs == nil {
				continue
			}
			for _, g := range gs.all {
				h, host, ok := hs.meet(g.host.Name)
				if ok && !yield(newCrossKind(t.Set, l, g, h, host)) {
					return
				}
			}
		}
	}
}

func newCrossKind(set *manifest.Set, l *topology.Listener, g, h claim, host string) crossKind {
	c := crossKind{
		grpc: g.at.Parent.Route, http: h.at.Parent.Route, listener: l, host: host, own: g.host.Own,
		certainty: diag.Weakest(g.certainty(set), h.certainty(set)),
	}
	for _, side := range []claim{g, h} {
		if r := side.at.Refusal; r != nil {
			c.loser, c.settled = side.at.Parent.Route, r.Certainty != diag.Unknown
		}
	}
	return c
}

// claimsByListener keeps the listeners in the order in which routes name them.
type claimsByListener struct {
	of    map[*topology.Listener]*claims
	order []*topology.Listener
}

// claimsOf gathers the claims of both kinds; nothing for listeners that only one
// kind has.
func claimsOf(t *topology.Topology) (grpc, http claimsByListener) {
	grpc.of, http.of = map[*topology.Listener]*claims{}, map[*topology.Listener]*claims{}
	gather := func(by *claimsByListener, r *topology.Route, only map[*topology.Listener]*claims) {
		for _, p := range r.Parents {
			for _, at := range p.Attachments {
				if at.Refusal != nil && at.Stage != profile.ConflictStage || only != nil && only[at.Listener] == nil {
					continue
				}
				if by.of[at.Listener] == nil {
					by.of[at.Listener] = &claims{}
					by.order = append(by.order, at.Listener)
				}
				by.of[at.Listener].add(at, r.HTTP != nil)
			}
		}
	}
	for _, r := range t.Routes {
		if r.HTTP != nil {
			gather(&http, r, nil)
		}
	}
	if len(http.order) == 0 {
		return grpc, http
	}
	for _, r := range t.Routes {
		if r.GRPC != nil {
			gather(&grpc, r, http.of)
		}
	}
	return grpc, http
}
