package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A route that is read, typed and resolved takes ten times the memory of its text,
// and there may be a hundred thousand of them. With [Options.Shelve] those of a
// large input are let go once each was read and checked, their text too, and what
// is looked at together is read again with [Set.With].

// ShelveBytes is the size from which an input is large: about four thousand routes
// of three rules.
const ShelveBytes = 4 << 20

// Shelved is a GRPCRoute or an HTTPRoute that was read and is not held.
type Shelved struct {
	Ref diag.Ref
	Tag int // what Options.Shelve returned for it
	chunk
	file *File
	item bool // of a large List: a source of its own, see [documents.item]
}

// SameText reports whether two stand in one document, as the items of a List. They
// have to be read again together.
func (s *Shelved) SameText(other *Shelved) bool {
	return s.file == other.file && s.start == other.start
}

// SameFile reports whether two stand in one file.
func (s *Shelved) SameFile(other *Shelved) bool { return s.file == other.file }

// Alone reports whether all of the file is on the shelf, and nothing of it is held.
func (s *Shelved) Alone() bool { return s.file.gone != nil }

// shelf is what reading again needs.
type shelf struct {
	loader     *loader
	namespaces map[string]bool // of what is on the shelf
}

// sum tells whether a file is what it was.
type sum struct {
	size int
	hash uint64
}

var sumSeed = maphash.MakeSeed()

func sumOf(data []byte) sum { return sum{len(data), maphash.Bytes(sumSeed, data)} }

// sized returns how to read inputs. When they are large it makes the loader shelve
// their routes; the size of standard input is known once it is read.
func (l *loader) sized(inputs []input, o *Options) func(input) ([]byte, error) {
	read := func(in input) ([]byte, error) { return readInput(in, o.Stdin) }
	if o.Shelve == nil {
		return read
	}
	var size int64
	for _, in := range inputs {
		if in.path == stdinPath {
			data, err := readInput(in, o.Stdin)
			size += int64(len(data))
			files := read
			read = func(in input) ([]byte, error) {
				if in.path == stdinPath {
					return data, err
				}
				return files(in)
			}
		} else if info, err := os.Stat(in.path); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
	}
	if size >= cmp.Or(o.ShelveFrom, ShelveBytes) {
		l.shelve = o.Shelve
	}
	return read
}

// shelve puts a route on the shelf, when the input is large.
func (d *documents) shelve(doc *Document, k *kind, typed any) bool {
	route, ok := typed.(metav1.Object)
	if d.l.shelve == nil || !ok || !k.route {
		return false
	}
	ref := doc.Ref
	ref.APIVersion, ref.Kind, ref.Namespace = d.r.wordOf([]byte(ref.APIVersion)), d.r.wordOf([]byte(ref.Kind)), d.r.wordOf([]byte(ref.Namespace))
	ref.Name = strings.Clone(ref.Name)
	d.shelf = append(d.shelf, Shelved{
		Ref: ref, Tag: d.l.shelve(doc, route), chunk: doc.src.chunk, file: doc.File, item: doc.base != nil && len(doc.base) == 0,
	})
	return true
}

// shelve adds what a file has on the shelf.
func (s *Set) shelve(p *part) {
	s.Shelf = append(s.Shelf, p.shelf...)
	for i := range p.shelf {
		s.shelfOf.namespaces[p.shelf[i].Ref.Namespace] = true
	}
}

// maxReread is the size of a file up to which its text is read again as often as
// some of it is needed.
const maxReread = 8 << 20

// release lets the text of a file go of which everything is on the shelf.
func (l *loader) release(p *part) {
	if len(p.shelf) == 0 || len(p.file.Data) > maxReread || len(p.entries)+len(p.helm)+len(p.others)+len(p.unknown)+len(p.problems) > 0 || p.file.Name == stdinName || l.keep != nil && l.keep(p.file) {
		return
	}
	if info, err := os.Stat(p.file.Name); err != nil || !info.Mode().IsRegular() {
		return // a pipe is read once
	}
	gone := sumOf(p.file.Data)
	p.file.gone, p.file.Data = &gone, nil
}

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
	}
}

// With returns the set of what is held and of some of what is on the shelf, by
// ascending index, read again: these are the documents. Sets of several calls share
// what is held. The error says which file is not what it was.
func (s *Set) With(which []int) (*Set, []*Document, error) {
	t := *s
	t.Shelf, t.Files = nil, slices.Clone(s.Files)
	var routes []entry
	for len(which) > 0 {
		first := &s.Shelf[which[0]]
		n := 1
		for n < len(which) && s.Shelf[which[n]].file == first.file {
			n++
		}
		read, err := s.again(which[:n])
		if err != nil {
			return nil, nil, err
		}
		routes = append(routes, read.entries...)
		t.Files[first.file.order] = read.file
		which = which[n:]
	}
	t.Documents, t.Replaced = nil, slices.Clone(s.Replaced)
	t.index(routes)
	read := t.Documents
	t.Documents = slices.Concat(read, s.Documents)
	slices.SortStableFunc(t.Replaced, byOrder)
	slices.SortStableFunc(t.Documents, byOrder)
	return &t, read, nil
}

func byOrder(a, b *Document) int {
	file, at := a.Order()
	otherFile, otherAt := b.Order()
	return cmp.Or(cmp.Compare(file, otherFile), cmp.Compare(at, otherAt))
}

// again reads some routes of one file.
func (s *Set) again(which []int) (*part, error) {
	old := s.Shelf[which[0]].file
	f := old
	if old.gone != nil {
		text, err := old.text()
		if err != nil {
			return nil, err
		}
		f = old.With(text)
		f.order = old.order
	}
	l := s.shelfOf.loader
	r := l.readers.Get().(*reader)
	defer l.readers.Put(r)
	quiet := &loader{namespace: l.namespace, check: func(*Document, bool) {}}
	d := documents{part: &part{file: f}, r: r, l: quiet}
	for i, n := range which {
		if i > 0 && s.Shelf[n].SameText(&s.Shelf[which[i-1]]) {
			continue
		}
		if err := d.again(&s.Shelf[n]); err != nil {
			return nil, fmt.Errorf("read %s again: %w", f.Name, err)
		}
	}
	d.entries = slices.DeleteFunc(d.entries, func(e entry) bool { return !e.kind.route || e.value == nil })
	if len(d.entries) != len(which) {
		return nil, fmt.Errorf("read %s again: it holds %d of %d routes", f.Name, len(d.entries), len(which))
	}
	return d.part, nil
}

// again reads what is on the shelf of one source.
func (d *documents) again(s *Shelved) error {
	src := &source{file: d.file, chunk: s.chunk}
	text := d.file.Data
	if s.end > len(text) {
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
