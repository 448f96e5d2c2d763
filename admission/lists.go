package admission

import (
	"encoding/json"
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checkLists checks that lists of the types set and map hold nothing twice, as
// k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype does.
func (c *checker) checkLists(n *node, v any) {
	if !n.anyLists {
		return
	}
	if list, ok := v.([]any); ok {
		switch {
		case n.listSet:
			for _, i := range repeated(list) {
				c.duplicate(i, list[i])
			}
		case n.listKeys != nil:
			c.checkListMap(n.listKeys, list)
		}
	}
	c.descend(n, v, listWalk)
}

// walk is a walk over an object that skips what it has nothing to do with.
type walk int

const (
	listWalk walk = iota
	ruleWalk
)

func (c *checker) visit(n *node, v any, w walk) {
	if w == listWalk {
		c.checkLists(n, v)
	} else {
		c.runRules(n, v)
	}
}

func (n *node) wants(w walk) bool {
	return n != nil && (w == listWalk && n.anyLists || w == ruleWalk && n.anyRules)
}

// descend continues a walk with the items of a list, or the members of an object
// by name.
func (c *checker) descend(n *node, v any, w walk) {
	switch v := v.(type) {
	case []any:
		if !n.items.wants(w) {
			return
		}
		for i, item := range v {
			c.push(step{index: i, kind: indexStep})
			c.visit(n.items, item, w)
			c.pop()
		}
	case map[string]any:
		if n.additional.wants(w) {
			for _, k := range sortedKeys(v) {
				c.push(step{key: k, kind: keyStep})
				c.visit(n.additional, v[k], w)
				c.pop()
			}
		}
		for i := range n.props {
			p := &n.props[i]
			if !p.node.wants(w) {
				continue
			}
			if member, ok := v[p.name]; ok {
				c.push(step{key: p.name})
				c.visit(p.node, member, w)
				c.pop()
			}
		}
	}
}

func (c *checker) checkListMap(keys []string, list []any) {
	for i, x := range list {
		if _, ok := x.(map[string]any); x != nil && !ok {
			c.push(step{index: i, kind: indexStep})
			c.add(diag.Schema, field.Invalid(fieldPath(join(c.path, true)), x, "must be an object for an array of list-type map"),
				Failure{Message: fmt.Sprintf("%s is a %s: expected an object", c.label(), typeOf(x)), WantType: "object", GotType: typeOf(x)})
			c.pop()
			return
		}
	}
	if len(list) <= 1 {
		return
	}
	values := make([]any, len(list))
	shown := make([]any, len(list))
	for i, x := range list {
		values[i], shown[i] = keyOf(keys, x)
	}
	for _, i := range repeated(values) {
		c.duplicate(i, shown[i])
	}
}

// noKey stands for the key of an item that has none.
type noKey struct{}

// keyOf returns what identifies an item of a list of the type map, and how the
// server shows it.
func keyOf(keys []string, item any) (key, shown any) {
	m, _ := item.(map[string]any)
	if len(keys) == 1 {
		v, ok := m[keys[0]]
		if !ok {
			return noKey{}, map[string]any{}
		}
		return v, map[string]any{keys[0]: v}
	}
	all := map[string]any{}
	for _, k := range keys {
		if v, ok := m[k]; ok {
			all[k] = v
		}
	}
	return all, all
}

// repeated returns the index of the second occurrence of each value that occurs
// more than once.
func repeated(list []any) []int {
	if len(list) <= 1 {
		return nil
	}
	if out, ok := repeatedTexts(list); ok {
		return out
	}
	seen := make(map[any]int, len(list))
	var out []int
	for i, v := range list {
		switch v.(type) {
		case map[string]any, []any:
			b, err := json.Marshal(v)
			if err != nil {
				continue
			}
			v = compound(b)
		}
		seen[v]++
		if seen[v] == 2 {
			out = append(out, i)
		}
	}
	return out
}

// compound is the JSON of an object or list, apart from texts that look alike.
type compound string

// repeatedTexts is [repeated] without a map, for the usual case.
func repeatedTexts(list []any) ([]int, bool) {
	if len(list) > 16 {
		return nil, false
	}
	var out []int
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, false
		}
		earlier := 0
		for _, w := range list[:i] {
			if w == any(s) {
				earlier++
			}
		}
		if earlier == 1 {
			out = append(out, i)
		}
	}
	return out, true
}

func (c *checker) duplicate(index int, shown any) {
	c.push(step{index: index, kind: indexStep})
	c.add(diag.Schema, field.Duplicate(fieldPath(join(c.path, true)), shown), c.explainDuplicate(shown))
	c.pop()
}
