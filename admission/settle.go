package admission

import (
	"maps"
	"slices"
)

// settle returns a value as the server holds it before it validates: without
// fields that the schema does not know, without nulls, with defaults. What has
// to change is copied; the value given is never touched unless it is lent. n is
// nil where the schema ends.
//
// The server does this in three walks (pruning, dropping of nulls, defaulting);
// no schema of the Gateway API allows null or keeps unknown fields, so that one
// walk comes to the same.
func (c *checker) settle(n *node, v any) (settled any, changed bool) {
	switch v := v.(type) {
	case map[string]any:
		if n != nil && n.additional != nil {
			return c.settleKeys(n.additional, v)
		}
		return c.settleObject(n, v)
	case []any:
		return c.settleList(n, v)
	}
	return v, false
}

func (c *checker) settleObject(n *node, m map[string]any) (any, bool) {
	edit := edits{from: m, lent: c.lent}
	known, written := 0, len(m)
	if n != nil {
		for i := range n.props {
			p := &n.props[i]
			v, found := m[p.name]
			if found {
				known++
			}
			c.settleField(&edit, p, v, found)
		}
	}
	if known < written {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if n == nil || n.prop(k) == nil {
				c.unknownField(n, k)
				edit.drop(k)
			}
		}
	}
	return edit.result()
}

func (c *checker) settleField(edit *edits, p *property, v any, found bool) {
	switch {
	case v != nil:
		c.push(step{key: p.name})
		if w, changed := c.settle(p.node, v); changed {
			edit.set(p.name, w)
		}
		c.pop()
	case p.node.def != nil:
		edit.set(p.name, p.node.def)
	case found:
		edit.drop(p.name)
	}
}

func (c *checker) settleKeys(n *node, m map[string]any) (any, bool) {
	edit := edits{from: m, lent: c.lent}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		p := property{name: k, node: n}
		c.settleField(&edit, &p, m[k], true)
	}
	return edit.result()
}

func (c *checker) settleList(n *node, list []any) (any, bool) {
	var items *node
	if n != nil {
		items = n.items
	}
	var out []any
	for i, v := range list {
		c.push(step{index: i, kind: indexStep})
		w, changed := c.settle(items, v)
		if v == nil && items != nil && items.def != nil {
			w, changed = items.def, true
		}
		if changed && out == nil {
			if out = list; !c.lent {
				out = slices.Clone(list)
			}
		}
		if changed {
			out[i] = w
		}
		c.pop()
	}
	if out == nil {
		return list, false
	}
	return out, true
}

// edits is a map that is copied when it is first changed.
type edits struct {
	from, to map[string]any
	lent     bool // from itself may be changed
}

func (e *edits) set(k string, v any) {
	e.copy()
	e.to[k] = v
}

func (e *edits) drop(k string) {
	e.copy()
	delete(e.to, k)
}

func (e *edits) copy() {
	if e.to == nil {
		if e.to = e.from; !e.lent {
			e.to = maps.Clone(e.from)
		}
		if e.to == nil {
			e.to = map[string]any{}
		}
	}
}

func (e *edits) result() (any, bool) {
	if e.to == nil {
		return e.from, false
	}
	return e.to, true
}

func (c *checker) unknownField(n *node, key string) {
	c.push(step{key: key})
	c.unknown = append(c.unknown, unknown{text: join(c.path, false), path: c.here(), near: n})
	c.pop()
}
