package topology

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Gateway is a Gateway with its listeners and those of its ListenerSets.
type Gateway struct {
	Object          *manifest.Object[gatewayv1.Gateway] // nil when the input lacks it
	Namespace, Name string
	Class           string
	Controller      string // spec.controllerName of its class, "" when not in the input
	Profile         *profile.Profile
	// Foreign: with Options.Auto, the Gateway chooses another implementation.
	Foreign bool
	// Certainty is Unknown for a Gateway that is not in the input, Assumed under
	// --assume=present. Such a Gateway has one synthetic listener that admits
	// everything, so that its routes can be explained.
	Certainty diag.Certainty
	Listeners []*Listener // Gateway's own first, then its ListenerSets'
	Sets      []*ListenerSet
	// ClientCertificate is spec.tls.backend.clientCertificateRef, nil for none.
	ClientCertificate *Certificate
	Refusals          []*Refusal

	absent bool // does not exist, by --assume=absent
}

// Key returns "namespace/name".
func (g *Gateway) Key() string { return g.Namespace + "/" + g.Name }

// resolveGateways reads the Gateways of the input with their own listeners.
func (x *resolver) resolveGateways() {
	for _, o := range x.Set.Gateways.All {
		g := &Gateway{
			Object:    o,
			Namespace: o.Doc.Ref.Namespace,
			Name:      o.Doc.Ref.Name,
			Class:     string(o.Value.Spec.GatewayClassName),
			Profile:   x.Profile,
		}
		x.gateways[g.Key()] = g
		chosen, class := choose(x.Set, g.Class)
		if class != nil {
			g.Controller = string(class.Value.Spec.ControllerName)
		}
		if x.Options.Auto && !x.isOwn(chosen) {
			g.Profile, g.Foreign = chosen, true
			continue
		}
		if class == nil && x.missingClass(g.Class) {
			g.Refusals = append(g.Refusals, &Refusal{
				Reason:    "Pending",
				Message:   fmt.Sprintf("GatewayClass %q does not exist, so no controller takes the Gateway", g.Class),
				Doc:       o.Doc,
				Path:      manifest.Path{"spec", "gatewayClassName"},
				Certainty: diag.Assumed,
			})
		}
		x.ownListeners(g)
		if ref := clientCertificateRef(o.Value); ref != nil {
			path := manifest.Path{"spec", "tls", "backend", "clientCertificateRef"}
			g.ClientCertificate = x.certificate(ref, o.Doc, path, "InvalidClientCertificateRef")
			// What is wrong with it belongs to the Gateway's ResolvedRefs and leaves
			// the listeners as they are.
		}
	}
}

func (x *resolver) missingClass(name string) bool {
	gone := x.missing(gatewayv1.GroupName, "GatewayClass", "", name)
	return !gone.exists && gone.certainty != diag.Unknown
}

func clientCertificateRef(g *gatewayv1.Gateway) *gatewayv1.SecretObjectReference {
	if g.Spec.TLS == nil || g.Spec.TLS.Backend == nil {
		return nil
	}
	return g.Spec.TLS.Backend.ClientCertificateRef
}

func (x *resolver) ownListeners(g *Gateway) {
	for i := range g.Object.Value.Spec.Listeners {
		l := &g.Object.Value.Spec.Listeners[i]
		g.Listeners = append(g.Listeners, x.listener(&Listener{Gateway: g, Index: i}, &listenerFields{
			l.Name, l.Hostname, l.Port, l.Protocol, l.TLS, l.AllowedRoutes,
		}))
	}
}

// gatewayFor returns the Gateway that a reference names, a synthetic one when the
// input has none of that name.
func (x *resolver) gatewayFor(namespace, name string) *Gateway {
	key := namespace + "/" + name
	if g := x.gateways[key]; g != nil {
		return g
	}
	gone := x.missing(gatewayv1.GroupName, "Gateway", namespace, name)
	g := x.synthetic(namespace, name, gone)
	x.gateways[key] = g
	return g
}

// synthetic stands for a Gateway that the input does not show.
func (x *resolver) synthetic(namespace, name string, gone absence) *Gateway {
	g := &Gateway{Namespace: namespace, Name: name, Profile: x.Profile, Foreign: !x.firstOwn, Certainty: gone.certainty}
	if !gone.exists && gone.certainty != diag.Unknown {
		g.absent = true
		return g
	}
	g.Listeners = []*Listener{{Gateway: g, Index: -1, why: gone.why}}
	return g
}

// choose returns the implementation that a class stands for: by its
// controllerName, for those that manage by class name by that, then by class name
// where the class is not in the input, then the specification.
func choose(set *manifest.Set, class string) (*profile.Profile, *manifest.Object[gatewayv1.GatewayClass]) {
	object := set.GatewayClasses.Get("", class)
	for _, p := range profile.All {
		if object != nil && !p.Status.ByClassName {
			if contains(p.Controllers, string(object.Value.Spec.ControllerName)) {
				return p, object
			}
			continue
		}
		if contains(p.Classes, class) {
			return p, object
		}
	}
	return profile.Spec, object
}

// Profiles returns the implementations that the Gateways of a set choose: by the
// controllerName of their GatewayClass, then by class name, then the
// specification; in the order of [profile.All], at least one. Gateways that the
// input lacks go with the first.
func Profiles(set *manifest.Set) []*profile.Profile {
	chosen := map[*profile.Profile]bool{}
	for _, g := range set.Gateways.All {
		p, _ := choose(set, string(g.Value.Spec.GatewayClassName))
		chosen[p] = true
	}
	var list []*profile.Profile
	for _, p := range profile.All {
		if chosen[p] {
			list = append(list, p)
		}
	}
	if list == nil {
		list = []*profile.Profile{profile.Spec}
	}
	return list
}
