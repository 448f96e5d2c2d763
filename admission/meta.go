package admission

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// decodeMeta reads metadata as the server does. Metadata that does not fit its Go
// type refuses the request as a whole; that failure is returned alone.
func (c *checker) decodeMeta(doc *manifest.Document) (*metav1.ObjectMeta, *Failure) {
	written, found := doc.Object()["metadata"]
	if !found {
		return &metav1.ObjectMeta{}, nil
	}
	if m, ok := written.(map[string]any); ok {
		if meta := plainMeta(m); meta != nil {
			return meta, nil
		}
	}
	data, err := json.Marshal(written)
	meta := &metav1.ObjectMeta{}
	var strict []error
	if err == nil {
		strict, err = kjson.UnmarshalStrict(data, meta)
	}
	if err != nil {
		return nil, malformedMeta(doc, written, err)
	}
	for _, e := range strict {
		var f kjson.FieldError
		if errors.As(e, &f) {
			c.unknown = append(c.unknown, unknown{text: "metadata." + f.FieldPath(), path: metaField(written, f.FieldPath())})
		}
	}
	return meta, nil
}

// metaField is the path to a field of metadata that the decoder names.
func metaField(written any, name string) manifest.Path {
	m, _ := written.(map[string]any)
	if _, ok := m[name]; ok {
		return manifest.Path{"metadata", name}
	}
	return append(manifest.Path{"metadata"}, manifest.ParsePath(name)...)
}

// plainMeta reads metadata of the usual form without a detour over JSON: nil when
// it holds anything else.
func plainMeta(m map[string]any) *metav1.ObjectMeta {
	meta := &metav1.ObjectMeta{}
	for k, v := range m {
		ok := false
		switch k {
		case "name":
			meta.Name, ok = v.(string)
		case "namespace":
			meta.Namespace, ok = v.(string)
		case "labels":
			meta.Labels, ok = textMap(v)
		case "annotations":
			meta.Annotations, ok = textMap(v)
		}
		if !ok {
			return nil
		}
	}
	return meta
}

func textMap(v any) (map[string]string, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		s, ok := v.(string)
		if !ok {
			return nil, false
		}
		out[k] = s
	}
	return out, true
}

// malformedMeta explains metadata that cannot be read, by the first label or
// annotation that is not a text where that is the cause.
func malformedMeta(doc *manifest.Document, written any, err error) *Failure {
	_, version, _ := strings.Cut(doc.Ref.APIVersion, "/")
	f := &Failure{
		Source: diag.Metadata, Path: manifest.Path{"metadata"}, Refuses: true,
		Server:  fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", doc.Ref.Kind, version, doc.Ref.Kind, err),
		Message: "metadata cannot be read: " + err.Error(),
	}
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return f
	}
	if wrong.Field != "" {
		f.Path = append(f.Path, manifest.ParsePath(wrong.Field)...)
	}
	m, _ := written.(map[string]any)
	top, _ := m[strings.SplitN(wrong.Field, ".", 2)[0]].(map[string]any)
	for _, k := range sortedKeys(top) {
		if _, ok := top[k].(string); !ok && top[k] != nil && (strings.HasPrefix(wrong.Field, "labels") || strings.HasPrefix(wrong.Field, "annotations")) {
			f.Path = manifest.Path{"metadata", strings.SplitN(wrong.Field, ".", 2)[0], k}
			e := explainType(f.Path.String(), "string", top[k])
			f.Message, f.Expected, f.WantType, f.GotType = e.Message, e.Expected, e.WantType, e.GotType
			return f
		}
	}
	f.Message = fmt.Sprintf("%s is a %s: the server expects something else", f.Path, wrong.Value)
	return f
}

// checkMeta validates metadata after the server has filled in and wiped what it
// does on create: a namespace where one is missing, a generated name, and no
// field that only the server sets.
func (c *checker) checkMeta(meta *metav1.ObjectMeta, doc *manifest.Document, namespaced bool) {
	meta.Generation, meta.ManagedFields = 1, nil
	//lint:ignore SA1019 the server wipes it, so that what it holds is not validated
	meta.SelfLink = ""
	meta.OwnerReferences = withoutRepeats(meta.OwnerReferences)
	switch {
	case !namespaced:
		meta.Namespace = "" // the server clears it
	case meta.Namespace == "":
		meta.Namespace = cmp.Or(doc.Ref.Namespace, metav1.NamespaceDefault)
	}
	if meta.GenerateName != "" && meta.Name == "" {
		meta.Name = generated(meta.GenerateName)
	}
	errs := validation.ValidateObjectMeta(meta, namespaced, validation.NameIsDNSSubdomain, field.NewPath("metadata"))
	rank := map[string]int{}
	for i, e := range errs {
		if _, ok := rank[e.Field]; !ok {
			rank[e.Field] = i
		}
	}
	// Labels and annotations come in the order of a map.
	slices.SortStableFunc(errs, func(a, b *field.Error) int {
		return cmp.Or(cmp.Compare(rank[a.Field], rank[b.Field]), cmp.Compare(a.Error(), b.Error()))
	})
	for _, e := range errs {
		c.add(diag.Metadata, e, explainMeta(e, meta))
	}
}

// generated is a name as the server would make it up, with x for what it draws.
func generated(base string) string {
	const keep = 63 - 5 // names.SimpleNameGenerator cuts there
	if len(base) > keep {
		base = base[:keep]
	}
	return base + "xxxxx"
}

// withoutRepeats drops owner references that say the same thing again.
func withoutRepeats(refs []metav1.OwnerReference) []metav1.OwnerReference {
	if len(refs) < 2 {
		return refs
	}
	var out []metav1.OwnerReference
	seen := map[types.UID]bool{}
	for _, r := range refs {
		same := func(o metav1.OwnerReference) bool { return equality.Semantic.DeepEqual(o, r) }
		if seen[r.UID] && slices.ContainsFunc(out, same) {
			continue
		}
		seen[r.UID] = true
		out = append(out, r)
	}
	return out
}
