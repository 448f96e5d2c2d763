package manifest

// tree says where everything in one document stands. It is built when a position
// of the document is first asked for, and holds offsets instead of parsed nodes.
type tree struct {
	nodes    []node
	comments map[int32]string // of keys and values that have one
}

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	mappingNode
	sequenceNode
	aliasNode
)

// none is the index of no node.
const none int32 = -1

// node is a value or a key. The children of a mapping are its keys and values in
// turn, each linked to the next.
type node struct {
	start, end int32 // offsets in the file, tag included, anchor not
	child      int32 // first child, or none
	next       int32 // next sibling, or none
	target     int32 // what an alias stands for
	kind       nodeKind
	merge      bool   // a key: "<<"
	key        string // a key: what it is in JSON
}

// place is where a path leads in a tree.
type place struct {
	value int32 // as written: maybe an alias
	key   int32 // of the value in its mapping, or none
	depth int   // how many elements of the path exist
}

// find follows a path as far as it exists. Aliases and merge keys lead to where
// a field is written.
func (t *tree) find(path ...Path) place {
	p := place{value: 0, key: none}
	for _, part := range path {
		for _, element := range part {
			key, value := none, none
			switch e := element.(type) {
			case string:
				key, value = t.field(p.value, e, 0)
			case int:
				value = t.item(p.value, e)
			}
			if value == none {
				return p
			}
			p = place{value: value, key: key, depth: p.depth + 1}
		}
	}
	return p
}

// resolve returns the node that an alias stands for. An alias cannot stand for
// another one.
func (t *tree) resolve(n int32) int32 {
	if n != none && t.nodes[n].kind == aliasNode {
		return t.nodes[n].target
	}
	return n
}

// field returns key and value of a field in a mapping. As with the parser that
// reads the values, whatever stands last counts, be it the key itself or a merge
// key whose mapping has it.
func (t *tree) field(n int32, name string, depth int) (key, value int32) {
	key, value = none, none
	n = t.resolve(n)
	if n == none || t.nodes[n].kind != mappingNode || depth > maxMerges {
		return key, value
	}
	for k := t.nodes[n].child; k != none; {
		v := t.nodes[k].next
		if t.nodes[k].merge {
			if mk, mv := t.merged(v, name, depth+1); mv != none {
				key, value = mk, mv
			}
		} else if t.nodes[k].key == name {
			key, value = k, v
		}
		k = t.nodes[v].next
	}
	return key, value
}

// maxMerges is how far merge keys are followed. The parser has refused a mapping
// that merges itself.
const maxMerges = 100

// merged looks up a field in the value of a merge key: a mapping, or a list of
// mappings of which the first that has the field counts.
func (t *tree) merged(n int32, name string, depth int) (key, value int32) {
	n = t.resolve(n)
	if n == none || t.nodes[n].kind != sequenceNode {
		return t.field(n, name, depth)
	}
	for c := t.nodes[n].child; c != none; c = t.nodes[c].next {
		if key, value = t.field(c, name, depth); value != none {
			return key, value
		}
	}
	return none, none
}

func (t *tree) item(n int32, index int) int32 {
	n = t.resolve(n)
	if n == none || t.nodes[n].kind != sequenceNode || index < 0 {
		return none
	}
	c := t.nodes[n].child
	for ; c != none && index > 0; index-- {
		c = t.nodes[c].next
	}
	return c
}

// duplicate is a key that was given before in its mapping.
type duplicate struct {
	first, second int32 // the keys
	path          Path
}

// duplicates returns the keys given twice, in the order of the text. A merge key
// that brings a field which is also given is no duplicate: that is its purpose.
func (t *tree) duplicates(limit int) []duplicate {
	var found []duplicate
	var path Path
	var visit func(n int32)
	visit = func(n int32) {
		index := 0
		seen := map[string]int32{}
		for c := t.nodes[n].child; c != none && len(found) < limit; index++ {
			v := c
			var element any = index
			if t.nodes[n].kind == mappingNode {
				key := &t.nodes[c]
				v, element = key.next, key.key
				if first, ok := seen[key.key]; ok && !key.merge {
					found = append(found, duplicate{first, c, append(path[:len(path):len(path)], key.key)})
				} else if !key.merge {
					seen[key.key] = c
				}
			}
			path = append(path, element)
			if t.nodes[v].child != none {
				visit(v)
			}
			path = path[:len(path)-1]
			c = t.nodes[v].next
		}
	}
	if len(t.nodes) > 0 {
		visit(0)
	}
	return found
}
