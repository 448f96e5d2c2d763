// Package manifest reads files, folders and standard input into positioned
// documents and typed objects. Values are what Kubernetes would read (YAML 1.1
// as sigs.k8s.io/yaml); every field can say its file, line and column. Nothing is
// dropped: what cannot be read becomes a finding in [Set.Problems], what is not
// ours is counted. Whether an API server would take an object is decided in
// package admission.
package manifest

import (
	"github.com/grpcroute/grpcroute/diag"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Document is one Kubernetes object as it stands in the input: a YAML document,
// a JSON value, or one item of a List.
type Document struct {
	File *File
	Ref  diag.Ref // Namespace is the effective one, see Options.Namespace
	// Value is the JSON value Kubernetes would read; integers are int64. It is nil
	// where [Options.Check] has seen it; [Document.Object] has it everywhere.
	Value map[string]any
	// DecodeError is set when Value does not fit the Go type of its kind; the
	// object is then in Set.Broken and in no index.
	DecodeError error

	src  *source // nil for a document that was not read by this package
	base Path    // where the object stands in src, for an item of a List

	placed      bool // see NamesNamespace
	dropped     bool // Value was; annotations is what others ask of it
	annotations map[string]string
}

// Object is a document with its typed value. Value holds what is written:
// defaults of the API server are not filled in.
type Object[T any] struct {
	Doc   *Document
	Value *T
}

// Set is everything that was read, typed and indexed by namespace and name. Of
// several objects with one identity the last one counts, as with kubectl apply;
// the others are in Replaced.
type Set struct {
	Files     []*File
	Documents []*Document // every object of a kind we know, in input order

	GatewayClasses     Index[gatewayv1.GatewayClass]
	Gateways           Index[gatewayv1.Gateway]
	ListenerSets       Index[gatewayv1.ListenerSet]
	GRPCRoutes         Index[gatewayv1.GRPCRoute]
	HTTPRoutes         Index[gatewayv1.HTTPRoute]
	ReferenceGrants    Index[gatewayv1.ReferenceGrant]
	BackendTLSPolicies Index[gatewayv1.BackendTLSPolicy]
	Services           Index[corev1.Service]
	ServiceImports     Index[ServiceImport]
	EndpointSlices     Index[discoveryv1.EndpointSlice]
	Namespaces         Index[corev1.Namespace]
	Secrets            Index[corev1.Secret]
	ConfigMaps         Index[corev1.ConfigMap]
	Deployments        Index[appsv1.Deployment]

	HelmValues []*Document    // values files that carry proxy.tunnel.protocol
	Broken     []*Document    // known kinds whose value does not fit the Go type
	Replaced   []*Document    // objects that a later one of the same identity replaces
	Ignored    map[string]int // objects of kinds we do not know, by "group/version, Kind=K" or [NoKind]
	Others     []*Document    // those of Ignored that lint speaks of: Ingress, VirtualService, ReferencePolicy
	Unread     []*Document    // those of Ignored, when Options.Unread asks for them
	Problems   diag.List      // what could not be read, with positions

	// Shelf are the routes that were read and are not held: see [Options.Shelve]. They
	// are in none of the fields above.
	Shelf []Shelved

	seen     map[identity]bool // objects of kinds we do not know, see [Set.Holds]
	shelfOf  *shelf            // nil for a set that was not read by this package
	late     *late             // nil unless what is found by name is on the shelf
	presence *presence         // see [Set.HasNamespace]
}

// Index holds the objects of one kind in input order and finds them by
// namespace and name.
type Index[T any] struct {
	All   []*Object[T]
	byKey map[string]*Object[T]
	load  func(namespace, name string) *Object[T] // nil, or for what is on the shelf
}

// Get returns the object of that name, or nil. The namespace of a
// cluster-scoped kind is "".
func (x *Index[T]) Get(namespace, name string) *Object[T] {
	o := x.byKey[namespace+"/"+name]
	if o == nil && x.load != nil {
		return x.load(namespace, name)
	}
	return o
}
