package manifest

import (
	"encoding/json"
)

// jsonTree finds where the parts of the JSON value at start stand. The value was
// read before, so what is not JSON has no tree.
func jsonTree(data []byte, start int) *tree {
	s := jsonScanner{data: data, pos: start, tree: &tree{}}
	if s.value(0) == none {
		return nil
	}
	return s.tree
}

type jsonScanner struct {
	data []byte
	pos  int
	tree *tree
}

func (s *jsonScanner) add(kind nodeKind) int32 {
	s.tree.nodes = append(s.tree.nodes, node{start: int32(s.pos), child: none, next: none, target: none, kind: kind})
	return int32(len(s.tree.nodes) - 1)
}

// value reads the value at the next place that is not blank and returns its
// node, or none.
func (s *jsonScanner) value(depth int) int32 {
	s.pos = skipSpace(s.data, s.pos)
	if s.pos == len(s.data) || depth > MaxDepth {
		return none
	}
	switch s.data[s.pos] {
	case '{':
		return s.collection(mappingNode, '}', depth)
	case '[':
		return s.collection(sequenceNode, ']', depth)
	}
	n := s.add(scalarNode)
	if s.data[s.pos] == '"' {
		s.pos = stringEnd(s.data, s.pos)
	} else {
		for s.pos < len(s.data) && !isJSONEnd(s.data[s.pos]) {
			s.pos++
		}
	}
	if s.pos > len(s.data) || s.pos == int(s.tree.nodes[n].start) {
		return none
	}
	s.tree.nodes[n].end = int32(s.pos)
	return n
}

func isJSONEnd(c byte) bool {
	switch c {
	case ',', ':', ']', '}', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

func (s *jsonScanner) collection(kind nodeKind, end byte, depth int) int32 {
	n := s.add(kind)
	s.pos++
	last := none
	for first := true; ; first = false {
		s.pos = skipSpace(s.data, s.pos)
		if s.pos == len(s.data) {
			return none
		}
		if s.data[s.pos] == end {
			s.pos++
			s.tree.nodes[n].end = int32(s.pos)
			return n
		}
		if !first && !s.take(',') {
			return none
		}
		child := s.value(depth + 1)
		if child == none {
			return none
		}
		if last == none {
			s.tree.nodes[n].child = child
		} else {
			s.tree.nodes[last].next = child
		}
		last = child
		if kind == mappingNode {
			if last = s.entry(child, depth); last == none {
				return none
			}
		}
	}
}

// entry reads the rest of a key and value and returns the value.
func (s *jsonScanner) entry(key int32, depth int) int32 {
	k := &s.tree.nodes[key]
	if json.Unmarshal(s.data[k.start:k.end], &k.key) != nil || !s.take(':') {
		return none
	}
	value := s.value(depth + 1)
	if value != none {
		s.tree.nodes[key].next = value
	}
	return value
}

func (s *jsonScanner) take(c byte) bool {
	s.pos = skipSpace(s.data, s.pos)
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}
