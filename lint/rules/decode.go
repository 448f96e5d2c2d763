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
		if path = notBase64(doc); path != nil {
			message, hint = fmt.Sprintf("%s is not base64", path), "encode it, or write it as it is under stringData"
		}
	case errors.As(doc.DecodeError, &mismatch):
		if path = mismatched(doc.Value, nil, strings.Split(mismatch.Field, "."), mismatch.Value); path != nil {
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

// notBase64 finds the first value of a Secret that cannot be decoded.
func notBase64(doc *manifest.Document) manifest.Path {
	v, _ := valueAt(doc, manifest.Path{"data"})
	data, _ := v.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(data)) {
		text, _ := data[key].(string)
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return manifest.Path{"data", key}
		}
	}
	return nil
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
