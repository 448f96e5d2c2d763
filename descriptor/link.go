package descriptor

import (
	"fmt"
	"strings"

	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/options"
	"github.com/bufbuild/protocompile/reporter"
	"github.com/bufbuild/protocompile/sourceinfo"
	"github.com/grpcroute/grpcroute/diag"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// linking is the state of one run of the linker. Files are linked one by one in
// the order of the input, so that of two files that clash it is always the same
// one that is named.
type linking struct {
	*loader
	symbols *linker.Symbols
	files   *protoregistry.Files
	known   map[string]linker.File // built in, by import name
}

// link turns all units into a Set.
func (l *loader) link() *Set {
	k := &linking{loader: l, symbols: &linker.Symbols{}, files: &protoregistry.Files{}, known: map[string]linker.File{}}
	s := &Set{files: k.files, services: map[string]protoreflect.ServiceDescriptor{}, sources: map[string]*unit{}}
	for _, name := range l.order {
		u := l.units[name]
		k.unit(u, nil)
		if u.linked == nil {
			continue
		}
		s.sources[name] = u
		all := u.linked.Services()
		for i := range all.Len() {
			s.services[string(all.Get(i).FullName())] = all.Get(i)
		}
	}
	return s
}

// unit links a file after its imports. A file whose import cannot be linked is
// passed over: the mistake is there.
func (k *linking) unit(u *unit, path []string) {
	if u.done {
		return
	}
	path = append(path, u.name)
	names, at := k.imports(u)
	u.visiting = true
	defer func() { u.visiting, u.done = false, true }()
	var deps linker.Files
	for i, name := range names {
		dep := k.units[name]
		if dep == nil {
			f := k.builtIn(u, name)
			if f == nil {
				return
			}
			deps = append(deps, f)
			continue
		}
		if dep.visiting {
			k.fault(at[i], "imports go in a circle: "+circle(path, name), "move what both need to a third file")
			return
		}
		if k.unit(dep, path); dep.linked == nil {
			return
		}
		deps = append(deps, dep.linked)
	}
	k.safely(u, deps)
}

// circle names the files of a circle of imports.
func circle(path []string, back string) string {
	for i, name := range path {
		if name == back {
			path = path[i:]
			break
		}
	}
	return strings.Join(append(path[:len(path):len(path)], back), " → ")
}

// builtIn returns a file that comes with protoc, and registers it and its imports.
func (k *linking) builtIn(u *unit, name string) linker.File {
	if f := k.known[name]; f != nil {
		return f
	}
	f, err := linker.NewFileRecursive(builtIn(name))
	if err != nil {
		k.keep(u, err)
		return nil
	}
	k.known[name] = f
	k.register(u, f)
	return f
}

func (k *linking) register(u *unit, f protoreflect.FileDescriptor) {
	if _, err := k.files.FindFileByPath(f.Path()); err == nil {
		return
	}
	for i := range f.Imports().Len() {
		if imp := f.Imports().Get(i); !imp.IsPlaceholder() {
			k.register(u, imp.FileDescriptor)
		}
	}
	if err := k.files.RegisterFile(f); err != nil {
		k.keep(u, err)
	}
}

// safely links one file. The linker is made for the compiler's own trees; whatever
// it trips over in a set of unknown origin is a mistake of that set.
func (k *linking) safely(u *unit, deps linker.Files) {
	before := len(k.findings)
	defer func() {
		if p := recover(); p != nil {
			u.linked = nil
			k.fault(diag.Range{File: u.path}, fmt.Sprintf("file %q cannot be linked: %v", u.name, p), "")
		}
	}()
	f, err := k.file(u, deps)
	if err != nil {
		k.keep(u, err)
		if len(k.findings) == before {
			k.fault(diag.Range{File: u.path}, fmt.Sprintf("file %q cannot be linked: %s", u.name, k.message(err)), "")
		}
		return
	}
	if len(k.findings) > before {
		return
	}
	u.linked = f
	k.register(u, f)
}

func (k *linking) file(u *unit, deps linker.Files) (linker.File, error) {
	if u.proto != nil {
		fd, err := protodesc.NewFile(u.proto, k.files)
		if err != nil {
			return nil, err
		}
		f, err := linker.NewFile(fd, deps)
		if err != nil {
			return nil, err
		}
		// The first symbol that clashes is enough: what is inside of it clashes too.
		return f, k.symbols.Import(f, reporter.NewHandler(nil))
	}
	h := k.handler(u)
	f, err := linker.Link(u.parsed, deps, k.symbols, h)
	if err != nil {
		return nil, err
	}
	index, err := options.InterpretOptions(f, h)
	if err != nil {
		return nil, err
	}
	if err := f.ValidateOptions(h, k.symbols); err != nil {
		return nil, err
	}
	u.parsed.FileDescriptorProto().SourceCodeInfo = sourceinfo.GenerateSourceInfo(u.tree, index)
	f.PopulateSourceCodeInfo()
	f.RemoveAST()
	u.tree, u.parsed = nil, nil
	return f, h.Error()
}
