package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// keywords are those of a schema that admission knows. Descriptions are left
// out; x-kubernetes-map-type says how objects merge, not what they may hold.
var keywords = map[string]bool{
	"description": true, "type": true, "format": true, "properties": true, "additionalProperties": true,
	"items": true, "required": true, "enum": true, "minimum": true, "maximum": true, "minLength": true,
	"maxLength": true, "pattern": true, "minItems": true, "maxItems": true, "maxProperties": true, "default": true,
	"x-kubernetes-list-type": true, "x-kubernetes-list-map-keys": true, "x-kubernetes-map-type": true,
	"x-kubernetes-validations": true, "oneOf": true, "anyOf": true, "not": true,
}

var jsonTypes = map[string]crdbin.Type{
	"": crdbin.Any, "object": crdbin.Object, "array": crdbin.Array,
	"string": crdbin.String, "integer": crdbin.Integer, "boolean": crdbin.Boolean,
}

// formats are those that admission checks, by type.
var formats = map[string]string{"int32": "integer", "ipv4": "", "ipv6": ""}

// known refuses a schema with a keyword, type or format that admission lacks.
func known(p *apiextensionsv1.JSONSchemaProps) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	var written map[string]json.RawMessage
	if err := json.Unmarshal(data, &written); err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(written)) {
		if !keywords[k] {
			return fmt.Errorf("keyword %q is not known to admission", k)
		}
	}
	if _, ok := jsonTypes[p.Type]; !ok {
		return fmt.Errorf("type %q is not known to admission", p.Type)
	}
	if of, ok := formats[p.Format]; p.Format != "" && (!ok || of != p.Type) {
		return fmt.Errorf("format %q of type %q is not known to admission", p.Format, p.Type)
	}
	if p.Type == "array" && (p.Items == nil || p.Items.Schema == nil) {
		return fmt.Errorf("an array without one schema for its items is not known to admission")
	}
	if a := p.AdditionalProperties; a != nil && (a.Schema == nil || p.Properties != nil) {
		return fmt.Errorf("additionalProperties without a schema of its own is not known to admission")
	}
	return nil
}

// section writes the value of one keyword.
type section struct {
	bit   uint64
	set   bool
	write func(*crdbin.Entry) error
}

// node writes a schema and what is below it. A nil t is the inside of oneOf,
// anyOf or not, where rules and defaults may not stand.
func (g *generator) node(p *apiextensionsv1.JSONSchemaProps, t *apiservercel.DeclType, path string) (uint64, error) {
	if err := known(p); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	var head, body crdbin.Entry
	var bits uint64
	for _, s := range slices.Concat(g.structure(p, t, path), g.limits(p), g.conditions(p, t, path)) {
		if !s.set {
			continue
		}
		bits |= s.bit
		if err := s.write(&body); err != nil {
			return 0, err
		}
	}
	head.Uint(uint64(jsonTypes[p.Type]))
	head.Uint(bits)
	head.Append(&body)
	return g.w.Node(&head), nil
}

func (g *generator) structure(p *apiextensionsv1.JSONSchemaProps, t *apiservercel.DeclType, path string) []section {
	return []section{
		{crdbin.HasFormat, p.Format != "", func(e *crdbin.Entry) error {
			g.w.Text(e, p.Format)
			return nil
		}},
		{crdbin.HasProperties, p.Properties != nil, func(e *crdbin.Entry) error {
			e.Uint(uint64(len(p.Properties)))
			for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
				sub := p.Properties[name]
				id, err := g.node(&sub, field(t, name), path+"."+name)
				if err != nil {
					return err
				}
				g.w.Text(e, name)
				e.Uint(id)
			}
			return nil
		}},
		{crdbin.HasAdditional, p.AdditionalProperties != nil, func(e *crdbin.Entry) error {
			return g.child(e, p.AdditionalProperties.Schema, elem(t), path+"[*]")
		}},
		{crdbin.HasItems, p.Items != nil, func(e *crdbin.Entry) error {
			return g.child(e, p.Items.Schema, elem(t), path+"[]")
		}},
	}
}

func (g *generator) child(e *crdbin.Entry, p *apiextensionsv1.JSONSchemaProps, t *apiservercel.DeclType, path string) error {
	id, err := g.node(p, t, path)
	e.Uint(id)
	return err
}

