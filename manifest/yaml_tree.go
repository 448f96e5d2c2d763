package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlTree finds where the parts of a YAML document stand, whose text starts at
// an offset of the file. The nodes of yaml/v3 know where they start, by line and
// column; where they end is read from the text.
func yamlTree(text []byte, base int) *tree {
	root, err := yamlNodes(text)
	if err != nil {
		root, err = yamlNodesBefore(text)
	}
	if err != nil || root.Kind != yaml.DocumentNode || len(root.Content) == 0 {
		return nil
	}
	b := yamlBuilder{
		scan:    scan{text},
		base:    base,
		lines:   yamlLines(text),
		tree:    &tree{},
		anchors: map[*yaml.Node]int32{},
	}
	n := b.build(root.Content[0], -1)
	b.comment(n, root)
	return b.tree
}

// yamlNodesBefore reads the object of a text up to its end marker, or to its last
// brace. The parser that knows positions looks beyond these, and may give up at what
// it sees, which the other never reads.
func yamlNodesBefore(text []byte) (root *yaml.Node, err error) {
	if i := endMarkerOf(text); i > 0 {
		text = text[:i]
		if root, err = yamlNodes(text); err == nil {
			return root, nil
		}
	}
	err = errNoBraces
	const most = 100 // braces in a text that ends in the middle of something
	s := scan{text}
	if start := s.gap(0); start == len(text) || text[start] != '{' {
		return nil, err
	}
	for tries, end := 0, 0; err != nil && tries < most; tries++ {
		i := bytes.IndexByte(text[end:], '}')
		if i < 0 {
			return nil, err
		}
		end += i + 1
		root, err = yamlNodes(text[:end])
	}
	return root, err
}

var errNoBraces = errors.New("yaml: no object in braces")

func yamlNodes(text []byte) (root *yaml.Node, err error) {
	// The second parser meets only what the first accepted; should it give up,
	// the document has no positions.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: the parser gave up: %v", p)
		}
	}()
	root = new(yaml.Node)
	return root, yaml.Unmarshal(text, root)
}

type yamlBuilder struct {
	scan
	base    int
	lines   []int32 // offsets of the lines, as YAML breaks them
	tree    *tree
	anchors map[*yaml.Node]int32
	cursor  cursor
}

// cursor is where the last position was: the next one is found from there, so
// that a long line is not walked from its start for each of its nodes.
type cursor struct{ line, column, at int }

// build adds a node and what it holds. Indent is the column of the block
// collection around it, from 0, or -1 at the root.
func (b *yamlBuilder) build(y *yaml.Node, indent int) int32 {
	n := int32(len(b.tree.nodes))
	b.tree.nodes = append(b.tree.nodes, node{child: none, next: none, target: none})
	if y.Anchor != "" {
		b.anchors[y] = n
	}
	b.comment(n, y)
	at := b.offset(y.Line, y.Column)
	limit := len(b.text)
	if y.Kind == yaml.MappingNode && len(y.Content) > 0 {
		// "&a key: x" on the first line is the anchor of the key.
		here := b.cursor
		limit = b.offset(y.Content[0].Line, y.Content[0].Column)
		b.cursor = here
	}
	start, body := b.properties(at, limit)
	var end int
	switch y.Kind {
	case yaml.MappingNode, yaml.SequenceNode:
		end = b.children(n, y, body, indent)
	case yaml.AliasNode:
		end = body + 1 + len(y.Value)
		if target, ok := b.anchors[y.Alias]; ok {
			b.tree.nodes[n].kind = aliasNode
			b.tree.nodes[n].target = target
		}
	default:
		if y.Value == "" && y.Style&^yaml.TaggedStyle == 0 {
			start, end = b.emptyScalar(at, y.Anchor != "", y.Style&yaml.TaggedStyle != 0 || b.bareTag(at, indent))
		} else {
			end = b.scalarEnd(y, body, indent)
		}
	}
	b.tree.nodes[n].start = int32(b.base + start)
	b.tree.nodes[n].end = int32(b.base + max(start, end))
	return n
}

