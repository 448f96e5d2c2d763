package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"go.yaml.in/yaml/v3"
)

// decoder fills Go values from YAML nodes and keeps what is wrong.
type decoder struct {
	file string
	errs []error
}

// field is a key of a mapping as a Go type describes it.
type field struct {
	key, values, keys, about string
	index                    int
	typ                      reflect.Type
	needed                   bool // a list with at least one item
}

// fieldsOf returns the keys of a struct in order.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		if key := f.Tag.Get("yaml"); key != "" && key != "-" {
			out = append(out, field{key, f.Tag.Get("values"), f.Tag.Get("keys"), f.Tag.Get("about"), i, f.Type, f.Tag.Get("needed") != ""})
		}
	}
	return out
}

func (d *decoder) decode(root *yaml.Node, c *Config) {
	d.object(root, "the configuration", reflect.ValueOf(c).Elem())
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// pairs calls f for the keys of a mapping that are there once.
func (d *decoder) pairs(n *yaml.Node, what string, f func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%s has to be a mapping of keys to values", what)
		return
	}
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if slices.Contains(seen, key.Value) {
			d.fail(key, "key %q is given twice", key.Value)
			continue
		}
		seen = append(seen, key.Value)
		f(key, n.Content[i+1])
	}
}

// object fills a struct.
func (d *decoder) object(n *yaml.Node, what string, into reflect.Value) {
	n = resolve(n)
	if isNull(n) {
		return
	}
	fields := fieldsOf(into.Type())
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	d.pairs(n, what, func(key, value *yaml.Node) {
		i := slices.Index(keys, key.Value)
		if i < 0 {
			hint := "expected one of " + strings.Join(keys, ", ")
			if near := lint.Nearest(key.Value, keys); near != "" {
				hint = "did you mean " + strconv.Quote(near) + "?"
			}
			d.fail(key, "unknown key %q: %s", key.Value, hint)
			return
		}
		d.value(value, fields[i], into.Field(fields[i].index))
	})
}

// value fills the value of a key. A key without value is as if it were not there.
func (d *decoder) value(n *yaml.Node, f field, into reflect.Value) {
	n = resolve(n)
	if isNull(n) {
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.object(n, f.key, into)
	case reflect.Map:
		d.levels(n, f, into)
	case reflect.Slice:
		d.list(n, f, into)
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(n, f, into.Elem())
	case reflect.Bool:
		if b, err := strconv.ParseBool(n.Value); n.Kind == yaml.ScalarNode && n.Tag == "!!bool" && err == nil {
			into.SetBool(b)
			return
		}
		d.fail(n, "%s has to be true or false%s", f.key, got(n))
	default:
		text, ok := d.text(n, f.key, f.values != "")
		if ok && f.values != "" {
			d.oneOf(n, f.key, text, Values(f.values))
		}
		into.SetString(text)
	}
}

// text returns a scalar as it is written. A version may look like a number: 1.10
// is not 1.1.
func (d *decoder) text(n *yaml.Node, what string, number bool) (string, bool) {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode && (n.Tag == "!!str" || number && n.Tag == "!!float") && n.Value != "" {
		return n.Value, true
	}
	d.fail(n, "%s has to be a text%s", what, got(n))
	return "", false
}

// list fills a list of texts or of objects.
func (d *decoder) list(n *yaml.Node, f field, into reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "%s has to be a list%s", f.key, got(n))
		return
	}
	for _, item := range n.Content {
		v := reflect.New(into.Type().Elem()).Elem()
		if v.Kind() == reflect.Struct {
			d.object(item, "an item of "+f.key, v)
		} else if text, ok := d.text(item, "an item of "+f.key, false); ok {
			v.SetString(text)
		}
		into.Set(reflect.Append(into, v))
	}
}

// levels fills a mapping of rules to what becomes of them. YAML 1.1 has on and off
// for booleans, so that booleans are taken, too.
func (d *decoder) levels(n *yaml.Node, f field, into reflect.Value) {
	into.Set(reflect.MakeMap(into.Type()))
	d.pairs(n, f.key, func(key, value *yaml.Node) {
		d.oneOf(key, f.keys, key.Value, Values(f.keys))
		value = resolve(value)
		level := value.Value
		switch {
		case value.Kind != yaml.ScalarNode:
			d.fail(value, "rule %s has to be one of %s%s", key.Value, strings.Join(Values(f.values), ", "), got(value))
			return
		case value.Tag == "!!bool" && strings.EqualFold(value.Value, "true"):
			level = string(On)
		case value.Tag == "!!bool":
			level = string(Off)
		default:
			d.oneOf(value, f.values, level, Values(f.values))
		}
		into.SetMapIndex(reflect.ValueOf(key.Value), reflect.ValueOf(Level(level)))
	})
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// got says what stands there instead.
func got(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return ", not a mapping"
	case yaml.SequenceNode:
		return ", not a list"
	}
	return ", not " + strconv.Quote(n.Value)
}
