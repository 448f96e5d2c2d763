package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
)

// node is a value of a JSON or YAML text, with its line.
type node struct {
	line   int
	kind   nodeKind
	keys   []string // of an object
	values []*node  // of an object, by key, or of a list
	scalar string   // as JSON
}

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	objectNode
	listNode
)

// get returns the value of a field, whose name may be written in either of the two
// ways that protobuf has; nil for none.
func (n *node) get(name string) *node {
	if n == nil || n.kind != objectNode {
		return nil
	}
	for i, k := range n.keys {
		if k == name || strings.Contains(name, "_") && k == jsonName(name) {
			return n.values[i]
		}
	}
	return nil
}

// list returns the elements of a field that is a list.
func (n *node) list(name string) []*node {
	if l := n.get(name); l != nil && l.kind == listNode {
		return l.values
	}
	return nil
}

// text returns the text of a field that is a string, "" for none.
func (n *node) text(name string) string {
	v := n.get(name)
	if v == nil || v.kind != scalarNode {
		return ""
	}
	var s string
	if json.Unmarshal([]byte(v.scalar), &s) != nil {
		return "" // no string
	}
	return s
}

// without returns an object without some fields.
func (n *node) without(names ...string) *node {
	if n == nil || n.kind != objectNode {
		return n
	}
	out := &node{line: n.line, kind: objectNode}
	for i, k := range n.keys {
		if !slices.ContainsFunc(names, func(name string) bool { return k == name || k == jsonName(name) }) {
			out.keys, out.values = append(out.keys, k), append(out.values, n.values[i])
		}
	}
	return out
}

// jsonName is a field's name in protobuf's JSON.
func jsonName(name string) string {
	var b strings.Builder
	up := false
	for _, r := range name {
		switch {
		case r == '_':
			up = true
		case up:
			b.WriteString(strings.ToUpper(string(r)))
			up = false
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// maxDepth bounds how deeply values may be nested, and maxNodes how many a file may
// have once its YAML aliases stand for what they name.
const (
	maxDepth = 200
	maxNodes = 20_000_000
)

// parse reads the documents of a file.
func parse(f *manifest.File) ([]*node, error) {
	if text := bytes.TrimLeft(f.Data, "\ufeff \t\r\n"); len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		n, err := parseJSON(f)
		if err == nil {
			return []*node{n}, nil
		}
		if docs, yamlErr := parseYAML(f); yamlErr == nil { // flow YAML
			return docs, nil
		}
		return nil, err
	}
	return parseYAML(f)
}

// jsonReader reads a JSON text.
type jsonReader struct {
	file *manifest.File
	d    *json.Decoder
	line int
	at   int // the offset that line is of
}

func parseJSON(f *manifest.File) (*node, error) {
	data := bytes.TrimPrefix(f.Data, []byte("\ufeff"))
	r := &jsonReader{file: f, d: json.NewDecoder(bytes.NewReader(data)), line: 1}
	r.d.UseNumber()
	n, err := r.value(data, 0)
	if err == nil {
		if _, more := r.d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after the first value")
		}
	}
	if err != nil {
		at := f.Position(int(r.d.InputOffset()))
		if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = f.Position(int(wrong.Offset) - 1)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the text ends before its last value does")
		}
		return nil, fmt.Errorf("%s:%d:%d: not JSON: %w", f.Name, at.Line, at.Column, err)
	}
	return n, nil
}

func (r *jsonReader) value(data []byte, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("values are nested more than %d deep", maxDepth)
	}
	token, err := r.d.Token()
	if err != nil {
		return nil, err
	}
	offset := int(r.d.InputOffset())
	r.line += bytes.Count(data[r.at:offset], []byte("\n"))
	r.at = offset
	n := &node{line: r.line}
	switch t := token.(type) {
	case json.Delim:
		n.kind = map[json.Delim]nodeKind{'{': objectNode, '[': listNode}[t]
		for r.d.More() {
			if n.kind == objectNode {
				key, err := r.d.Token()
				if err != nil {
					return nil, err
				}
				n.keys = append(n.keys, fmt.Sprint(key))
			}
			v, err := r.value(data, depth+1)
			if err != nil {
				return nil, err
			}
			n.values = append(n.values, v)
		}
		_, err = r.d.Token() // the closing delimiter
		return n, err
	case json.Number:
		n.scalar = t.String()
	case string:
		n.scalar = quoted(t)
	case bool:
		n.scalar = strconv.FormatBool(t)
	default:
		n.scalar = "null"
	}
	return n, nil
}

func quoted(text string) string {
	out, _ := json.Marshal(text) // a string never fails
	return string(out)
}

// appendJSON writes a value. Messages of types that are not linked become
// [unlinked].
func (n *node) appendJSON(b []byte) []byte {
	switch n.kind {
	case objectNode:
		if url := n.text("@type"); url != "" && !linked(url) {
			return append(b, `{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"@type":`+quoted(url)+`}}`...)
		}
		b = append(b, '{')
		for i, k := range n.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, quoted(k)...), ':')
			b = n.values[i].appendJSON(b)
		}
		return append(b, '}')
	case listNode:
		b = append(b, '[')
		for i, v := range n.values {
			if i > 0 {
				b = append(b, ',')
			}
			b = v.appendJSON(b)
		}
		return append(b, ']')
	}
	return append(b, n.scalar...)
}
