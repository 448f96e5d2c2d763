package rules

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

// reportUndecoded reports an object of a kind without CRD, as a Service is, that
// does not fit its Go type. The decoder names the field and the two types, but in
// the words of Go, and in a map or list not which value it stopped at. Values are
// not named: the object may be a Secret.
func reportUndecoded(p *lint.Pass, doc *manifest.Document) {
	d := diag.Diagnostic{Source: diag.Strict, Message: doc.DecodeError.Error()}
	var mismatch *json.UnmarshalTypeError
	var encoding base64.CorruptInputError
	var path manifest.Path
	message, hint := "", ""
	switch {
	case errors.As(doc.DecodeError, &encoding):
		var sealed bool
		if path, sealed = notBase64(doc); path != nil {
			message, hint = fmt.Sprintf("%s is not base64", path), "encode it, or write it as it is under "+plainKeys[doc.Ref.Kind]
		} else if sealed {
			return // only values that another tool fills in
		}
	case errors.As(doc.DecodeError, &mismatch):
		if path = mismatched(doc.Object(), nil, strings.Split(mismatch.Field, "."), mismatch.Value); path != nil {
			message, hint = explainMismatch(doc, path, mismatch)
		}
	}
	if message != "" {
		d.Admission, d.Message, d.Hint = errors.Unwrap(doc.DecodeError).Error(), message, hint
	}
	p.Report(doc, path, d)
}

func explainMismatch(doc *manifest.Document, path manifest.Path, mismatch *json.UnmarshalTypeError) (message, hint string) {
	want, got := jsonType(mismatch.Type.Kind().String()), jsonType(mismatch.Value)
	switch {
	case want == got:
		return fmt.Sprintf("%s must be an integer of type %s", path, mismatch.Type), ""
	case want == "string" && got != "object" && got != "array":
		hint = "write it in quotes"
	case want == "array":
		hint = "write it as a list, with a dash before each item"
	case want == "number" && got == "string":
		hint = "write it without quotes"
		if text, ok := doc.Text(path...); ok && strings.Trim(text, `"'0123456789`) != "" {
			hint = "write a number"
		}
	}
	return fmt.Sprintf("%s must be of type %s and is read as %s", path, want, got), hint
}

// encodedKeys and plainKeys are the fields of a kind whose values are base64, and
// as they are (k8s.io/api core/v1 types.go).
var (
	encodedKeys = map[string]string{"Secret": "data", "ConfigMap": "binaryData"}
	plainKeys   = map[string]string{"Secret": "stringData", "ConfigMap": "data"}
)

// notBase64 finds the first value that cannot be decoded and is meant to be, and
// reports whether there are some that another tool fills in.
func notBase64(doc *manifest.Document) (path manifest.Path, sealed bool) {
	field := encodedKeys[doc.Ref.Kind]
	v, _ := valueAt(doc, manifest.Path{field})
	data, _ := v.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(data)) {
		text, _ := data[key].(string)
		switch _, err := base64.StdEncoding.DecodeString(text); {
		case err == nil:
		case manifest.Sealed(text):
			sealed = true
		default:
			return manifest.Path{field, key}, sealed
		}
	}
	return nil, sealed
}

// mismatched finds the first value of a JSON type at or below a field. The
// decoder leaves out indexes of lists and keys of maps.
func mismatched(v any, path manifest.Path, field []string, value string) manifest.Path {
	if len(field) == 0 && jsonTypeOf(v) == jsonType(value) {
		if _, number, ok := strings.Cut(value, " "); !ok || number == fmt.Sprint(v) {
			return path
		}
	}
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if at := mismatched(item, below(path, i), field, value); at != nil {
				return at
			}
		}
	case map[string]any:
		if len(field) > 0 {
			return mismatched(v[field[0]], below(path, field[0]), field[1:], value)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if at := mismatched(v[key], below(path, key), nil, value); at != nil {
				return at
			}
		}
	}
	return nil
}

// jsonType is the JSON name of a type that the decoder names.
func jsonType(name string) string {
	name, _, _ = strings.Cut(name, " ") // "number 1.5"
	switch {
	case name == "bool":
		return "boolean"
	case name == "map" || name == "struct":
		return "object"
	case name == "slice":
		return "array"
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "uint"), strings.HasPrefix(name, "float"):
		return "number"
	}
	return name
}

func jsonTypeOf(v any) string {
	switch v.(type) {
	case bool:
		return "boolean"
	case string:
		return "string"
	case nil:
		return "null"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number"
}
