package admission_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/crdgen/crds"
	"github.com/grpcroute/grpcroute/manifest"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
)

// reference is one served version of one definition in the code of the API
// server, and the same version in ours.
type reference struct {
	release crds.Release
	channel string
	gvk     schema.GroupVersionKind
	schema  *apiextensionsv1.JSONSchemaProps
	server  *admission.Server

	namespaced bool
	rules      bool // whether there are any, oldSelf included
	structural *structuralschema.Structural
	strategy   interface {
		PrepareForCreate(context.Context, runtime.Object)
		Validate(context.Context, runtime.Object) field.ErrorList
	}
}

func (r *reference) String() string {
	return r.release.Minor + "/" + r.channel + "/" + r.gvk.Version + "/" + r.gvk.Kind
}

func (r *reference) apiVersion() string { return r.gvk.GroupVersion().String() }

// references builds the reference of every schema once: a version whose schema
// equals one before it (of an earlier release, or v1beta1 beside v1) is left out.
var references = sync.OnceValues(func() ([]*reference, error) {
	var out []*reference
	seen := map[uint64]bool{}
	for _, release := range crds.Releases() {
		for _, channel := range crds.Channels() {
			list, err := release.Load(channel)
			if err != nil {
				return nil, err
			}
			server, err := admission.New(release.Minor, channel)
			if err != nil {
				return nil, err
			}
			for _, crd := range list {
				for i := range crd.Spec.Versions {
					v := &crd.Spec.Versions[i]
					r := &reference{release: release, channel: channel, server: server}
					r.gvk = schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind}
					if !v.Served {
						continue
					}
					id := server.Root(r.apiVersion(), r.gvk.Kind)
					if seen[id] {
						continue
					}
					seen[id] = true
					if err := r.build(crd, v); err != nil {
						return nil, err
					}
					out = append(out, r)
				}
			}
		}
	}
	return out, nil
})

// allReferences skips the test loudly where the modules cannot be had.
func allReferences(t testing.TB) []*reference {
	t.Helper()
	list, err := references()
	if errors.Is(err, crds.ErrUnavailable) && os.Getenv("GRPCROUTE_REQUIRE_ALL") != "1" {
		t.Skipf("SKIPPED, NOT CHECKED AGAINST THE SERVER: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (r *reference) build(crd *apiextensionsv1.CustomResourceDefinition, v *apiextensionsv1.CustomResourceDefinitionVersion) error {
	r.schema = v.Schema.OpenAPIV3Schema
	r.namespaced = crd.Spec.Scope == apiextensionsv1.NamespaceScoped
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(r.schema, &internal, nil); err != nil {
		return err
	}
	s, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return err
	}
	r.structural = s.DeepCopy()
	if err := defaulting.PruneDefaults(r.structural); err != nil {
		return err
	}
	text, err := json.Marshal(r.schema)
	if err != nil {
		return err
	}
	r.rules = bytes.Contains(text, []byte(`"x-kubernetes-validations"`))
	validator, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return err
	}
	var status *apiextensions.CustomResourceSubresourceStatus
	if v.Subresources != nil && v.Subresources.Status != nil {
		status = &apiextensions.CustomResourceSubresourceStatus{}
	}
	r.strategy = customresource.NewStrategy(nil, r.namespaced, r.gvk, validator, nil, r.structural, status, nil, nil)
	return nil
}

// check does what the server does with a request to create an object: decode,
// prune, fill in defaults, wipe and fill in system fields, validate.
func (r *reference) check(value map[string]any) (texts []string, settled map[string]any) {
	u := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(value)}
	meta, found, unknown, err := objectmeta.GetObjectMetaWithOptions(u.Object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return []string{fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", r.gvk.Kind, r.gvk.Version, r.gvk.Kind, err)}, nil
	}
	unknown = append(unknown, pruning.PruneWithOptions(u.Object, r.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	defaulting.PruneNonNullableNullsWithoutDefaults(u.Object, r.structural)
	coerceErr, paths := objectmeta.CoerceWithOptions(nil, u.Object, r.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if coerceErr != nil {
		return []string{coerceErr.Error()}, nil
	}
	for _, p := range append(unknown, paths...) {
		texts = append(texts, fmt.Sprintf(`unknown field "%s"`, p))
	}
	u.SetGroupVersionKind(r.gvk)
	if found {
		if err := objectmeta.SetObjectMeta(u.Object, meta); err != nil {
			return []string{err.Error()}, nil
		}
	}
	defaulting.Default(u.Object, r.structural)
	r.fill(u)
	r.strategy.PrepareForCreate(context.Background(), u)
	for _, e := range r.strategy.Validate(context.Background(), u) {
		texts = append(texts, e.Error())
	}
	return texts, u.Object
}

// fill does what the handlers do between decoding and the strategy. A generated
// name ends in xxxxx instead of something random.
func (r *reference) fill(u *unstructured.Unstructured) {
	rest.WipeObjectMetaSystemFields(u)
	u.SetManagedFields(nil)
	namespace := ""
	if r.namespaced && u.GetNamespace() == "" {
		namespace = "default"
	} else if r.namespaced {
		namespace = u.GetNamespace()
	}
	_ = rest.EnsureObjectNamespaceMatchesRequestNamespace(namespace, u)
	var owners []metav1.OwnerReference
	for _, o := range u.GetOwnerReferences() {
		repeated := false
		for _, p := range owners {
			repeated = repeated || equality.Semantic.DeepEqual(o, p)
		}
		if !repeated {
			owners = append(owners, o)
		}
	}
	if len(owners) != len(u.GetOwnerReferences()) {
		u.SetOwnerReferences(owners)
	}
	rest.FillObjectMetaSystemFields(u)
	if u.GetGenerateName() != "" && u.GetName() == "" {
		name := names.SimpleNameGenerator.GenerateName(u.GetGenerateName())
		u.SetName(name[:len(name)-5] + "xxxxx")
	}
}

// document wraps a value as manifest would.
func (r *reference) document(value map[string]any) *manifest.Document {
	return &manifest.Document{
		File:  &manifest.File{Name: "case.yaml"},
		Ref:   diag.Ref{APIVersion: r.apiVersion(), Kind: r.gvk.Kind, Namespace: "default"},
		Value: value,
	}
}

// find returns the newest reference of a kind and version that the server of a
// release and channel has.
func findReference(t testing.TB, channel, apiVersion, kind string) *reference {
	t.Helper()
	var best *reference
	for _, r := range allReferences(t) {
		if r.channel == channel && r.apiVersion() == apiVersion && r.gvk.Kind == kind {
			best = r
		}
	}
	if best == nil {
		t.Fatalf("no reference for %s %s %s", channel, apiVersion, kind)
	}
	return best
}
