package config

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/grpcroute/grpcroute/lint/rules"
)

// SchemaID is where the schema is published.
const SchemaID = "https://raw.githubusercontent.com/grpcroute/grpcroute/main/docs/grpcroute.schema.json"

// schema is the part of JSON Schema 2020-12 that the file needs.
type schema struct {
	Draft                string            `json:"$schema,omitempty"`
	ID                   string            `json:"$id,omitempty"`
	Title                string            `json:"title,omitempty"`
	Description          string            `json:"description,omitempty"`
	Ref                  string            `json:"$ref,omitempty"`
	Type                 any               `json:"type,omitempty"`
	Enum                 []any             `json:"enum,omitempty"`
	MinLength            int               `json:"minLength,omitempty"`
	Items                *schema           `json:"items,omitempty"`
	MinItems             int               `json:"minItems,omitempty"`
	Required             []string          `json:"required,omitempty"`
	Properties           map[string]schema `json:"properties,omitempty"`
	AdditionalProperties any               `json:"additionalProperties,omitempty"`
	Defs                 map[string]schema `json:"$defs,omitempty"`
}

// Schema returns the JSON schema of the file, for editors. It is made from the
// types that the file is read into.
func Schema() ([]byte, error) {
	s := schemaOf(field{typ: reflect.TypeFor[Config]()})
	s.Draft, s.ID, s.Title = "https://json-schema.org/draft/2020-12/schema", SchemaID, Name+" of grpcroute"
	s.Defs = map[string]schema{"level": {Enum: append(enumOf("level"), true, false)}}
	out, err := json.MarshalIndent(s, "", "  ")
	return append(out, '\n'), err
}

// schemaOf describes a key. A key may stand without a value, as if it were not
// there.
func schemaOf(f field) schema {
	s := schema{Description: f.about}
	switch f.typ.Kind() {
	case reflect.Pointer:
		f.typ = f.typ.Elem()
		return schemaOf(f)
	case reflect.Struct:
		s.Type, s.AdditionalProperties, s.Properties = []string{"object", "null"}, false, map[string]schema{}
		for _, key := range fieldsOf(f.typ) {
			inner := schemaOf(key)
			if key.needed {
				s.Required = append(s.Required, key.key)
				inner.Type, inner.MinItems = "array", 1
			}
			s.Properties[key.key] = inner
		}
	case reflect.Map:
		s.Type = []string{"object", "null"}
		s.AdditionalProperties, s.Properties = false, map[string]schema{}
		for _, id := range Values(f.keys) {
			s.Properties[id] = schema{Description: rules.Get(id).Summary, Ref: "#/$defs/" + f.values}
		}
	case reflect.Slice:
		item := schemaOf(field{typ: f.typ.Elem()})
		item.Type = item.Type.([]string)[0] // an item without a value is a mistake
		s.Type, s.Items = []string{"array", "null"}, &item
	case reflect.Bool:
		s.Type = []string{"boolean", "null"}
	default:
		if f.values == "" {
			s.Type, s.MinLength = []string{"string", "null"}, 1
			break
		}
		s.Enum = append(enumOf(f.values), nil)
	}
	return s
}

// enumOf lists the values of a name. A version is written without quotes, too,
// which makes it a number.
func enumOf(name string) []any {
	var out []any
	for _, v := range Values(name) {
		out = append(out, v)
	}
	for _, v := range Values(name) {
		if n, err := strconv.ParseFloat(v, 64); err == nil && strconv.FormatFloat(n, 'f', -1, 64) == v {
			out = append(out, n)
		}
	}
	return out
}
