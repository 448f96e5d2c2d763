package topology

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// ListenerSet is a ListenerSet and whether its Gateway takes it.
type ListenerSet struct {
	Object    *manifest.Object[gatewayv1.ListenerSet]
	Gateway   *Gateway // nil when the parent is no Gateway
	Listeners []*Listener
	Refusal   *Refusal
	// Certainty of an accepted set: Unknown when the labels of its namespace, or
	// the Gateway, are not in the input.
	Certainty diag.Certainty
	Why       string
}

// resolveListenerSets adds the listeners of ListenerSets to their Gateways: by
// age, then by namespace/name (GA apis/v1/listenerset_types.go).
func (x *resolver) resolveListenerSets() {
	for _, o := range x.Set.ListenerSets.All {
		s := &ListenerSet{Object: o}
		x.sets[o.Doc.Ref.Key()] = s
		x.listenerSet(s)
		if s.Gateway == nil || s.Gateway.Foreign || s.Gateway.absent {
			x.Strays = append(x.Strays, s)
			continue
		}
		s.Gateway.Sets = append(s.Gateway.Sets, s)
	}
	for _, g := range x.gateways {
		slices.SortStableFunc(g.Sets, func(a, b *ListenerSet) int {
			return older(&a.Object.Value.ObjectMeta, &b.Object.Value.ObjectMeta, a.Object.Doc.Ref, b.Object.Doc.Ref)
		})
		for _, s := range g.Sets {
			g.Listeners = append(g.Listeners, s.Listeners...)
		}
	}
}

// listenerSet finds a set's Gateway, reads its listeners and asks whether the
// Gateway takes it.
func (x *resolver) listenerSet(s *ListenerSet) {
	doc, ref := s.Object.Doc, &s.Object.Value.Spec.ParentRef
	path := manifest.Path{"spec", "parentRef"}
	refuse := func(reason, message string, certainty diag.Certainty) {
		s.Refusal = &Refusal{Reason: reason, Message: message, Doc: doc, Path: path, Certainty: certainty}
	}
	if group, kind := value(ref.Group, gatewayv1.GroupName), value(ref.Kind, "Gateway"); group != gatewayv1.GroupName || kind != "Gateway" {
		refuse("", fmt.Sprintf("a ListenerSet extends a Gateway, not %s %q", kind, ref.Name), diag.Certain)
		return
	}
	g := x.gatewayFor(string(value(ref.Namespace, gatewayv1.Namespace(doc.Ref.Namespace))), string(ref.Name))
	if x.Profile.Transport.GatewayParentsOnly && !g.Foreign {
		refuse("", x.Profile.Title+" knows no ListenerSets", diag.Certain)
		return
	}
	s.Gateway = g
	switch {
	case g.Foreign:
		return
	case g.absent:
		refuse("", fmt.Sprintf("Gateway %s does not exist", g.Key()), diag.Assumed)
		return
	}
	for i := range s.Object.Value.Spec.Listeners {
		l := &s.Object.Value.Spec.Listeners[i]
		s.Listeners = append(s.Listeners, x.listener(&Listener{Gateway: g, Set: s, Index: i}, &listenerFields{
			l.Name, l.Hostname, l.Port, l.Protocol, l.TLS, l.AllowedRoutes,
		}))
	}
	if g.Object == nil {
		s.Certainty, s.Why = g.Certainty, g.Listeners[0].why
		return
	}
	var from *gatewayv1.FromNamespaces
	var rules gatewayv1.ListenerNamespaces
	if allowed := g.Object.Value.Spec.AllowedListeners; allowed != nil && allowed.Namespaces != nil {
		rules = *allowed.Namespaces
		from = rules.From
	}
	v := x.admits(value(from, gatewayv1.NamespacesFromNone), rules.Selector, g.Namespace, doc.Ref.Namespace)
	if v.ok {
		s.Certainty, s.Why = v.certainty, v.why
		return
	}
	refuse("NotAllowed", fmt.Sprintf("Gateway %s takes no ListenerSets of namespace %q: %s", g.Key(), doc.Ref.Namespace, v.why), v.certainty)
	s.Refusal.see(g.Object.Doc, manifest.Path{"spec", "allowedListeners"}, "the Gateway's allowedListeners")
}

// value returns what a pointer points to, or a default.
func value[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
