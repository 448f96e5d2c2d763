package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/grpcroute/grpcroute/diag"
	corev1 "k8s.io/api/core/v1"
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
		for i := range s.shelvedServices() {
			if !yield(s.shelfOf.services[i].Ref) {
				return
			}
		}
	}
}

// Alone reports whether everything of a file is on the shelf, and its text is gone.
func (s *Set) Alone(x *Shelved) bool { return s.Files[x.file.order].gone != nil }

// HoldServices reads the Services on the shelf again and holds them, in Documents as
// well. The error says which file is not what it was.
func (s *Set) HoldServices() error {
	all := map[string]bool{}
	for i := range s.shelfOf.services {
		all[s.shelfOf.services[i].key()] = true
	}
	if err := s.holdServices(all); err != nil {
		return err
	}
	s.shelfOf = &shelf{loader: s.shelfOf.loader}
	return nil
}

// Count returns how many objects of kinds we know were read, on the shelf or not.
func (s *Set) Count() int { return len(s.Documents) + len(s.Shelf) + len(s.shelvedServices()) }

func (s *Set) shelvedServices() []Shelved {
	if s.shelfOf == nil {
		return nil
	}
	return s.shelfOf.services
}

// ServiceRefs lists the Services in input order, on the shelf or not. The list is
// not to be changed.
func (s *Set) ServiceRefs() []diag.Ref {
	if len(s.shelvedServices()) > 0 {
		return s.shelfOf.names()
	}
	return s.serviceRefs()
}

func (s *Set) serviceRefs() []diag.Ref {
	type placed struct {
		ref          diag.Ref
		file, offset int
	}
	all := make([]placed, 0, len(s.Services.All)+len(s.shelvedServices()))
	for _, o := range s.Services.All {
		file, offset := o.Doc.Order()
		all = append(all, placed{o.Doc.Ref, file, offset})
	}
	for _, x := range s.shelvedServices() {
		all = append(all, placed{x.Ref, x.file.order, x.start})
	}
	if len(s.shelvedServices()) > 0 {
		slices.SortStableFunc(all, func(a, b placed) int {
			return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset))
		})
	}
	out := make([]diag.Ref, len(all))
	for i := range all {
		out[i] = all[i].ref
	}
	return out
}

// With returns the set of what is held and of some of what is on the shelf, by
// ascending index, read again: these are the documents. Sets of several calls share
// what is held. Of Services on the shelf the set has those that somebody asks for, in
// Services, and in no list. The error says which file is not what it was.
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
	t.serveLate()
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

// Err says why something of the shelf could not be read when it was asked for, nil
// if nothing was: what was found in the set then holds.
func (s *Set) Err() error {
	if s.late == nil {
		return nil
	}
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	return s.late.err
}

// late are the Services that somebody asked a set for, from any goroutine.
type late struct {
	mu    sync.Mutex
	err   error
	files []*File
	found map[int]*Object[corev1.Service]
}

// serveLate makes the set read a Service of the shelf when it is asked for by name.
func (s *Set) serveLate() {
	x := s.shelfOf
	if len(x.serviceAt) == 0 {
		return
	}
	l := &late{files: slices.Clone(s.Files), found: map[int]*Object[corev1.Service]{}}
	s.late = l
	s.Services.load = func(namespace, name string) *Object[corev1.Service] {
		i, ok := x.serviceAt[namespace+"/"+name]
		if !ok {
			return nil
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		o, ok := l.found[i]
		if !ok {
			o = l.read(x, &x.services[i])
			l.found[i] = o
		}
		return o
	}
}

// read reads one Service.
func (l *late) read(x *shelf, one *Shelved) *Object[corev1.Service] {
	f, err := textIn(l.files, one.file)
	var read []entry
	if err == nil {
		read, err = x.read(f, []*Shelved{one})
	}
	for _, e := range read {
		if o, ok := e.value.(*corev1.Service); ok && e.doc.Ref == one.Ref {
			return &Object[corev1.Service]{Doc: e.doc, Value: o}
		}
	}
	l.err = cmp.Or(l.err, err, fmt.Errorf("read %s again: %s is not there", one.file.Name, one.Ref))
	return nil
}

// read reads what is on the shelf of some texts of a file: routes, or Services.
func (x *shelf) read(f *File, some []*Shelved) ([]entry, error) {
	r := x.loader.readers.Get().(*reader)
	defer x.loader.readers.Put(r)
	quiet := &loader{namespace: x.loader.namespace, check: func(*Document, bool) {}}
	d := documents{part: &part{file: f}, r: r, l: quiet}
	for i, one := range some {
		if i > 0 && one.SameText(some[i-1]) {
			continue
		}
		if err := d.again(one); err != nil {
			return nil, fmt.Errorf("read %s again: %w", f.Name, err)
		}
	}
	return slices.DeleteFunc(d.entries, func(e entry) bool {
		return e.value == nil || some[0].service && !e.kind.service || !some[0].service && !e.kind.route
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
