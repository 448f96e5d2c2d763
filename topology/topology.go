// Package topology resolves the references of a manifest set: Gateway, listener,
// attachment, rule, backend. Each edge that does not hold keeps a [Refusal] with
// its reason and range; lint reports it, status predicts from it and routing
// answers with an error, so that the three cannot disagree. What the input does
// not show is marked [diag.Unknown], never guessed.
//
// How a request is matched is decided in package routing.
package topology

import (
	"cmp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
)

// Assume says how to take objects that the input does not hold.
type Assume int

// The assumptions of --assume.
const (
	AssumeNothing Assume = iota // they may or may not exist: unknown
	AssumePresent               // they exist and fit
	AssumeAbsent                // the input is complete: they do not exist
)

// Options steer [Resolve].
type Options struct {
	// Profile is the implementation whose behaviour is resolved; nil means
	// [profile.Spec].
	Profile *profile.Profile
	// Auto: only Gateways that choose Profile by their class (see [Profiles]) are
	// its own; the others are left out. Without Auto every Gateway is its own.
	Auto   bool
	Assume Assume
	// TunnelProtocol is --tunnel-protocol: "auto", "http2", "quic", or "" to read
	// it from Helm values and Deployments in the input.
	TunnelProtocol string
}

// Topology is who is attached to what, and for each edge that is not, why.
type Topology struct {
	Set     *manifest.Set
	Options Options
	Profile *profile.Profile // Options.Profile, never nil
	// Gateways are the profile's own, by namespace and name; those that routes
	// name and the input lacks are synthetic.
	Gateways []*Gateway
	Routes   []*Route  // GRPCRoutes and HTTPRoutes by kind, namespace and name
	Policies []*Policy // BackendTLSPolicies by namespace and name
	Tunnel   Tunnel
	// Blocked are the patterns that do not compile, where one is enough to stop
	// every update of the implementation's configuration.
	Blocked []*Refusal
	// Strays are ListenerSets whose Gateway is not among Gateways.
	Strays []*ListenerSet
}

// Resolve works out the topology of a set. It never fails: what does not hold
// becomes a Refusal. The order of work is that in which a controller's answers
// depend on one another: Gateways and their listeners, ListenerSets, routes, then
// conflicts between routes, then what rules refer to.
func Resolve(set *manifest.Set, o Options) *Topology {
	if o.Profile == nil {
		o.Profile = profile.Spec
	}
	x := newResolver(&Topology{Set: set, Options: o, Profile: o.Profile})
	x.resolveGateways()
	x.resolveListenerSets()
	for _, g := range x.gateways {
		x.settleListeners(g)
	}
	x.resolvePolicies()
	x.resolveRoutes()
	x.resolveCrossKind()
	x.settleParents()
	x.collectGateways()
	x.Tunnel = x.tunnel()
	return x.Topology
}

// resolver is a topology under construction, with what is looked up often.
type resolver struct {
	*Topology
	broken map[objectKey]bool // in the input, but unreadable
	// brokenGrants and brokenPolicies are the namespaces with a ReferenceGrant or a
	// BackendTLSPolicy that is unreadable.
	brokenGrants, brokenPolicies map[string]bool
	gateways                     map[string]*Gateway
	sets                         map[string]*ListenerSet
	grants                       map[grant]bool
	policies                     map[portKey]*coverage
	patterns                     map[string]*PatternError
	places                       map[placeKey]*place
	gone                         map[objectKey]absence // see missing
	firstOwn                     bool                  // routes to Gateways that the input lacks belong to this profile
}

// objectKey names an object of any kind.
type objectKey struct{ group, kind, namespace, name string }

func newResolver(t *Topology) *resolver {
	x := &resolver{
		Topology:       t,
		broken:         map[objectKey]bool{},
		brokenGrants:   map[string]bool{},
		brokenPolicies: map[string]bool{},
		gateways:       map[string]*Gateway{},
		sets:           map[string]*ListenerSet{},
		grants:         map[grant]bool{},
		policies:       map[portKey]*coverage{},
		patterns:       map[string]*PatternError{},
		places:         map[placeKey]*place{},
		gone:           map[objectKey]absence{},
		firstOwn:       true,
	}
	for _, d := range t.Set.Broken {
		group, _, grouped := strings.Cut(d.Ref.APIVersion, "/")
		if !grouped {
			group = ""
		}
		x.broken[objectKey{group, d.Ref.Kind, d.Ref.Namespace, d.Ref.Name}] = true
		switch d.Ref.Kind {
		case "ReferenceGrant":
			x.brokenGrants[d.Ref.Namespace] = true
		case "BackendTLSPolicy":
			x.brokenPolicies[d.Ref.Namespace] = true
		}
	}
	if t.Options.Auto {
		x.firstOwn = x.isOwn(Profiles(t.Set)[0])
	}
	x.indexGrants()
	return x
}

// isOwn reports whether a profile that a Gateway chooses is the one that is
// resolved, be it as built.
func (x *resolver) isOwn(p *profile.Profile) bool {
	return p == x.Profile || p.AsBuilt == x.Profile
}

// collectGateways lists the profile's own Gateways, and the attachments of each
// listener in route order: those that stand and those that may.
func (x *resolver) collectGateways() {
	for _, g := range x.gateways {
		if !g.Foreign && !g.absent {
			x.Gateways = append(x.Gateways, g)
		}
	}
	slices.SortFunc(x.Gateways, func(a, b *Gateway) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	for _, r := range x.Routes {
		for _, p := range r.Parents {
			for _, a := range p.Attachments {
				if !refused(a.Refusal) {
					a.Listener.Attached = append(a.Listener.Attached, a)
				}
			}
		}
	}
}
