// Package topology resolves the references of a manifest set: Gateway, listener,
// attachment, rule, backend. Each edge that does not hold keeps a [Refusal] with
// its reason and range; lint reports it, status predicts from it and routing
// answers with an error, so that the three cannot disagree. What the input does
// not show is marked [diag.Unknown], never guessed.
//
// How a request is matched is decided in package routing.
package topology

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
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
	// its own; the others are Foreign. Without Auto every Gateway is its own.
	Auto   bool
	Assume Assume
	// TunnelProtocol is --tunnel-protocol: "auto", "http2", "quic", or "" to read
	// it from Helm values and Deployments in the input.
	TunnelProtocol string
}

// Topology is who is attached to what, and for each edge that is not, why.
type Topology struct {
	Set      *manifest.Set
	Options  Options
	Profile  *profile.Profile // Options.Profile, never nil
	Gateways []*Gateway       // by namespace/name; those the input lacks are synthetic
	Routes   []*Route         // GRPCRoutes and HTTPRoutes by kind, namespace and name
	Policies []*Policy        // BackendTLSPolicies
	Tunnel   Tunnel
}

// Tunnel is the transport protocol of a tunnel as the input sets it.
type Tunnel struct {
	Protocol string // lower case, trimmed; "" when the input does not say
	Range    diag.Range
	Source   string // as "Helm value proxy.tunnel.protocol"
}

// Refusal says why an edge does not hold, in the Gateway API's words. Certainty
// Unknown means that the edge may hold: the input does not show it.
type Refusal struct {
	Reason    string // Gateway API reason, as "NotAllowedByListeners"
	Message   string // one sentence, lower case, no full stop
	Range     diag.Range
	Field     string // field path in the object that Range is in
	Object    diag.Ref
	Certainty diag.Certainty
	Related   []diag.Related
}

// Gateway is a Gateway with its listeners and those of its ListenerSets.
type Gateway struct {
	Object          *manifest.Object[gatewayv1.Gateway] // nil when the input lacks it
	Namespace, Name string
	Class           string
	Controller      string // spec.controllerName of its class, "" when not in the input
	Profile         *profile.Profile
	// Certainty is Unknown for a Gateway that is not in the input, Assumed under
	// --assume=present. Such a Gateway has one synthetic listener that admits
	// everything, so that its routes can be explained.
	Certainty diag.Certainty
	Listeners []*Listener // Gateway's own first, then its ListenerSets' (2.10)
	Sets      []*ListenerSet
	Refusals  []*Refusal // as InvalidParameters
}

// Key returns "namespace/name".
func (g *Gateway) Key() string { return g.Namespace + "/" + g.Name }

// ListenerSet is a ListenerSet and whether its Gateway takes it.
type ListenerSet struct {
	Object    *manifest.Object[gatewayv1.ListenerSet]
	Gateway   *Gateway
	Listeners []*Listener
	Refusal   *Refusal
}

// Listener is one listener of a Gateway or of a ListenerSet.
type Listener struct {
	Gateway      *Gateway
	Set          *ListenerSet // nil for a Gateway's own
	Index        int          // in the object that defines it; -1 for a synthetic one
	Name         string
	Port         int32  // 0 for a synthetic one
	Protocol     string // "" for a synthetic one
	Hostname     string // lower case; "" for none
	TLS          *gatewayv1.ListenerTLSConfig
	Kinds        []profile.GroupKind // route kinds it takes, after defaulting and validation
	KindsUnknown bool                // an implementation-defined protocol: the kinds are unknown
	// Refusals make the listener unusable: conflicts, protocol, certificates. A
	// refusal of a kind entry or of one certificate is listed in Problems.
	Refusals []*Refusal
	Problems []*Refusal
	Attached []*Attachment // accepted ones, in route order
}

// Doc returns the document the listener is written in, nil for a synthetic one.
func (l *Listener) Doc() *manifest.Document {
	switch {
	case l.Set != nil:
		return l.Set.Object.Doc
	case l.Gateway.Object != nil:
		return l.Gateway.Object.Doc
	}
	return nil
}

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

