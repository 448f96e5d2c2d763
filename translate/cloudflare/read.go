package cloudflare

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// maxBody is the longest configuration that the proxy takes (its answer to more is
// 413).
const maxBody = 1 << 20

// Read parses a configuration and checks it as the proxy does when it is pushed.
// With an error among the findings there is no Config: one mistake makes the proxy
// refuse the whole. Fields that the proxy does not know, which it ignores, are
// warnings.
func Read(f *manifest.File) (*Config, diag.List) {
	r := &reader{file: f, places: places{}}
	if len(f.Data) > maxBody {
		r.report(diag.Error, "", fmt.Sprintf("the configuration has %d bytes, and the proxy takes %d", len(f.Data), maxBody))
		return nil, r.found
	}
	if err := r.places.read(f.Data); err != nil {
		r.decodeError(err)
		return nil, r.found
	}
	c := &Config{}
	if err := json.Unmarshal(f.Data, c); err != nil {
		r.decodeError(err)
		return nil, r.found
	}
	r.unknown()
	r.config(c)
	r.found.Sort()
	if r.found.Count(diag.Error) > 0 {
		return nil, r.found
	}
	return c, r.found
}

// reader gathers what is wrong with a file.
type reader struct {
	file   *manifest.File
	places places
	found  diag.List
}

// report adds a finding at a field.
func (r *reader) report(s diag.Severity, field, message string) {
	at := r.file.Position(r.places[field])
	r.found = append(r.found, diag.Diagnostic{
		Severity: s, Source: diag.Strict, Message: message, Field: field,
		Range: diag.Range{File: r.file.Name, Start: at, End: at},
	})
}

func (r *reader) errorf(field, format string, args ...any) {
	r.report(diag.Error, field, fmt.Sprintf(format, args...))
}

// decodeError reports what is not JSON, or not of the type that is wanted.
func (r *reader) decodeError(err error) {
	offset, message := len(r.file.Data), err.Error()
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = int(wrong.Offset) - 1
		message = "not JSON: " + message
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = int(wrong.Offset) - 1
		message = fmt.Sprintf("%s is a JSON %s, expected %s", wrong.Field, wrong.Value, typeName(wrong.Type))
	}
	at := r.file.Position(offset)
	r.found = append(r.found, diag.Diagnostic{
		Severity: diag.Error, Source: diag.Strict, Message: message,
		Range: diag.Range{File: r.file.Name, Start: at, End: at},
	})
}

// typeName names a Go type as someone who writes JSON does.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number of " + fmt.Sprint(t.Bits()) + " bits"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a string in base64"
		}
		return "a list"
	}
	return "an object"
}

// unknown warns of fields that the proxy does not read.
func (r *reader) unknown() {
	known := map[string]bool{"": true}
	fieldsOf(reflect.TypeFor[Config](), "", known)
	for field := range r.places {
		plain := plainPath(field)
		parent := plain[:max(strings.LastIndexAny(plain, ".["), 0)]
		if !known[plain] && known[parent] && !strings.HasSuffix(parent, ".cors") {
			r.report(diag.Warning, field, fmt.Sprintf("the proxy does not know the field %q and ignores it", field))
		}
	}
}

var indexes = regexp.MustCompile(`\[\d+\]`)

// plainPath leaves the indexes out of a path. encoding/json does not tell capital
// letters apart in names.
func plainPath(field string) string { return strings.ToLower(indexes.ReplaceAllString(field, "[]")) }

// fieldsOf adds the paths of a type's fields.
func fieldsOf(t reflect.Type, path string, known map[string]bool) {
	known[plainPath(path)] = true
	switch t.Kind() {
	case reflect.Pointer:
		fieldsOf(t.Elem(), path, known)
	case reflect.Slice:
		fieldsOf(t.Elem(), path+"[]", known)
	case reflect.Struct:
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			fieldsOf(t.Field(i).Type, join(path, name), known)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
