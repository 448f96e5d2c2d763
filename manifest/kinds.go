package manifest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	kjson "sigs.k8s.io/json"
)

const gatewayGroup = "gateway.networking.k8s.io"

// groupKind names a kind whatever its version: the versions of the kinds we read
// are one family of shapes, and whether a version is served is for admission to
// say.
type groupKind struct{ group, kind string }

// kind is how objects of one kind become typed and find their index.
type kind struct {
	clusterScoped bool
	route         bool // see [Options.Shelve]
	named         bool // this, too: others ask for it by name
	// decode makes the Go value; exact is for objects with numbers that the
	// quick conversion would cut off.
	decode func(v map[string]any, exact bool) (any, error)
	// add puts the object into its index and returns the one it replaces.
	add func(s *Set, d *Document, v any) *Document
	// drop removes replaced objects from the index.
	drop func(s *Set, replaced map[*Document]bool)
	// take empties the index and returns what was in it.
	take func(s *Set) []entry
	// late makes the index find what is not in it: find calls wrap for what is read.
	late func(s *Set, find func(namespace, name string, wrap func(*Document, any) any) any)
}

var kinds = map[groupKind]*kind{
	{gatewayGroup, "GatewayClass"}:             newKind(func(s *Set) *Index[gatewayv1.GatewayClass] { return &s.GatewayClasses }).cluster(),
	{gatewayGroup, "Gateway"}:                  newKind(func(s *Set) *Index[gatewayv1.Gateway] { return &s.Gateways }),
	{gatewayGroup, "ListenerSet"}:              newKind(func(s *Set) *Index[gatewayv1.ListenerSet] { return &s.ListenerSets }),
	{gatewayGroup, "GRPCRoute"}:                newKind(func(s *Set) *Index[gatewayv1.GRPCRoute] { return &s.GRPCRoutes }).routes(),
	{gatewayGroup, "HTTPRoute"}:                newKind(func(s *Set) *Index[gatewayv1.HTTPRoute] { return &s.HTTPRoutes }).routes(),
	{gatewayGroup, "ReferenceGrant"}:           newKind(func(s *Set) *Index[gatewayv1.ReferenceGrant] { return &s.ReferenceGrants }),
	{gatewayGroup, "BackendTLSPolicy"}:         newKind(func(s *Set) *Index[gatewayv1.BackendTLSPolicy] { return &s.BackendTLSPolicies }),
	{"", "Service"}:                            newKind(func(s *Set) *Index[corev1.Service] { return &s.Services }).byName(),
	{"", "Namespace"}:                          newKind(func(s *Set) *Index[corev1.Namespace] { return &s.Namespaces }).cluster(),
	{"", "Secret"}:                             newKind(func(s *Set) *Index[corev1.Secret] { return &s.Secrets }).byName(),
	{"", "ConfigMap"}:                          newKind(func(s *Set) *Index[corev1.ConfigMap] { return &s.ConfigMaps }).byName(),
	{"apps", "Deployment"}:                     newKind(func(s *Set) *Index[appsv1.Deployment] { return &s.Deployments }).byName(),
	{"discovery.k8s.io", "EndpointSlice"}:      newKind(func(s *Set) *Index[discoveryv1.EndpointSlice] { return &s.EndpointSlices }),
	{"multicluster.x-k8s.io", "ServiceImport"}: newKind(func(s *Set) *Index[ServiceImport] { return &s.ServiceImports }),
}

// otherShapes are the versions of our kinds that have another shape than the Go
// type. BackendTLSPolicy v1alpha2 had one targetRef and spec.tls (Gateway API
// v1.0 apis/v1alpha2/backendtlspolicy_types.go).
var otherShapes = map[groupKind]string{
	{gatewayGroup, "BackendTLSPolicy"}: gatewayGroup + "/v1alpha2",
}

