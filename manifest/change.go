package manifest

import (
	"fmt"
	"maps"
	"slices"
)

// Change is one change of an object's value. [Document.Edits] writes it into the
// text, [Document.Changed] says what the value is afterwards. All changes of one
// call speak of the object as it stands.
type Change struct {
	op    changeOp
	path  Path
	value any
	key   string // rename: the new key; put: the sibling after which a new key stands
	// comments: those of what is removed stay, see [Change.KeepComments].
	comments bool
}

type changeOp uint8

const (
	putOp changeOp = iota
	removeOp
	renameOp
	appendOp
	besideOp
)

// Field is a key and its value in a mapping that [Put] or [Append] writes.
type Field struct {
	Key   string
	Value any
}

// Fields is a mapping in the order in which it is written. The other values that
// can be written are string, bool, int, int64, []any and what a [Document.Value]
// holds.
type Fields []Field

// Put gives a field a value. A field that is not there yet is written behind the
// others of its mapping.
func Put(path Path, value any) Change { return Change{op: putOp, path: path, value: value} }

// PutAfter is [Put] for a field that, when it is new, stands behind the field
// called sibling.
func PutAfter(path Path, sibling string, value any) Change {
	return Change{op: putOp, path: path, value: value, key: sibling}
}

// Remove takes away a field with its key, an item of a list, or, with an empty
// path, the whole object. A list is never left empty: remove its key instead.
func Remove(path Path) Change { return Change{op: removeOp, path: path} }

// Rename gives a field another key.
func Rename(path Path, key string) Change { return Change{op: renameOp, path: path, key: key} }

// Append adds an item to the list at a path.
func Append(list Path, value any) Change { return Change{op: appendOp, path: list, value: value} }

// Beside adds an object as a document of its own behind this one.
func Beside(object any) Change { return Change{op: besideOp, value: object} }

// Path returns where the change is made: the field, or the list that gets an item.
func (c Change) Path() Path { return c.path }

// gone marks the place of an item that was removed, so that the others keep their
// index until the end.
type gone struct{}

// Changed returns the value of the object with changes made; nil when the object
// is removed. The error names a path that does not exist.
func (d *Document) Changed(changes []Change) (map[string]any, error) {
	var root any = clone(d.Object())
	for _, c := range changes {
		if c.op == besideOp {
			continue
		}
		if len(c.path) == 0 {
			if c.op != removeOp {
				return nil, fmt.Errorf("an object can only be removed as a whole")
			}
			return nil, nil
		}
		var err error
		if root, err = changed(root, c.path, c); err != nil {
			return nil, err
		}
	}
	m, _ := sweep(root).(map[string]any)
	return m, nil
}

// Added returns the objects that changes add behind this one.
func Added(changes []Change) []any {
	var out []any
	for _, c := range changes {
		if c.op == besideOp {
			out = append(out, plain(c.value))
		}
	}
	return out
}

// changed makes a change below v and returns v.
func changed(v any, path Path, c Change) (any, error) {
	if len(path) == 0 { // the list of appendOp
		list, ok := v.([]any)
		if !ok {
			return nil, fmt.Errorf("%s is no list", c.path)
		}
		return append(list, plain(c.value)), nil
	}
	last := len(path) == 1 && c.op != appendOp
	switch key := path[0].(type) {
	case string:
		m, ok := v.(map[string]any)
		if !ok {
			break
		}
		if last {
			return m, changeField(m, key, c)
		}
		child, err := changed(m[key], path[1:], c)
		m[key] = child
		return m, err
	case int:
		list, ok := v.([]any)
		if !ok || key < 0 || key >= len(list) {
			break
		}
		if !last {
			child, err := changed(list[key], path[1:], c)
			list[key] = child
			return list, err
		}
		switch c.op {
		case putOp:
			list[key] = plain(c.value)
		case removeOp:
			list[key] = gone{}
		default:
			return nil, fmt.Errorf("%s is an item of a list and has no key", c.path)
		}
		return list, nil
	}
	return nil, fmt.Errorf("there is no %s", c.path)
}

func changeField(m map[string]any, key string, c Change) error {
	if c.op == putOp {
		m[key] = plain(c.value)
		return nil
	}
	v, ok := m[key]
	if !ok {
		return fmt.Errorf("there is no %s", c.path)
	}
	delete(m, key)
	if c.op == renameOp {
		if _, taken := m[c.key]; taken {
			return fmt.Errorf("%s has a field %q already", c.path[:len(c.path)-1], c.key)
		}
		m[c.key] = v
	}
	return nil
}

// sweep drops the items that were removed.
func sweep(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			v[k] = sweep(child)
		}
		return v
	case []any:
		v = slices.DeleteFunc(v, func(x any) bool { _, ok := x.(gone); return ok })
		for i := range v {
			v[i] = sweep(v[i])
		}
		return v
	}
	return v
}

// clone copies a JSON value.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := maps.Clone(v)
		for k, child := range m {
			m[k] = clone(child)
		}
		return m
	case []any:
		list := slices.Clone(v)
		for i := range list {
			list[i] = clone(list[i])
		}
		return list
	}
	return v
}

// plain makes the JSON value of a value to write.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case Fields:
		m := make(map[string]any, len(v))
		for _, f := range v {
			m[f.Key] = plain(f.Value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	}
	return clone(v)
}