// children adds what a collection holds and returns where the collection ends.
func (b *yamlBuilder) children(n int32, y *yaml.Node, body, indent int) int {
	kind := sequenceNode
	if y.Kind == yaml.MappingNode {
		kind = mappingNode
	}
	b.tree.nodes[n].kind = kind
	flow := y.Style&yaml.FlowStyle != 0
	if !flow {
		indent = b.columnOf(body)
	}
	last, end := none, body
	for i, child := range y.Content {
		c := b.build(child, indent)
		if kind == mappingNode && i%2 == 0 {
			b.tree.nodes[c].key = child.Value // with the tag "!" it is text
			if !b.bareTag(int(b.tree.nodes[c].start)-b.base, indent) {
				b.tree.nodes[c].key = keyText(child)
			}
			b.tree.nodes[c].merge = isMergeKey(child)
		}
		if last == none {
			b.tree.nodes[n].child = c
		} else {
			b.tree.nodes[last].next = c
		}
		last = c
		end = max(end, int(b.tree.nodes[c].end)-b.base)
	}
	if !flow || body >= len(b.text) {
		return end
	}
	// A single pair in a flow sequence is a mapping without braces.
	switch c := b.text[body]; {
	case c == '{' && kind == mappingNode:
		return b.flowEnd(max(end, body+1), '}')
	case c == '[' && kind == sequenceNode:
		return b.flowEnd(max(end, body+1), ']')
	case kind == mappingNode:
		// The value of "[key: ]" is nothing, and stands where the key ends.
		if i := b.gap(end); i < len(b.text) && b.text[i] == ':' {
			return i + 1
		}
	}
	return end
}

func (b *yamlBuilder) scalarEnd(y *yaml.Node, body, indent int) int {
	switch {
	case y.Style&yaml.DoubleQuotedStyle != 0:
		return b.doubleQuotedEnd(body)
	case y.Style&yaml.SingleQuotedStyle != 0:
		return b.singleQuotedEnd(body)
	case y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return b.blockEnd(body, indent)
	}
	return b.plainEnd(body, y.Value)
}

// offset returns where a line and column of the parser are in the text; it
// counts columns in characters.
func (b *yamlBuilder) offset(line, column int) int {
	line, column = max(line, 1), max(column, 1)
	if line > len(b.lines) {
		return len(b.text)
	}
	c := &b.cursor
	if line != c.line || column < c.column {
		*c = cursor{line: line, column: 1, at: int(b.lines[line-1])}
	}
	for c.column < column && c.at < len(b.text) {
		_, size := utf8.DecodeRune(b.text[c.at:])
		c.at += size
		c.column++
	}
	return c.at
}

// columnOf returns the column of an offset, from 0.
func (b *yamlBuilder) columnOf(at int) int {
	line := sort.Search(len(b.lines), func(i int) bool { return int(b.lines[i]) > at })
	return utf8.RuneCount(b.text[b.lines[line-1]:at])
}

// bareTag reports whether a node has the tag "!", of which the library does not
// tell: it is the first of its properties, or behind its anchor, further in than the
// collection around it.
func (b *yamlBuilder) bareTag(i, indent int) bool {
	if i < len(b.text) && b.text[i] == '&' {
		name := b.token(i)
		i = b.gap(name)
		if strings.ContainsAny(string(b.text[name:i]), "\r\n\u0085\u2028\u2029") && b.columnOf(i) <= indent {
			return false
		}
	}
	return i < len(b.text) && b.text[i] == '!' && b.token(i) == i+1
}

// comment keeps the comments of a node.
func (b *yamlBuilder) comment(n int32, y *yaml.Node) {
	var lines []string
	for _, text := range []string{y.HeadComment, y.LineComment, y.FootComment} {
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.TrimPrefix(strings.TrimLeft(strings.TrimSpace(line), "#"), " ")
			if line != "" {
				lines = append(lines, line)
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	if b.tree.comments == nil {
		b.tree.comments = map[int32]string{}
	}
	if before := b.tree.comments[n]; before != "" {
		lines = append([]string{before}, lines...)
	}
	b.tree.comments[n] = strings.Join(lines, "\n")
}

// isMergeKey is what the parser of the values takes for a merge key.
func isMergeKey(y *yaml.Node) bool {
	return y.Kind == yaml.ScalarNode && y.Value == "<<" && (y.Style == 0 || y.Tag == "!!merge")
}

// keyText returns the JSON key of a YAML key. Most are words; the others are
// read by the parser that reads the values.
func keyText(y *yaml.Node) string {
	quoted := y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if y.Kind == yaml.AliasNode {
		return keyText(y.Alias)
	}
	tagged := y.Style&yaml.TaggedStyle != 0
	if y.Kind != yaml.ScalarNode || !tagged && (quoted || isWord(y.Value)) {
		return y.Value
	}
	text := y.Value
	if tagged {
		text = y.LongTag()
		text = fmt.Sprintf("!<%s> '%s'", text, strings.ReplaceAll(y.Value, "'", "''"))
	}
	var r reader
	if v, err := r.yamlValue([]byte("? " + text + "\n: x")); err == nil {
		if m, ok := v.(map[string]any); ok && len(m) == 1 {
			for key := range m {
				return key
			}
		}
	}
	return y.Value
}

// isWord reports whether a plain key is a string in YAML 1.1 by its first letter:
// no number, and none of the words for booleans and null.
func isWord(s string) bool {
	return s != "" && (s[0] == '_' || s[0] >= 'A' && s[0] <= 'Z' || s[0] >= 'a' && s[0] <= 'z') && !isYAMLWord([]byte(s))
}
