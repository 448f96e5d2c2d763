package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"go.yaml.in/yaml/v3"
)

// Parse reads the text of a file. The error has a line FILE:LINE:COLUMN for each
// thing that is wrong: keys that do not exist, with the nearest that does, values
// of a wrong type, names of rules, profiles and versions that nobody knows.
func Parse(file string, data []byte) (*Config, error) {
	c := &Config{File: file}
	d := &decoder{file: file}
	root, err := document(file, data)
	if err != nil {
		return nil, err
	}
	if root != nil {
		d.decode(root, c)
		if len(d.errs) == 0 {
			d.patterns(root, c)
		}
	}
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	return c, nil
}

// lineOf is how the parser begins an error.
var lineOf = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// document returns the root of the only document of a text, nil when there is
// nothing in it.
func document(file string, data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		if err = dec.Decode(&more); err == nil {
			return nil, fmt.Errorf("%s:%d: a second document: the configuration is one", file, more.Line)
		}
	}
	if !errors.Is(err, io.EOF) && err != nil {
		m := lineOf.FindStringSubmatch(err.Error())
		if m == nil || m[1] == "" {
			return nil, fmt.Errorf("%s: the file is not YAML: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		return nil, fmt.Errorf("%s:%s: the file is not YAML: %s", file, m[1], err.Error()[len(m[0]):])
	}
	return doc.Content[0], nil
}

// fail records what is wrong at a node.
func (d *decoder) fail(n *yaml.Node, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("%s:%d:%d: %s", d.file, n.Line, n.Column, fmt.Sprintf(format, args...)))
}

// expected says what would be right in place of a name.
func expected(name string, all []string) string {
	if near := lint.Nearest(name, all); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(all) > 20 {
		return "`grpcroute rules` lists them all"
	}
	return "expected one of " + strings.Join(all, ", ")
}

// oneOf checks a name.
func (d *decoder) oneOf(n *yaml.Node, what, name string, all []string) {
	if !slices.Contains(all, name) {
		d.fail(n, "unknown %s %q: %s", what, name, expected(name, all))
	}
}

// patterns checks the patterns of paths.
func (d *decoder) patterns(root *yaml.Node, c *Config) {
	check := func(list []string, path ...any) {
		for i, p := range list {
			if _, err := compile(p); err != nil {
				d.fail(find(root, append(path, i)...), "%v", err)
			}
		}
	}
	check(c.Exclude, "exclude")
	for i, o := range c.Overrides {
		check(o.Paths, "overrides", i, "paths")
		at := find(root, "overrides", i)
		if len(o.Paths) == 0 && at != root {
			d.fail(at, "an override without paths: name the files that it is for")
		}
	}
}

// find returns the node at a path, or the deepest on the way.
func find(n *yaml.Node, path ...any) *yaml.Node {
	for _, e := range path {
		n = resolve(n)
		next := n
		switch e := e.(type) {
		case string:
			for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
				if n.Content[i].Value == e {
					next = n.Content[i+1]
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && e < len(n.Content) {
				next = n.Content[e]
			}
		}
		if next == n {
			return n
		}
		n = next
	}
	return n
}
