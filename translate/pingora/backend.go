package pingora

import (
	"fmt"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// backends writes the references of a rule that the controller keeps.
func (w *writer) backends(rule *topology.Rule) []Backend {
	var out []Backend
	for _, b := range rule.Backends {
		w.filters(rule.Route.Doc, b.Path("filters"), b.Filters)
		if to, ok := w.backend(b); ok {
			out = append(out, to)
		}
	}
	if len(out) == 0 {
		w.lost(rule.Route.Doc, rule.Path(), "the rule is sent without a backend: the proxy passes over it, and its calls go to another rule or get 404")
	}
	return out
}

// backend writes one reference; ok is false for one that is left out.
func (w *writer) backend(b *topology.Backend) (out Backend, ok bool) {
	doc := b.Rule.Route.Doc
	if b.Kind != "Service" {
		w.lost(doc, b.Path("kind"), "the reference is left out, weight and all: the controller knows no kind but Service")
		return out, false
	}
	if b.Group != "" {
		w.lost(doc, b.Path("group"), "the group %q is not looked at: core Service %s/%s is sent", b.Group, b.Namespace, b.Name)
	}
	if b.Namespace != b.Rule.Route.Namespace && !w.granted(b) {
		w.lost(doc, b.Path("namespace"), "it is sent although no ReferenceGrant in the input allows it: the controller asks for none")
	}
	if b.Port == 0 {
		w.lost(doc, b.Path(), "the reference has no port, at which the controller fails: until it has one no change to any route is sent")
	}
	out = Backend{
		Address:  fmt.Sprintf("%s.%s.svc.%s:%d", b.Name, b.Namespace, w.o.ClusterDomain, b.Port),
		Weight:   uint32(max(b.Weight, 1)),
		Protocol: protocolHTTP,
	}
	switch {
	case b.Rule.Route.HTTP != nil: // whose requests HTTP/1.1 carries
	case w.o.Intended:
		out.Protocol = protocolH2C
	default:
		w.once(doc, b.Path(), "sent with protocol HTTP, which is HTTP/1.1 and carries no gRPC: --intended writes H2C")
	}
	if b.Weight <= 0 && w.o.Intended {
		w.depends(doc, b.Path("weight"), "the reference is left out: the controller would send its weight %d as 1", b.Weight)
		return out, false
	}
	if b.Weight <= 0 {
		w.lost(doc, b.Path("weight"), "weight %d is sent as 1, so that the backend gets calls", b.Weight)
	}
	if p := w.policy(b); p != "" {
		w.lost(doc, b.Path(), "BackendTLSPolicy %s is not sent: calls go to the backend without TLS", p)
	}
	return out, true
}

// granted reports whether the input holds a ReferenceGrant for a reference, or is
// to be taken as holding it.
func (w *writer) granted(b *topology.Backend) bool {
	if w.table.Topology.Options.Assume == topology.AssumePresent {
		return true
	}
	for _, g := range w.table.Topology.Set.ReferenceGrants.All {
		if g.Doc.Ref.Namespace == b.Namespace && allows(g.Value, b) {
			return true
		}
	}
	return false
}

func allows(g *gatewayv1.ReferenceGrant, b *topology.Backend) bool {
	from, to := false, false
	for _, f := range g.Spec.From {
		from = from || f.Group == gatewayv1.GroupName && string(f.Kind) == b.Rule.Route.Kind && string(f.Namespace) == b.Rule.Route.Namespace
	}
	for _, t := range g.Spec.To {
		to = to || t.Group == "" && string(t.Kind) == b.Kind && (t.Name == nil || string(*t.Name) == b.Name)
	}
	return from && to
}

// policy names the BackendTLSPolicy for the Service of a reference, "" for none.
func (w *writer) policy(b *topology.Backend) string {
	if p := b.Policy; p != nil && p.Object != nil {
		return p.Object.Doc.Ref.Key()
	}
	return ""
}

// filters says which filters are not sent: all of them.
func (w *writer) filters(doc *manifest.Document, path manifest.Path, list []*topology.Filter) {
	for _, f := range list {
		w.lost(doc, append(append(manifest.Path{}, path...), f.Index), "filter %s is not sent: calls are served without it", f.Type)
	}
}
