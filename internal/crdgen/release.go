package main

import (
	"fmt"

	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	"github.com/grpcroute/grpcroute/internal/crdgen/crds"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

type generator struct {
	w *crdbin.Writer
}

func (g *generator) release(r crds.Release, channel string) error {
	list, err := r.Load(channel)
	if err != nil {
		return err
	}
	var e crdbin.Entry
	g.w.Text(&e, r.Minor)
	g.w.Text(&e, channel)
	e.Uint(uint64(len(list)))
	for _, crd := range list {
		if err := g.kind(&e, crd); err != nil {
			return fmt.Errorf("%s: %w", crd.Spec.Names.Kind, err)
		}
	}
	g.w.Release(&e)
	return nil
}

// kind appends group, kind, whether it lives in namespaces, and its versions:
// the name of each, and for a served one the root of its schema.
func (g *generator) kind(e *crdbin.Entry, crd *apiextensionsv1.CustomResourceDefinition) error {
	s := &crd.Spec
	if s.PreserveUnknownFields || s.Conversion != nil && s.Conversion.Strategy != apiextensionsv1.NoneConverter {
		return fmt.Errorf("conversion and unknown fields are not carried")
	}
	g.w.Text(e, s.Group)
	g.w.Text(e, s.Names.Kind)
	e.Uint(flag01(s.Scope == apiextensionsv1.NamespaceScoped))
	e.Uint(uint64(len(s.Versions)))
	for i := range s.Versions {
		v := &s.Versions[i]
		g.w.Text(e, v.Name)
		e.Uint(flag01(v.Served))
		if !v.Served {
			continue
		}
		root, err := g.version(v)
		if err != nil {
			return fmt.Errorf("%s: %w", v.Name, err)
		}
		e.Uint(root)
	}
	return nil
}

// version writes a schema. A status in a manifest is dropped before it is looked
// at, so of its schema only the field names are kept: without the subresource
// that would be wrong.
func (g *generator) version(v *apiextensionsv1.CustomResourceDefinitionVersion) (uint64, error) {
	props := v.Schema.OpenAPIV3Schema
	status, hasStatus := props.Properties["status"]
	subresource := v.Subresources != nil && v.Subresources.Status != nil
	if hasStatus != subresource || v.Subresources != nil && v.Subresources.Scale != nil {
		return 0, fmt.Errorf("a status without its subresource, or a scale, is not carried")
	}
	if hasStatus {
		props = props.DeepCopy()
		props.Properties["status"] = outline(status)
	}
	types, err := declare(v.Schema.OpenAPIV3Schema)
	if err != nil {
		return 0, err
	}
	return g.node(props, types, "")
}

// outline keeps the fields of a schema and drops what limits their values.
func outline(p apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
	out := apiextensionsv1.JSONSchemaProps{Type: p.Type}
	if p.Properties != nil {
		out.Properties = map[string]apiextensionsv1.JSONSchemaProps{}
	}
	for name, sub := range p.Properties {
		out.Properties[name] = outline(sub)
	}
	if p.Items != nil {
		sub := outline(*p.Items.Schema)
		out.Items = &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &sub}
	}
	if p.AdditionalProperties != nil {
		sub := outline(*p.AdditionalProperties.Schema)
		out.AdditionalProperties = &apiextensionsv1.JSONSchemaPropsOrBool{Schema: &sub}
	}
	return out
}

// declare returns the CEL type of a schema, as the server derives it.
func declare(p *apiextensionsv1.JSONSchemaProps) (*apiservercel.DeclType, error) {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(p, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	return model.SchemaDeclType(structural, true), nil
}

func flag01(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
