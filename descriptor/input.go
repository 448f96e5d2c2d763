package descriptor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile/ast"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/parser"
	"github.com/grpcroute/grpcroute/diag"
	"google.golang.org/protobuf/types/descriptorpb"
)

// maxBytes is the size of one input. Sets of whole companies have some 50 MiB.
const maxBytes = 256 << 20

// unit is one file of the input: source, or a file of a descriptor set.
type unit struct {
	name  string                            // as imports name it
	path  string                            // of the source, or of the set that holds it
	real  string                            // path without links, for sources
	data  string                            // of sources
	proto *descriptorpb.FileDescriptorProto // of sets

	tree     *ast.FileNode // of sources
	parsed   parser.Result
	linked   linker.File
	visiting bool
	done     bool
}

// root is a folder that imports are relative to.
type root struct {
	dir  string // as given
	real string
}

type loader struct {
	roots    []root
	units    map[string]*unit // by import name
	order    []string         // names of units, as they came
	held     map[string]*unit // files of sets, by import name
	heldList []string
	byReal   map[string]*unit
	findings diag.List
}

func newLoader() *loader {
	return &loader{units: map[string]*unit{}, held: map[string]*unit{}, byReal: map[string]*unit{}}
}

// protos finds and parses the sources. The folders come first, because they say
// what the files are called.
func (l *loader) protos(paths []string) error {
	var files, failed = []string{}, []error{}
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case err != nil:
			failed = append(failed, fmt.Errorf("read protos: %w", err))
		case info.IsDir():
			failed = append(failed, l.folder(p))
		case !strings.HasSuffix(p, ".proto"):
			failed = append(failed, fmt.Errorf("read protos: %s is no .proto file: give descriptor sets with --descriptor-set", p))
		default:
			files = append(files, p)
		}
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	for _, r := range l.roots {
		if err := l.walk(r); err != nil {
			return err
		}
	}
	for _, p := range files {
		if err := l.single(p); err != nil {
			return err
		}
	}
	return nil
}

// folder adds a root, once.
func (l *loader) folder(dir string) error {
	real, err := realPath(dir)
	if err != nil {
		return fmt.Errorf("read protos: %w", err)
	}
	for _, r := range l.roots {
		if r.real == real {
			return nil
		}
	}
	l.roots = append(l.roots, root{dir, real})
	return nil
}

func realPath(p string) (string, error) {
	p, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(p)
}

// walk reads the .proto files below a root. Hidden folders hold caches and
// histories, not sources.
func (l *loader) walk(r root) error {
	found := false
	err := fs.WalkDir(os.DirFS(r.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".proto" {
			return nil
		}
		found = true
		return l.file(r, name)
	})
	if err != nil {
		return fmt.Errorf("read protos: %w", err)
	}
	if !found {
		return fmt.Errorf("read protos: %s holds no .proto files: give the folder that imports are relative to, or descriptor sets with --descriptor-set", r.dir)
	}
	return nil
}

// file reads a source of a root. The deepest root decides what it is called, by
// the path to it: where a link leads does not matter.
func (l *loader) file(r root, rel string) error {
	p := filepath.Join(r.dir, filepath.FromSlash(rel))
	real, err := realPath(p)
	if err != nil {
		return err
	}
	name, _ := l.under(filepath.Join(r.real, filepath.FromSlash(rel)))
	return l.add(p, real, name)
}

// under returns the name of a file below the deepest root that holds it.
func (l *loader) under(full string) (string, bool) {
	name, found := "", false
	for _, r := range l.roots {
		rel, err := filepath.Rel(r.real, full)
		if rel = filepath.ToSlash(rel); err == nil && fs.ValidPath(rel) && (!found || len(rel) < len(name)) {
			name, found = rel, true
		}
	}
	return name, found
}

// single reads a file that the user named. Outside of every folder its package
// says where imports begin.
func (l *loader) single(p string) error {
	real, err := realPath(p)
	if err != nil {
		return fmt.Errorf("read protos: %w", err)
	}
	realDir, err := realPath(filepath.Dir(p))
	if err != nil {
		return fmt.Errorf("read protos: %w", err)
	}
	if name, ok := l.under(filepath.Join(realDir, filepath.Base(p))); ok {
		return l.add(p, real, name)
	}
	data, err := readFile(p)
	if err != nil {
		return fmt.Errorf("read protos: %w", err)
	}
	dir, name := filepath.Dir(p), filepath.Base(p)
	folders := strings.Split(packageOf(p, data), ".")
	top := dir
	for i := len(folders) - 1; i >= 0 && filepath.Base(realDir) == folders[i]; i-- {
		realDir, top = filepath.Dir(realDir), filepath.Join(top, "..")
		if i == 0 {
			dir, name = top, path.Join(path.Join(folders...), name)
		}
	}
	if err := l.folder(dir); err != nil {
		return err
	}
	return l.add(p, real, name)
}

// add parses a source and keeps it under a name.
func (l *loader) add(p, real, name string) error {
	if l.byReal[real] != nil || copied(name) {
		return nil
	}
	data, err := readFile(p)
	if err != nil {
		return err
	}
	u := &unit{name: name, path: p, real: real, data: string(data)}
	if other := l.units[name]; other != nil {
		if other.data != u.data {
			l.fault(diag.Range{File: p}, fmt.Sprintf("imports name this file %q, as they do %s, which differs", name, other.path), "leave out the folder of one of them")
		}
		return nil
	}
	l.units[name], l.byReal[real] = u, u
	l.order = append(l.order, name)
	l.parse(u)
	return nil
}

func readFile(p string) ([]byte, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, p)
}

func readAll(r io.Reader, name string) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if n > maxBytes {
		return nil, fmt.Errorf("%s has more than %d MiB", name, maxBytes>>20)
	}
	return b.Bytes(), nil
}
