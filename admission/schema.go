package admission

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validate checks a value against a schema in the order and with the texts of
// k8s.io/kube-openapi/pkg/validation/validate. It returns how many checks have
// passed, counted as there: where a value fails every schema of a oneOf or anyOf,
// the one with the highest count is reported.
func (c *checker) validate(n *node, v any) int {
	if v == nil {
		matched := c.checkType(n, v)
		c.checkEnum(n, v)
		return matched
	}
	matched := 1
	if n.typ != crdbin.Any || n.format != "" {
		matched += c.checkType(n, v) + 1
	}
	matched += c.checkCombined(n, v) + 2
	switch v := v.(type) {
	case string:
		matched++
		c.checkString(n, v)
		if isTextFormat(n.format) {
			matched++
			c.checkFormat(n, v)
		}
	case int64, float64:
		matched += 2
		c.checkNumber(n, v)
	case []any:
		matched += c.checkList(n, v) + 2
	}
	c.checkEnum(n, v)
	matched++
	if m, ok := v.(map[string]any); ok {
		matched += c.checkObject(n, m) + 1
	}
	return matched
}

// fail records a schema failure at the current path. The text is that of the
// schema library, the error what the server makes of it; the same text twice
// counts once.
func (c *checker) fail(text string, e *field.Error, f Failure) {
	if slices.Contains(c.texts, text) {
		return
	}
	c.texts = append(c.texts, text)
	c.add(diag.Schema, e, f)
}

func (c *checker) name() string { return join(c.path, false) }

func (c *checker) checkType(n *node, v any) int {
	got, want := typeOf(v), typeName(n.typ)
	if v == nil {
		if n.typ == crdbin.Any {
			return 1
		}
		c.failType(n, v, want, got)
		return 0
	}
	fits := want == got || got == "number" && n.typ == crdbin.Integer && isWhole(v.(float64))
	text := got == "string" || got == "array"
	if n.format != "" && !text && !fits {
		format := map[string]string{"integer": "int64", "number": "float64"}[got]
		if format != n.format {
			c.failType(n, v, n.format, format)
			return 0
		}
	}
	if n.format != "" && text && n.typ != crdbin.Integer {
		return 1
	}
	if !fits && n.typ != crdbin.Any {
		c.failType(n, v, want, got)
		return 0
	}
	return 1
}

// failType names the types as the server does: of a number format it names the
// format, and of a value that has none nothing.
func (c *checker) failType(n *node, v any, want, got string) {
	text := fmt.Sprintf("%s in body must be of type %s: %q", c.name(), want, got)
	c.fail(text, field.TypeInvalid(fieldPath(c.name()), got, text), c.explainType(n, v))
}

func (c *checker) checkEnum(n *node, v any) {
	if len(n.enum) == 0 || slices.ContainsFunc(n.enum, func(e any) bool { return sameScalar(v, e) }) {
		return
	}
	allowed := make([]string, len(n.enum))
	for i, e := range n.enum {
		allowed[i] = fmt.Sprint(e)
	}
	text := fmt.Sprintf("%s in body should be one of %v", c.name(), n.enum)
	c.fail(text, field.NotSupported(fieldPath(c.name()), v, allowed), c.explainEnum(v, allowed))
}

// sameScalar compares as the schema library does: it converts the value to the
// type of the enum value as Go would, so that 301.5 is 301 and 42 is "*".
func sameScalar(v, enum any) bool {
	switch e := enum.(type) {
	case string:
		if i, ok := v.(int64); ok {
			return i >= 0 && i <= math.MaxInt32 && string(rune(i)) == e
		}
	case int64:
		if f, ok := v.(float64); ok {
			return int64(f) == e
		}
	}
	return v == enum
}

func (c *checker) checkString(n *node, s string) {
	if s == n.def {
		return // the server has checked the defaults themselves
	}
	length := int64(-1)
	if n.maxLength >= 0 && int64(len(s)) > n.maxLength || int64(len(s)) < n.minLength*utf8.UTFMax {
		length = int64(utf8.RuneCountInString(s))
	}
	switch {
	case n.maxLength >= 0 && length > n.maxLength:
		c.fail(fmt.Sprintf("%s in body should be at most %d chars long", c.name(), n.maxLength),
			field.TooLong(fieldPath(c.name()), "", int(n.maxLength)), c.explainLength(length, n))
	case length >= 0 && length < n.minLength:
		text := fmt.Sprintf("%s in body should be at least %d chars long", c.name(), n.minLength)
		c.fail(text, field.Invalid(fieldPath(c.name()), s, text), c.explainLength(length, n))
	case n.pattern != nil && !n.pattern.match(s):
		text := fmt.Sprintf("%s in body should match '%s'", c.name(), n.pattern.src)
		c.fail(text, field.Invalid(fieldPath(c.name()), s, text), c.explainPattern(s, n))
	}
}

