package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
)

// Text returns Data, or where it was let go the same text, read again. It is nil
// where nothing of the file concerns us, and when the file is not what it was.
func (f *File) Text() []byte {
	text, _ := f.text()
	return text
}

func (f *File) text() ([]byte, error) {
	if f.gone == nil {
		return f.Data, nil
	}
	data, err := readInput(input{path: f.Name}, nil)
	if err == nil && sumOf(data) != *f.gone {
		err = fmt.Errorf("read %s again: it has changed in the meantime: run the command once more", f.Name)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Refs lists every object of a kind we know, on the shelf or not.
func (s *Set) Refs() iter.Seq[diag.Ref] {
	return func(yield func(diag.Ref) bool) {
		for _, d := range s.Documents {
			if !yield(d.Ref) {
				return
			}
		}
		for i := range s.Shelf {
			if !yield(s.Shelf[i].Ref) {
				return
			}
		}
		for i := range s.shelvedByName() {
			if !yield(s.shelfOf.named[i].Ref) {
				return
			}
		}
	}
}

// Alone reports whether everything of a file is on the shelf, and its text is gone.
func (s *Set) Alone(x *Shelved) bool { return s.Files[x.file.order].gone != nil }

// Count returns how many objects of kinds we know were read, on the shelf or not.
func (s *Set) Count() int { return len(s.Documents) + len(s.Shelf) + len(s.shelvedByName()) }

func (s *Set) shelvedByName() []Shelved {
	if s.shelfOf == nil {
		return nil
	}
	return s.shelfOf.named
}

// With returns the set of what is held and of some of what is on the shelf, by
// ascending index, read again: these are the documents. Sets of several calls share
// what is held. Of what is found by name the set has what somebody asks for, and in no
// list. The error says which file is not what it was.
func (s *Set) With(which []int) (*Set, []*Document, error) {
	s.HasNamespace("") // what all of it holds
	t := *s
	t.Shelf, t.Files = nil, slices.Clone(s.Files)
	var routes []entry
	for len(which) > 0 {
		var some []*Shelved
		for len(some) < len(which) && (some == nil || s.Shelf[which[len(some)]].SameFile(some[0])) {
			some = append(some, &s.Shelf[which[len(some)]])
		}
		f, err := textIn(t.Files, some[0].file)
		if err != nil {
			return nil, nil, err
		}
		read, err := s.shelfOf.read(f, some)
		if err != nil {
			return nil, nil, err
		}
		if len(read) != len(some) {
			return nil, nil, fmt.Errorf("read %s again: it holds %d of %d routes", f.Name, len(read), len(some))
		}
		routes = append(routes, read...)
		which = which[len(some):]
	}
	read := make([]*Document, len(routes))
	for i := range routes {
		read[i] = routes[i].doc
	}
	t.hold(routes)
	if len(s.shelfOf.named) > 0 {
		t.readLate()
	}
	return &t, read, nil
}

// hold adds objects to those that are held.
func (s *Set) hold(entries []entry) {
	others := s.Documents
	s.Documents, s.Replaced = nil, slices.Clone(s.Replaced)
	s.index(entries)
	s.Documents = inOrder(s.Documents, others)
	slices.SortStableFunc(s.Replaced, byOrder)
}

// inOrder merges two lists that are in input order.
func inOrder(a, b []*Document) []*Document {
	out := make([]*Document, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if byOrder(a[0], b[0]) <= 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

func byOrder(a, b *Document) int {
	file, at := a.Order()
	otherFile, otherAt := b.Order()
	return cmp.Or(cmp.Compare(file, otherFile), cmp.Compare(at, otherAt), slices.Compare(a.Items(), b.Items()))
}

// textIn returns a file with its text, read again if need be. The list, by order,
// then has it.
func textIn(files []*File, f *File) (*File, error) {
	if has := files[f.order]; has.gone == nil {
		return has, nil
	}
	text, err := f.text()
	if err != nil {
		return nil, err
	}
	with := f.With(text)
	with.order = f.order
	files[f.order] = with
	return with, nil
}

// read reads what is on the shelf of some texts of a file: routes, or what is found
// by name.
func (x *shelf) read(f *File, some []*Shelved) ([]entry, error) {
	r := x.loader.readers.Get().(*reader)
	defer x.loader.readers.Put(r)
	quiet := &loader{namespace: x.loader.namespace, check: func(*Document, bool) {}}
	d := documents{part: &part{file: f}, r: r, l: quiet}
	for i, one := range some {
		if one.kept != nil {
			d.entries = append(d.entries, *one.kept)
			continue
		}
		if i > 0 && one.SameText(some[i-1]) {
			continue
		}
		if err := d.again(one); err != nil {
			return nil, fmt.Errorf("read %s again: %w", f.Name, err)
		}
	}
	return slices.DeleteFunc(d.entries, func(e entry) bool {
		return e.value == nil || some[0].kind.route != e.kind.route || !e.kind.route && !e.kind.named
	}), nil
}

// again reads what is on the shelf of one source.
func (d *documents) again(s *Shelved) error {
	src := &source{file: d.file, chunk: s.chunk}
	if s.end > len(d.file.Data) {
		return errors.New("it has changed in the meantime")
	}
	if !s.item {
		d.one(src)
		return nil
	}
	if v, ok := d.value(src); ok {
		d.item(src, v, s.Ref.APIVersion, s.Ref.Kind)
	}
	return nil
}