func (g *generator) limits(p *apiextensionsv1.JSONSchemaProps) []section {
	number := func(bit uint64, v *int64) section {
		return section{bit, v != nil, func(e *crdbin.Entry) error {
			e.Uint(uint64(*v))
			return nil
		}}
	}
	bound := func(bit uint64, v *float64) section {
		return section{bit, v != nil, func(e *crdbin.Entry) error {
			// The server warns of bounds that do not fit the format; none exists.
			if *v != math.Trunc(*v) || math.Abs(*v) > math.MaxInt32 {
				return fmt.Errorf("bound %v is not known to admission", *v)
			}
			e.Int(int64(*v))
			return nil
		}}
	}
	return []section{
		{crdbin.HasRequired, len(p.Required) > 0, func(e *crdbin.Entry) error {
			g.w.Texts(e, p.Required)
			return nil
		}},
		{crdbin.HasEnum, len(p.Enum) > 0 && !scalar(p), func(e *crdbin.Entry) error { return g.enum(e, p.Enum) }},
		{crdbin.HasScalars, len(p.Enum) > 0 && scalar(p), func(e *crdbin.Entry) error { return g.scalars(e, p.Enum) }},
		bound(crdbin.HasMinimum, p.Minimum),
		bound(crdbin.HasMaximum, p.Maximum),
		number(crdbin.HasMinLength, p.MinLength),
		number(crdbin.HasMaxLength, p.MaxLength),
		{crdbin.HasPattern, p.Pattern != "", func(e *crdbin.Entry) error {
			g.w.Text(e, p.Pattern)
			return nil
		}},
		number(crdbin.HasMinItems, p.MinItems),
		number(crdbin.HasMaxItems, p.MaxItems),
		number(crdbin.HasMaxProps, p.MaxProperties),
	}
}

func (g *generator) enum(e *crdbin.Entry, values []apiextensionsv1.JSON) error {
	texts := make([]string, len(values))
	for i, v := range values {
		if err := json.Unmarshal(v.Raw, &texts[i]); err != nil {
			return fmt.Errorf("an enum of other values than texts or integers is not known to admission")
		}
	}
	g.w.Texts(e, texts)
	return nil
}

func scalar(p *apiextensionsv1.JSONSchemaProps) bool {
	return p.Type == "integer" || p.Type == "boolean"
}

func (g *generator) scalars(e *crdbin.Entry, values []apiextensionsv1.JSON) error {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v.Raw)
		_, err := strconv.ParseInt(texts[i], 10, 64)
		if err != nil && texts[i] != "true" && texts[i] != "false" {
			return fmt.Errorf("the enum value %s is not known to admission", texts[i])
		}
	}
	g.w.Texts(e, texts)
	return nil
}

func (g *generator) conditions(p *apiextensionsv1.JSONSchemaProps, t *apiservercel.DeclType, path string) []section {
	listType := ""
	if p.XListType != nil {
		listType = *p.XListType
	}
	nodes := func(bit uint64, list []apiextensionsv1.JSONSchemaProps) section {
		return section{bit, len(list) > 0, func(e *crdbin.Entry) error {
			e.Uint(uint64(len(list)))
			for i := range list {
				if err := g.child(e, &list[i], nil, path+"<of>"); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	return []section{
		{crdbin.HasDefault, p.Default != nil, func(e *crdbin.Entry) error {
			g.w.Text(e, string(p.Default.Raw))
			return nil
		}},
		{crdbin.HasListSet, listType == "set", func(*crdbin.Entry) error { return nil }},
		{crdbin.HasListMapKeys, listType == "map", func(e *crdbin.Entry) error {
			g.w.Texts(e, p.XListMapKeys)
			return nil
		}},
		nodes(crdbin.HasOneOf, p.OneOf),
		nodes(crdbin.HasAnyOf, p.AnyOf),
		{crdbin.HasNot, p.Not != nil, func(e *crdbin.Entry) error { return g.child(e, p.Not, nil, path+"<not>") }},
		{crdbin.HasRules, len(p.XValidations) > 0, func(e *crdbin.Entry) error { return g.rules(e, p.XValidations, t, path) }},
	}
}

// field and elem follow a CEL type along the schema; the types of fields that
// CEL cannot reach are nil.
func field(t *apiservercel.DeclType, name string) *apiservercel.DeclType {
	if t == nil {
		return nil
	}
	escaped, ok := apiservercel.Escape(name)
	if f := t.Fields[escaped]; ok && f != nil {
		return f.Type
	}
	return nil
}

func elem(t *apiservercel.DeclType) *apiservercel.DeclType {
	if t == nil {
		return nil
	}
	return t.ElemType
}