func (c *checker) checkNumber(n *node, v any) {
	if n.typ == crdbin.Integer && !inRange(v, n.format) {
		text := "Checked value must be of type integer (default format) in " + c.name()
		if n.format != "" {
			text = fmt.Sprintf("Checked value must be of type integer with format %s in %s", n.format, c.name())
		}
		c.fail(text, field.Invalid(nil, "", text), c.explainRange(n, v))
	}
	if n.min != nil && below(v, *n.min) {
		text := fmt.Sprintf("%s in body should be greater than or equal to %v", c.name(), bound(v, *n.min))
		c.fail(text, field.Invalid(fieldPath(c.name()), v, text), c.explainRange(n, v))
	}
	if n.max != nil && above(v, *n.max) {
		text := fmt.Sprintf("%s in body should be less than or equal to %v", c.name(), bound(v, *n.max))
		c.fail(text, field.Invalid(fieldPath(c.name()), v, text), c.explainRange(n, v))
	}
}

// inRange tells whether a number, written without exponent, reads as an integer
// of the format.
func inRange(v any, format string) bool {
	bits := 64
	if format == "int32" {
		bits = 32
	}
	s := ""
	switch v := v.(type) {
	case int64:
		if bits == 64 || v == int64(int32(v)) {
			return true
		}
		return false
	case float64:
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	_, err := strconv.ParseInt(s, 10, bits)
	return err == nil
}

func below(v any, limit int64) bool {
	if i, ok := v.(int64); ok {
		return i < limit
	}
	return v.(float64) < float64(limit)
}

func above(v any, limit int64) bool {
	if i, ok := v.(int64); ok {
		return i > limit
	}
	return v.(float64) > float64(limit)
}

// bound is a limit as the server prints it beside a value: 1000000 beside an
// integer, 1e+06 beside a float.
func bound(v any, limit int64) any {
	if _, ok := v.(int64); ok {
		return limit
	}
	return float64(limit)
}

func (c *checker) checkList(n *node, list []any) int {
	matched := 0
	if n.items != nil {
		for i, v := range list {
			c.push(step{index: i, kind: indexStep})
			matched += c.validate(n.items, v)
			c.pop()
		}
	}
	size := int64(len(list))
	if size < n.minItems {
		text := fmt.Sprintf("%s in body should have at least %d items", c.name(), n.minItems)
		c.fail(text, field.Invalid(fieldPath(c.name()), size, text), c.explainSize(size, n.minItems, n.maxItems, "item"))
	}
	if n.maxItems >= 0 && size > n.maxItems {
		text := fmt.Sprintf("%s in body should have at most %d items", c.name(), n.maxItems)
		c.fail(text, field.TooMany(fieldPath(c.name()), int(size), int(n.maxItems)), c.explainSize(size, n.minItems, n.maxItems, "item"))
	}
	return matched
}

func (c *checker) checkObject(n *node, m map[string]any) int {
	matched := 0
	if size := int64(len(m)); n.maxProps >= 0 && size > n.maxProps {
		text := fmt.Sprintf("%s in body should have at most %d properties", c.name(), n.maxProps)
		c.fail(text, field.TooMany(fieldPath(c.name()), int(size), int(n.maxProps)), c.explainSize(size, 0, n.maxProps, "key"))
	}
	if n.additional != nil {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			c.push(step{key: k, kind: keyStep})
			matched += c.validate(n.additional, m[k])
			c.pop()
		}
	}
	for i := range n.props {
		p := &n.props[i]
		if v, ok := m[p.name]; ok {
			c.push(step{key: p.name})
			matched += c.validate(p.node, v)
			c.pop()
		}
	}
	for _, k := range n.required {
		if _, ok := m[k]; !ok {
			c.push(step{key: k})
			c.fail(c.name()+" in body is required", field.Required(fieldPath(c.name()), ""), c.explainRequired(k))
			c.pop()
		}
	}
	return matched
}
