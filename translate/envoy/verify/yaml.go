package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"go.yaml.in/yaml/v3"
)

// yamlReader turns the nodes of package yaml into ours.
type yamlReader struct {
	file  string
	nodes int
}

func parseYAML(f *manifest.File) (docs []*node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: not YAML: the parser gave up: %v", f.Name, p)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(f.Data))
	r := &yamlReader{file: f.Name}
	for {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: not YAML: %s", f.Name, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		if len(doc.Content) == 0 {
			continue
		}
		n, err := r.node(doc.Content[0], 0)
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
}

func (r *yamlReader) node(y *yaml.Node, depth int) (*node, error) {
	if r.nodes++; depth > maxDepth || r.nodes > maxNodes {
		return nil, fmt.Errorf("%s:%d:%d: more than %d values, or nested more than %d deep", r.file, y.Line, y.Column, maxNodes, maxDepth)
	}
	n := &node{line: y.Line}
	switch y.Kind {
	case yaml.AliasNode:
		return r.node(y.Alias, depth+1)
	case yaml.MappingNode:
		n.kind = objectNode
		for i := 0; i+1 < len(y.Content); i += 2 {
			v, err := r.node(y.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			n.keys, n.values = append(n.keys, y.Content[i].Value), append(n.values, v)
		}
	case yaml.SequenceNode:
		n.kind = listNode
		for _, c := range y.Content {
			v, err := r.node(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.values = append(n.values, v)
		}
	default:
		n.scalar = yamlScalar(y)
	}
	return n, nil
}

// yamlScalar writes a scalar as JSON.
func yamlScalar(y *yaml.Node) string {
	var v any
	switch y.ShortTag() {
	case "!!null":
		return "null"
	case "!!bool", "!!int", "!!float":
		if y.Decode(&v) != nil {
			break
		}
		if out, err := json.Marshal(v); err == nil {
			return string(out)
		}
	}
	return quoted(y.Value)
}
