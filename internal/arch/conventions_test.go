package arch_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
	"unicode"
)

// Sizes that a reader can hold in mind. A table is the only reason for more.
const (
	fileLines     = 300
	functionLines = 50
)

// tables lists what is long because it is a table.
var tables = map[string]string{}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	unused := map[string]bool{}
	for path := range tables {
		unused[path] = true
	}
	for _, s := range sources(t) {
		if s.test || ast.IsGenerated(s.file) {
			continue
		}
		if lines := s.fset.File(s.file.Pos()).LineCount(); lines > fileLines {
			if tables[s.path] == "" {
				t.Errorf("%s has %d lines, at most %d: split it by what it is about", s.path, lines, fileLines)
			}
			delete(unused, s.path)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; lines > functionLines {
				t.Errorf("%s: %s has %d lines, at most %d", s.fset.Position(f.Pos()), f.Name.Name, lines, functionLines)
			}
		}
	}
	for path := range unused {
		t.Errorf("%s is listed as a table and is not over %d lines", path, fileLines)
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	packages := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		packages[s.pkg] = packages[s.pkg] || s.file.Doc != nil
		for _, d := range s.file.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s has no doc comment that begins with its name", s.fset.Position(d.Pos()), name)
			}
		}
	}
	for pkg, documented := range packages {
		if !documented {
			t.Errorf("package %s has no doc comment", pkg)
		}
	}
}

// undocumented returns the exported names of a declaration that nothing speaks
// of. In a group a comment above it, or at the end of the line, is enough.
func undocumented(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() || d.Recv != nil && !exportedReceiver(d.Recv) || speaksOf(d.Doc, d.Name.Name) {
			return nil
		}
		return []string{d.Name.Name}
	case *ast.GenDecl:
		var out []string
		for _, spec := range d.Specs {
			out = append(out, undocumentedSpec(d, spec)...)
		}
		return out
	}
	return nil
}

func undocumentedSpec(d *ast.GenDecl, spec ast.Spec) []string {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && !speaksOf(spec.Doc, spec.Name.Name) && !speaksOf(d.Doc, spec.Name.Name) {
			return []string{spec.Name.Name}
		}
	case *ast.ValueSpec:
		if d.Tok == token.IMPORT || d.Doc != nil || spec.Doc != nil || spec.Comment != nil {
			return nil
		}
		for _, name := range spec.Names {
			if name.IsExported() {
				return []string{name.Name}
			}
		}
	}
	return nil
}

// speaksOf reports whether a comment begins with a name, perhaps after an
// article.
func speaksOf(doc *ast.CommentGroup, name string) bool {
	text := doc.Text()
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	rest, ok := strings.CutPrefix(text, name)
	return ok && (rest == "" || !unicode.IsLetter(rune(rest[0])))
}

func exportedReceiver(recv *ast.FieldList) bool {
	e := recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if index, ok := e.(*ast.IndexExpr); ok {
		e = index.X
	}
	id, ok := e.(*ast.Ident)
	return ok && id.IsExported()
}

// TestPackagesDoNotPrintOrPanic: results go to the writers that a caller gives,
// errors are returned. Commands and generators own their process.
func TestPackagesDoNotPrintOrPanic(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.pkg, "internal/") || s.pkg == "cmd/grpcroute" || s.pkg == "bench" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch f := call.Fun.(type) {
			case *ast.Ident:
				if f.Name == "panic" || f.Name == "print" || f.Name == "println" {
					t.Errorf("%s calls %s", s.fset.Position(call.Pos()), f.Name)
				}
			case *ast.SelectorExpr:
				pkg, ok := f.X.(*ast.Ident)
				if ok && (pkg.Name == "fmt" && strings.HasPrefix(f.Sel.Name, "Print") || pkg.Name == "os" && f.Sel.Name == "Exit") {
					t.Errorf("%s calls %s.%s", s.fset.Position(call.Pos()), pkg.Name, f.Sel.Name)
				}
			}
			return true
		})
	}
}
