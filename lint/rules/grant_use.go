package rules

import (
	"slices"

	"github.com/grpcroute/grpcroute/lint"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// crossing is the direction of references that a from entry of a grant speaks
// of.
type crossing struct{ group, kind, namespace, into string }

// grantTarget is an object that something in another namespace refers to.
type grantTarget struct{ group, kind, name string }

// uses are the references into other namespaces that need a grant.
type uses map[crossing][]grantTarget

// grantUses collects the references of routes to backends and of listeners to
// certificates.
func grantUses(p *lint.Pass) uses {
	out := uses{}
	seen := map[crossing]map[grantTarget]bool{}
	add := func(c crossing, g grantTarget) {
		if c.namespace == c.into || seen[c][g] {
			return
		}
		if seen[c] == nil {
			seen[c] = map[grantTarget]bool{}
		}
		seen[c][g] = true
		out[c] = append(out[c], g)
	}
	for ref := range references(slices.Values(p.Topology.Routes)) {
		route := ref.Rule.Route
		add(crossing{gatewayGroup, fromKind(p.Profile, ref), route.Namespace, ref.Namespace}, grantTarget{ref.Group, ref.Kind, ref.Name})
	}
	for _, gw := range p.Topology.Gateways {
		for _, l := range gw.Listeners {
			doc := l.Doc()
			if doc == nil || l.TLS == nil {
				continue
			}
			for _, c := range l.TLS.CertificateRefs {
				add(crossing{gatewayGroup, doc.Ref.Kind, doc.Ref.Namespace, string(deref(c.Namespace, gatewayv1.Namespace(doc.Ref.Namespace)))},
					grantTarget{string(deref(c.Group, "")), string(deref(c.Kind, "Secret")), string(c.Name)})
			}
		}
	}
	return out
}

// of returns what is referred to by leave of a grant.
func (u uses) of(o *grant) []grantTarget {
	var out []grantTarget
	for _, f := range o.Value.Spec.From {
		for _, g := range u[crossing{string(f.Group), string(f.Kind), string(f.Namespace), o.Doc.Ref.Namespace}] {
			for _, t := range o.Value.Spec.To {
				if string(t.Group) == g.group && string(t.Kind) == g.kind && (t.Name == nil || *t.Name == "" || string(*t.Name) == g.name) {
					out = append(out, g)
					break
				}
			}
		}
	}
	return out
}
