package topology

import (
	"fmt"

	"cmp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Route is a GRPCRoute or an HTTPRoute.
type Route struct {
	Kind            string // "GRPCRoute" or "HTTPRoute"
	Doc             *manifest.Document
	GRPC            *gatewayv1.GRPCRoute // one of the two is set
	HTTP            *gatewayv1.HTTPRoute
	Namespace, Name string
	Hostnames       []string // as written, lower case, one trailing dot dropped
	Parents         []*Parent
	Rules           []*Rule
}

// Key returns "namespace/name".
func (r *Route) Key() string { return r.Namespace + "/" + r.Name }

func (r *Route) meta() *metav1.ObjectMeta {
	if r.GRPC != nil {
		return &r.GRPC.ObjectMeta
	}
	return &r.HTTP.ObjectMeta
}

// Parent is one entry of parentRefs and what it selects.
type Parent struct {
	Route *Route
	Index int                       // -1 for a default Gateway, which no parentRef names
	Ref   gatewayv1.ParentReference // defaults filled in
	// Of Gateway, Set and Service the one that the reference names; all nil when
	// nobody handles the kind. For a ListenerSet, Gateway is the set's.
	Gateway *Gateway
	Set     *ListenerSet
	Service *manifest.Object[corev1.Service]
	Mesh    bool // the parent is a Service (GEP-1294)
	// Foreign: the Gateway is another implementation's; nothing is resolved.
	Foreign bool
	// Attachments holds one entry per listener of the direct parent, accepted or
	// refused, in listener order.
	Attachments []*Attachment
	// Refusal is why Accepted is not True for this parent; nil when accepted, and
	// for a Foreign one. Reason "" means that nobody writes a status: the Gateway
	// does not exist, or nobody handles the kind.
	Refusal *Refusal
}

// Path returns where the reference stands in its route.
func (p *Parent) Path(more ...any) manifest.Path {
	if p.Index < 0 {
		return manifest.Path{"spec", "useDefaultGateways"}
	}
	return append(manifest.Path{"spec", "parentRefs", p.Index}, more...)
}

// String names a parent as its reference does: "Gateway infra/gw".
func (p *Parent) String() string {
	kind, namespace := "Gateway", p.Route.Namespace
	if p.Ref.Kind != nil {
		kind = string(*p.Ref.Kind)
	}
	if p.Ref.Namespace != nil {
		namespace = string(*p.Ref.Namespace)
	}
	return fmt.Sprintf("%s %s/%s", kind, namespace, p.Ref.Name)
}

func (p *Parent) refuse(reason, message string, certainty diag.Certainty, more ...any) *Refusal {
	return &Refusal{Reason: reason, Message: message, Doc: p.Route.Doc, Path: p.Path(more...), Certainty: certainty}
}

// Attachment is a route on one listener.
type Attachment struct {
	Parent   *Parent
	Listener *Listener
	Stage    profile.Stage // the stage that refused, when Refusal is set
	Hosts    []Host        // effective hostnames; empty when refused for certain
	Refusal  *Refusal      // nil when accepted
	// Certainty of an accepted attachment: Unknown when a Namespace's labels, or
	// the Gateway, are not in the input.
	Certainty diag.Certainty
	Why       string // what makes it less than certain

	unusable bool // the listener refuses every route, whatever the stages say
}

// doubt makes an attachment less certain.
func (a *Attachment) doubt(c diag.Certainty, why string) {
	if c > a.Certainty {
		a.Certainty, a.Why = c, why
	}
}

// Host is one effective hostname and the route's own hostname it comes from.
type Host struct {
	Name string // "" for any host
	Own  string // "" when the route names none
}

// resolveRoutes reads the routes of both kinds and attaches them.
func (x *resolver) resolveRoutes() {
	for _, o := range x.Set.GRPCRoutes.All {
		r := &Route{Kind: "GRPCRoute", Doc: o.Doc, GRPC: o.Value}
		x.route(r, &o.Value.Spec.CommonRouteSpec, o.Value.Spec.Hostnames)
		r.Rules = make([]*Rule, len(o.Value.Spec.Rules))
		for i := range o.Value.Spec.Rules {
			r.Rules[i] = x.grpcRule(r, i, &o.Value.Spec.Rules[i])
		}
	}
	for _, o := range x.Set.HTTPRoutes.All {
		r := &Route{Kind: "HTTPRoute", Doc: o.Doc, HTTP: o.Value}
		x.route(r, &o.Value.Spec.CommonRouteSpec, o.Value.Spec.Hostnames)
		r.Rules = make([]*Rule, len(o.Value.Spec.Rules))
		for i := range o.Value.Spec.Rules {
			r.Rules[i] = x.httpRule(r, i, &o.Value.Spec.Rules[i])
		}
	}
	slices.SortStableFunc(x.Routes, func(a, b *Route) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
}

func (x *resolver) route(r *Route, spec *gatewayv1.CommonRouteSpec, hostnames []gatewayv1.Hostname) {
	x.Routes = append(x.Routes, r)
	r.Namespace, r.Name = r.Doc.Ref.Namespace, r.Doc.Ref.Name
	for _, h := range hostnames {
		r.Hostnames = append(r.Hostnames, NormalizeHostname(string(h)))
	}
	for i := range spec.ParentRefs {
		p := &Parent{Route: r, Index: i, Ref: withDefaults(spec.ParentRefs[i], r.Namespace)}
		r.Parents = append(r.Parents, p)
		x.parent(p)
	}
	if spec.UseDefaultGateways == gatewayv1.GatewayDefaultScopeAll {
		x.defaultGateways(r)
	}
}

// defaultGateways attaches a route to the Gateways that claim routes by
// themselves (GEP-3793, experimental).
func (x *resolver) defaultGateways(r *Route) {
	for _, o := range x.Set.Gateways.All {
		if o.Value.Spec.DefaultScope != gatewayv1.GatewayDefaultScopeAll {
			continue
		}
		namespace := gatewayv1.Namespace(o.Doc.Ref.Namespace)
		ref := gatewayv1.ParentReference{Name: gatewayv1.ObjectName(o.Doc.Ref.Name), Namespace: &namespace}
		p := &Parent{Route: r, Index: -1, Ref: withDefaults(ref, r.Namespace)}
		r.Parents = append(r.Parents, p)
		x.parent(p)
	}
}

var (
	gatewayGroup gatewayv1.Group = gatewayv1.GroupName
	gatewayKind  gatewayv1.Kind  = "Gateway"
)

// withDefaults fills in a parentRef: group and kind as the API server does, the
// namespace as controllers do.
func withDefaults(ref gatewayv1.ParentReference, namespace string) gatewayv1.ParentReference {
	if ref.Group == nil {
		ref.Group = &gatewayGroup
	}
	if ref.Kind == nil {
		ref.Kind = &gatewayKind
	}
	if ref.Namespace == nil {
		own := gatewayv1.Namespace(namespace)
		ref.Namespace = &own
	}
	return ref
}
