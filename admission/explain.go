package admission

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// label names the value under inspection: the last field, with the indexes or the
// key that follow it.
func (c *checker) label() string {
	at := len(c.path)
	for at > 0 && c.path[at-1].kind != fieldStep {
		at--
	}
	return join(c.path[max(at-1, 0):], true)
}

func explainType(label, want string, v any) Failure {
	f := Failure{WantType: want, GotType: typeOf(v)}
	f.Message = fmt.Sprintf("%s is %s: expected %s", label, describe(v), article(want))
	if want == "string" {
		switch v.(type) {
		case bool, int64, float64, nil:
			f.Expected = "write it in quotes"
		}
	}
	if s, ok := v.(string); ok && reads(s, want) {
		f.Expected = "write it without quotes"
	}
	return f
}

// reads tells whether a text would be a value of the type without its quotes.
func reads(s, want string) bool {
	switch want {
	case "integer":
		_, err := strconv.ParseInt(s, 10, 64)
		return err == nil
	case "boolean":
		return s == "true" || s == "false"
	}
	return false
}

func (c *checker) explainType(n *node, v any) Failure {
	want := typeName(n.typ)
	if want == "" {
		want = "string" // the formats without a type are of texts
	}
	return explainType(c.label(), want, v)
}

func (c *checker) explainEnum(v any, allowed []string) Failure {
	shown := make([]string, len(allowed))
	for i, a := range allowed {
		shown[i] = a
		if _, ok := v.(string); ok {
			shown[i] = strconv.Quote(a)
		}
	}
	f := Failure{Message: fmt.Sprintf("%s %s is not allowed: expected %s", c.label(), show(v), oneOf(shown))}
	if s, ok := v.(string); ok {
		f.Suggestion = nearest(s, allowed)
	}
	if f.Suggestion != "" {
		f.Expected = fmt.Sprintf("did you mean %q?", f.Suggestion)
	}
	return f
}

func (c *checker) explainLength(length int64, n *node) Failure {
	if length == 0 {
		return Failure{Message: c.label() + " is empty: expected at least " + count(n.minLength, "character")}
	}
	if length < n.minLength {
		return Failure{Message: fmt.Sprintf("%s is too short with %s: expected at least %d", c.label(), count(length, "character"), n.minLength)}
	}
	return Failure{Message: fmt.Sprintf("%s is too long with %s: at most %d are allowed", c.label(), count(length, "character"), n.maxLength)}
}

func (c *checker) explainPattern(s string, n *node) Failure {
	expected := shapes[n.pattern.src]
	if expected == "" {
		expected = "a match of " + n.pattern.src
	}
	return Failure{Message: fmt.Sprintf("%s %s is malformed: expected %s", c.label(), quote(s), expected)}
}

func (c *checker) explainRange(n *node, v any) Failure {
	lo, hi := "", ""
	if n.min != nil {
		lo = strconv.FormatInt(*n.min, 10)
	}
	if n.max != nil {
		hi = strconv.FormatInt(*n.max, 10)
	} else if n.format == "int32" {
		hi = "2147483647"
	}
	expected := "expected " + lo + " to " + hi
	switch {
	case lo == "" && hi == "":
		expected = "expected an integer"
	case lo == "":
		expected = "expected at most " + hi
	case hi == "":
		expected = "expected at least " + lo
	}
	return Failure{Message: fmt.Sprintf("%s %v is out of range: %s", c.label(), v, expected)}
}

func (c *checker) explainSize(size, least, most int64, noun string) Failure {
	if most < 0 || size < least {
		return Failure{Message: fmt.Sprintf("%s has %s: expected at least %d", c.label(), count(size, noun), least)}
	}
	return Failure{Message: fmt.Sprintf("%s has %s: at most %d are allowed", c.label(), count(size, noun), most)}
}

func (c *checker) explainRequired(name string) Failure {
	where := ""
	if len(c.path) > 1 {
		above := checker{path: c.path[:len(c.path)-1]}
		where = " in " + above.label()
	}
	return Failure{Message: fmt.Sprintf("required field %q is missing%s", name, where)}
}

func (c *checker) explainCombined(any) Failure {
	return Failure{Message: c.label() + " fits none of the allowed forms: an IPAddress needs an IPv4 or IPv6 address as its value"}
}