// Parent is one entry of parentRefs and what it selects.
type Parent struct {
	Route *Route
	Index int
	Ref   gatewayv1.ParentReference // defaults filled in
	// Of Gateway, Set and Service the one that the reference names; all nil when
	// nobody handles the kind. For a ListenerSet, Gateway is the set's.
	Gateway *Gateway
	Set     *ListenerSet
	Service *manifest.Object[corev1.Service]
	Mesh    bool // the parent is a Service (2.9)
	// Attachments holds one entry per listener of the direct parent, accepted or
	// refused, in listener order.
	Attachments []*Attachment
	// Refusal is why Accepted is not True for this parent; nil when accepted. A
	// missing Gateway under AssumeAbsent is a refusal with reason "" (no status).
	Refusal *Refusal
}

// Attachment is a route on one listener.
type Attachment struct {
	Parent   *Parent
	Listener *Listener
	Stage    profile.Stage // the stage that refused, when Refusal is set
	Hosts    []Host        // effective hostnames; empty when refused
	Refusal  *Refusal      // nil when accepted
	// Certainty of an accepted attachment: Unknown when a Namespace's labels, or
	// the Gateway, are not in the input.
	Certainty diag.Certainty
	Why       string // what makes it less than certain
}

// Host is one effective hostname and the route's own hostname it comes from.
type Host struct {
	Name string // "" for any host
	Own  string // "" when the route names none
}

// Rule is one rule of a route.
type Rule struct {
	Route    *Route
	Index    int
	Name     string
	Backends []*Backend
	Filters  []*Filter
	// Refusals make the whole rule unusable (its calls fail, or it is dropped), as
	// an unsupported filter or a pattern that does not compile.
	Refusals []*Refusal
}

// Path returns the manifest path of the rule: "spec", "rules", Index.
func (r *Rule) Path(more ...any) manifest.Path {
	return append(manifest.Path{"spec", "rules", r.Index}, more...)
}

// Filter is one filter of a rule or of a backend.
type Filter struct {
	Index   int
	Type    string
	GRPC    *gatewayv1.GRPCRouteFilter // nil in an HTTPRoute
	HTTP    *gatewayv1.HTTPRouteFilter // nil in a GRPCRoute
	Mirror  *Backend                   // the resolved target of a RequestMirror
	Refusal *Refusal
}

// Backend is one backendRef, resolved.
type Backend struct {
	Rule                         *Rule
	Index                        int
	Group, Kind, Namespace, Name string // defaults filled in
	Port                         int32  // 0 when not given
	Weight                       int32  // 1 when not given
	Service                      *manifest.Object[corev1.Service]
	ServicePort                  *corev1.ServicePort
	Policy                       *Policy // the BackendTLSPolicy that covers the port
	Filters                      []*Filter
	// Refusal is why the reference does not resolve. Certainty Unknown: the
	// object is not in the input; Reason is then what would be reported if it
	// does not exist.
	Refusal *Refusal
}

// Policy is a BackendTLSPolicy and what it covers.
type Policy struct {
	Object  *manifest.Object[gatewayv1.BackendTLSPolicy]
	Targets []*PolicyTarget
	CA      []*Refusal // one per CA reference that does not resolve
	Refusal *Refusal   // why the policy as a whole is not Accepted
}

// PolicyTarget is one targetRef of a policy.
type PolicyTarget struct {
	Policy  *Policy
	Index   int
	Service *manifest.Object[corev1.Service]
	Port    string   // sectionName, "" for the whole Service
	Refusal *Refusal // Conflicted (loses to an older policy), TargetNotFound
}

// Profiles returns the implementations that the Gateways of a set choose: by the
// controllerName of their GatewayClass, then by class name, then the
// specification; in the order of [profile.All], at least one. Gateways that the
// input lacks go with the first.
func Profiles(set *manifest.Set) []*profile.Profile { return []*profile.Profile{profile.Spec} }

// Resolve works out the topology of a set. It never fails: what does not hold
// becomes a Refusal. Order of work: semantics 6.4.
func Resolve(set *manifest.Set, o Options) *Topology {
	return &Topology{Set: set, Options: o}
}
