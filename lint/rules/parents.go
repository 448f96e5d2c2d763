package rules

import (
	"iter"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

const gatewayGroup = gatewayv1.GroupName

// target is what a parentRef names, defaults filled in.
type target struct{ group, kind, namespace, name string }

// targetOf fills in the defaults of a parentRef: group and kind of a Gateway, the
// route's own namespace (GA apis/v1/shared_types.go, ParentReference).
func targetOf(route *manifest.Document, ref *gatewayv1.ParentReference) target {
	return target{
		group:     string(deref(ref.Group, gatewayv1.GroupName)),
		kind:      string(deref(ref.Kind, "Gateway")),
		namespace: string(deref(ref.Namespace, gatewayv1.Namespace(route.Ref.Namespace))),
		name:      string(ref.Name),
	}
}

// isService reports whether the parent is a Service, as a mesh has it.
func (t target) isService() bool { return t.group == "" && t.kind == "Service" }

// parentRefs walks the parentRefs of every GRPCRoute that was read.
func parentRefs(set *manifest.Set) iter.Seq2[*manifest.Object[gatewayv1.GRPCRoute], int] {
	return func(yield func(*manifest.Object[gatewayv1.GRPCRoute], int) bool) {
		for _, route := range set.GRPCRoutes.All {
			for i := range route.Value.Spec.ParentRefs {
				if !yield(route, i) {
					return
				}
			}
		}
	}
}

// grpcRoutes walks the GRPCRoutes of a topology.
func grpcRoutes(t *topology.Topology) iter.Seq[*topology.Route] {
	return func(yield func(*topology.Route) bool) {
		for _, r := range t.Routes {
			if r.GRPC != nil && !yield(r) {
				return
			}
		}
	}
}

// grpcParents walks the parents of the GRPCRoutes of a topology.
func grpcParents(t *topology.Topology) iter.Seq[*topology.Parent] {
	return func(yield func(*topology.Parent) bool) {
		for r := range grpcRoutes(t) {
			for _, p := range r.Parents {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// listeners walks the listeners of a topology that are written in the input.
func listeners(t *topology.Topology) iter.Seq[*topology.Listener] {
	return func(yield func(*topology.Listener) bool) {
		for _, g := range t.Gateways {
			for _, l := range g.Listeners {
				if l.Doc() != nil && !yield(l) {
					return
				}
			}
		}
	}
}

// gatewayListeners returns what each listener of a Gateway admits, as written.
func gatewayListeners(g *gatewayv1.Gateway) []*gatewayv1.AllowedRoutes {
	out := make([]*gatewayv1.AllowedRoutes, len(g.Spec.Listeners))
	for i := range g.Spec.Listeners {
		out[i] = g.Spec.Listeners[i].AllowedRoutes
	}
	return out
}

// setListeners returns what each listener of a ListenerSet admits, as written.
func setListeners(s *gatewayv1.ListenerSet) []*gatewayv1.AllowedRoutes {
	out := make([]*gatewayv1.AllowedRoutes, len(s.Spec.Listeners))
	for i := range s.Spec.Listeners {
		out[i] = s.Spec.Listeners[i].AllowedRoutes
	}
	return out
}

// allowedRoutes returns what a listener admits as written, nil for nothing
// written.
func allowedRoutes(l *topology.Listener) *gatewayv1.AllowedRoutes {
	switch {
	case l.Index < 0:
		return nil
	case l.Set != nil:
		return l.Set.Object.Value.Spec.Listeners[l.Index].AllowedRoutes
	case l.Gateway.Object != nil:
		return l.Gateway.Object.Value.Spec.Listeners[l.Index].AllowedRoutes
	}
	return nil
}