// explainFormat speaks of both formats there are: they only occur as a choice.
func (c *checker) explainFormat(s string) Failure {
	return Failure{Message: fmt.Sprintf("%s %s is not an IP address", c.label(), quote(s))}
}

func (c *checker) explainDuplicate(shown any) Failure {
	m, ok := shown.(map[string]any)
	if !ok {
		return Failure{Message: fmt.Sprintf("%s repeats %s: values must be unique", c.label(), show(shown))}
	}
	var keys []string
	for _, k := range sortedKeys(m) {
		keys = append(keys, k+" "+show(m[k]))
	}
	if keys == nil {
		return Failure{Message: c.label() + " repeats an item without a key"}
	}
	return Failure{Message: fmt.Sprintf("%s repeats %s: items must be unique by that", c.label(), strings.Join(keys, ", "))}
}

// explainRule puts what a rule is about before its message.
func (c *checker) explainRule(v any, message string) string {
	subject := c.label()
	switch v.(type) {
	case string, int64, float64, bool:
		subject += " " + show(v)
	}
	if subject == "" {
		return sentence(message)
	}
	return subject + ": " + sentence(message)
}

func explainMeta(e *field.Error, meta *metav1.ObjectMeta) Failure {
	f := Failure{Path: metaPath(e, meta)}
	name := strings.TrimPrefix(e.Field, "metadata.")
	detail, _, _ := strings.Cut(e.Detail, " (e.g.")
	switch {
	case e.Type == field.ErrorTypeRequired:
		f.Message = fmt.Sprintf("required field %q is missing in metadata", name)
	case e.Type == field.ErrorTypeTooLong:
		f.Message = name + " are too long: " + detail
	case len(f.Path) == 3 && (name == "labels" || name == "annotations"):
		f.Message = fmt.Sprintf("%s %q is invalid: %s", strings.TrimSuffix(name, "s"), f.Path[2], detail)
		if f.Path[2] != e.BadValue {
			f.Message = fmt.Sprintf("value %s of %s %q is invalid: %s", show(e.BadValue), strings.TrimSuffix(name, "s"), f.Path[2], detail)
		}
	default:
		f.Message = fmt.Sprintf("%s %s is invalid: %s", name, show(e.BadValue), detail)
	}
	return f
}

// metaPath adds the label or annotation that an error speaks of: the server
// names only the map.
func metaPath(e *field.Error, meta *metav1.ObjectMeta) []any {
	var path []any
	for _, k := range strings.Split(e.Field, ".") {
		path = append(path, k)
	}
	m := map[string]map[string]string{"metadata.labels": meta.Labels, "metadata.annotations": meta.Annotations}[e.Field]
	bad, _ := e.BadValue.(string)
	if _, ok := m[bad]; ok {
		return append(path, bad)
	}
	var keys []string
	for k, v := range m {
		if v == bad {
			keys = append(keys, k)
		}
	}
	if len(keys) > 0 {
		return append(path, slices.Min(keys))
	}
	return path
}

func (s *Server) explainUnknown(u *unknown, k *kind, v *version) Failure {
	f := Failure{Source: diag.UnknownField, Path: u.path, Server: `unknown field "` + u.text + `"`}
	name, _ := u.path[len(u.path)-1].(string)
	f.Message = fmt.Sprintf("unknown field %q: the server drops it", name)
	if u.near == nil {
		return f
	}
	if u.near.typ != crdbin.Object {
		f.Message = fmt.Sprintf("unknown field %q: %s is expected here, not an object", name, article(typeName(u.near.typ)))
		return f
	}
	if s.rel.channel == "standard" && s.ExperimentalOnly(k.group+"/"+v.name, k.name, u.path) {
		f.Message = fmt.Sprintf("field %q exists only in the experimental channel of Gateway API %s: the server drops it", name, s.rel.minor)
		return f
	}
	known := u.near.fields()
	f.Suggestion = nearest(name, known)
	switch {
	case f.Suggestion != "":
		f.Expected = fmt.Sprintf("did you mean %q?", f.Suggestion)
	case len(known) > 0 && len(known) <= 12:
		f.Expected = "known fields: " + strings.Join(known, ", ")
	}
	return f
}
