package descriptor

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile/ast"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"github.com/grpcroute/grpcroute/diag"
)

// parse makes the tree of a source and checks all that one file tells of itself;
// its mistakes are kept.
func (l *loader) parse(u *unit) {
	h := l.handler(u)
	tree, err := parser.Parse(u.name, strings.NewReader(u.data), h)
	if err == nil {
		u.tree = tree
		u.parsed, err = parser.ResultFromAST(tree, true, h)
	}
	l.keep(u, err)
}

// packageOf returns the package of a source, "" when it has none.
func packageOf(name string, data []byte) string {
	quiet := reporter.NewHandler(reporter.NewReporter(func(reporter.ErrorWithPos) error { return nil }, nil))
	tree, _ := parser.Parse(name, bytes.NewReader(data), quiet)
	if tree == nil {
		return ""
	}
	for _, d := range tree.Decls {
		if p, ok := d.(*ast.PackageNode); ok {
			return string(p.Name.AsIdentifier())
		}
	}
	return ""
}

// imports returns what a unit imports, each with its place.
func (l *loader) imports(u *unit) (names []string, at []diag.Range) {
	if u.proto != nil {
		for _, name := range u.proto.Dependency {
			names, at = append(names, name), append(at, diag.Range{File: u.path})
		}
		return names, at
	}
	if u.tree == nil {
		return nil, nil
	}
	for _, d := range u.tree.Decls {
		if i, ok := d.(*ast.ImportNode); ok {
			names, at = append(names, i.Name.AsString()), append(at, l.span(u, u.tree.NodeInfo(i.Name)))
		}
	}
	return names, at
}

// resolve finds every import, those of what it finds included.
func (l *loader) resolve() {
	for _, name := range l.heldList {
		if l.units[name] == nil {
			l.units[name] = l.held[name]
			l.order = append(l.order, name)
		}
	}
	for i := 0; i < len(l.order); i++ {
		u := l.units[l.order[i]]
		names, at := l.imports(u)
		for j, name := range names {
			if l.units[name] == nil && builtIn(name) == nil && !l.features(name) {
				l.missing(u, name, at[j])
			}
		}
	}
}

// missing looks for an import on disk: below the roots that single files brought,
// and where folders are passed over.
func (l *loader) missing(u *unit, name string, at diag.Range) {
	if !fs.ValidPath(name) {
		l.fault(at, fmt.Sprintf("import %q is no plain path: expected a path with slashes below a folder given with --proto", name), "")
		return
	}
	for _, r := range l.roots {
		p := filepath.Join(r.dir, filepath.FromSlash(name))
		real, err := realPath(p)
		if err != nil {
			continue
		}
		if other := l.byReal[real]; other != nil {
			l.fault(at, fmt.Sprintf("import %q names %s, which is %q below the deepest folder given", name, p, other.name),
				fmt.Sprintf("import it as %q, or leave out that folder", other.name))
			return
		}
		if err := l.add(p, real, name); err == nil && l.units[name] != nil {
			return
		}
	}
	l.fault(at, fmt.Sprintf("cannot find import %q", name), l.advice(u, name))
}

// advice says what to type for a file that was not found.
func (l *loader) advice(u *unit, name string) string {
	if u.proto != nil {
		return "write the set with its imports (protoc --include_imports, or buf build), or give the folder that holds it with --proto"
	}
	for dir := filepath.Dir(u.path); ; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			return fmt.Sprintf("it stands in %s: give --proto %s", dir, dir)
		}
		if full, err := filepath.Abs(dir); err != nil || full == filepath.Dir(full) {
			break
		}
	}
	for _, held := range l.order {
		if folder, ok := strings.CutSuffix(l.units[held].path, "/"+name); ok {
			return fmt.Sprintf("it stands in %s: give --proto %s too", folder, folder)
		}
	}
	if best := nearest(name, l.order); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "give the folder that it is relative to with --proto, or a set that holds it with --descriptor-set"
}