func newKind[T any](index func(*Set) *Index[T]) *kind {
	k := &kind{
		decode: func(v map[string]any, exact bool) (any, error) {
			object, err := decode[T](v, exact)
			return object, err
		},
		add: func(s *Set, d *Document, v any) *Document {
			return index(s).add(&Object[T]{Doc: d, Value: v.(*T)})
		},
		drop: func(s *Set, replaced map[*Document]bool) { index(s).drop(replaced) },
		late: func(s *Set, find func(string, string, func(*Document, any) any) any) {
			index(s).load = func(namespace, name string) *Object[T] {
				o, _ := find(namespace, name, func(d *Document, v any) any { return &Object[T]{Doc: d, Value: v.(*T)} }).(*Object[T])
				return o
			}
		},
	}
	k.take = func(s *Set) (out []entry) {
		for _, o := range index(s).All {
			out = append(out, entry{o.Doc, k, o.Value})
		}
		*index(s) = Index[T]{}
		return out
	}
	return k
}

func (k *kind) cluster() *kind {
	k.clusterScoped = true
	return k
}

func (k *kind) routes() *kind {
	k.route = true
	return k
}

func (k *kind) byName() *kind {
	k.named = true
	return k
}

// decode makes the Go value of an object. The converter of apimachinery is quick
// but cuts integers to the size of their field and does not name the field that
// does not fit, so for both the decoder of the API server stands in.
func decode[T any](v map[string]any, exact bool) (*T, error) {
	object := new(T)
	if !exact {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(v, object); err == nil {
			return object, nil
		}
		object = new(T)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, object); err != nil {
		return nil, err
	}
	return object, nil
}

// add appends an object and returns the document of the object that it replaces.
// An object without a name has no identity: the server would generate one.
func (x *Index[T]) add(o *Object[T]) *Document {
	x.All = append(x.All, o)
	if o.Doc.Ref.Name == "" {
		return nil
	}
	if x.byKey == nil {
		x.byKey = map[string]*Object[T]{}
	}
	key := o.Doc.Ref.Namespace + "/" + o.Doc.Ref.Name
	old := x.byKey[key]
	x.byKey[key] = o
	if old == nil {
		return nil
	}
	return old.Doc
}

func (x *Index[T]) drop(replaced map[*Document]bool) {
	if !slices.ContainsFunc(x.All, func(o *Object[T]) bool { return replaced[o.Doc] }) {
		return // what sets share is not written to
	}
	kept := x.All[:0]
	for _, o := range x.All {
		if !replaced[o.Doc] {
			kept = append(kept, o)
		}
	}
	clear(x.All[len(kept):])
	x.All = kept
}

// groupOf returns the group of an apiVersion; the core group is "".
func groupOf(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// typed decodes a document of a known kind.
func (k *kind) typed(r *reader, d *Document, exact bool) any {
	if otherShapes[groupKind{groupOf(d.Ref.APIVersion), d.Ref.Kind}] == d.Ref.APIVersion {
		d.DecodeError = fmt.Errorf("decode %s: %s has another shape than the versions served since Gateway API v1.1", d.Ref.Kind, d.Ref.APIVersion)
		return nil
	}
	if k == kinds[groupKind{gatewayGroup, "GRPCRoute"}] && !exact {
		if v := r.route(d.Value); v != nil {
			return v
		}
	}
	v, err := k.decode(d.Value, exact)
	if err != nil {
		d.DecodeError = fmt.Errorf("decode %s: %w", d.Ref.Kind, err)
		return nil
	}
	return v
}

// ServiceImport is the part of multicluster.x-k8s.io ServiceImport that routing
// reads.
type ServiceImport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              struct {
		Type  string `json:"type"`
		Ports []struct {
			Name        string  `json:"name,omitempty"`
			Protocol    string  `json:"protocol,omitempty"`
			AppProtocol *string `json:"appProtocol,omitempty"`
			Port        int32   `json:"port"`
		} `json:"ports"`
	} `json:"spec"`
}
