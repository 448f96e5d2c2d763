package manifest

import (
	"cmp"
	"hash/maphash"
	"os"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A route that is read, typed and resolved takes ten times the memory of its text,
// and there may be a hundred thousand of them. With [Options.Shelve] those of a
// large input are let go once each was read and checked, their text too, and what
// is looked at together is read again with [Set.With]. So are Services and what else
// is found by name: they are read again when somebody asks for one.

// ShelveBytes is the size from which an input is large: about four thousand routes
// of three rules.
const ShelveBytes = 4 << 20

// Shelved is a GRPCRoute or an HTTPRoute that was read and is not held.
type Shelved struct {
	Ref diag.Ref
	Tag int // what Options.Shelve returned for it
	chunk
	file *File
	kind *kind
	item bool // of a large List: a source of its own, see [documents.item]
	// kept is the object, of the first few: reading them again would save little.
	kept *entry
}

// keptRoutes is how many routes on the shelf are kept all the same: ten megabytes.
const keptRoutes = 4096

// SameText reports whether two stand in one document, as the items of a List. They
// have to be read again together.
func (s *Shelved) SameText(other *Shelved) bool {
	return s.file == other.file && s.start == other.start
}

// SameFile reports whether two stand in one file.
func (s *Shelved) SameFile(other *Shelved) bool { return s.file == other.file }

// shelf is what sets that share one need to read again.
type shelf struct {
	loader   *loader
	named    []Shelved      // what others ask for by name, in input order; on no Set.Shelf
	at       map[string]int // index in named, by nameKey
	services func() []diag.Ref
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
		l.toKeep.Store(int64(cmp.Or(o.ShelveBehind, keptRoutes)))
	}
	return read
}

// shelve puts an object on the shelf, when the input is large.
func (d *documents) shelve(doc *Document, k *kind, typed any) bool {
	object, ok := typed.(metav1.Object)
	if d.l.shelve == nil || !ok || !k.route && (!k.named || doc.Ref.Name == "") {
		return false
	}
	tag, ok := d.l.shelve(doc, object)
	if !ok {
		return false
	}
	ref := doc.Ref
	ref.APIVersion, ref.Kind, ref.Namespace = d.r.wordOf([]byte(ref.APIVersion)), d.r.wordOf([]byte(ref.Kind)), d.r.wordOf([]byte(ref.Namespace))
	ref.Name = strings.Clone(ref.Name)
	one := Shelved{
		Ref: ref, Tag: tag, chunk: doc.src.chunk, file: doc.File, kind: k, item: doc.base != nil && len(doc.base) == 0,
	}
	if k.route && doc.base == nil && d.l.toKeep.Add(-1) >= 0 {
		one.kept = &entry{doc, k, typed}
	}
	d.shelf = append(d.shelf, one)
	return true
}

// shelve adds what a file has on the shelf.
func (s *Set) shelve(p *part) {
	if s.Shelf == nil && !slices.ContainsFunc(p.shelf, func(x Shelved) bool { return !x.kind.route }) {
		s.Shelf, p.shelf = p.shelf, nil // of a single large file, perhaps
		return
	}
	for i := range p.shelf {
		x := &p.shelf[i]
		if x.kind.route {
			s.Shelf = append(s.Shelf, *x)
		} else {
			s.shelfOf.named = append(s.shelfOf.named, *x)
		}
	}
	p.shelf = nil
}

// maxReread is the size of a file up to which its text is read again as often as
// some of it is needed.
const maxReread = 8 << 20

// release lets the text of a file go of which everything is on the shelf.
func (l *loader) release(p *part) {
	kept := slices.ContainsFunc(p.shelf, func(one Shelved) bool { return one.kept != nil })
	if len(p.shelf) == 0 || kept || len(p.file.Data) > maxReread || len(p.entries)+len(p.helm)+len(p.others)+len(p.unknown)+len(p.problems) > 0 || p.file.Name == stdinName || l.keep != nil && l.keep(p.file) {
		return
	}
	if info, err := os.Stat(p.file.Name); err != nil || !info.Mode().IsRegular() {
		return // a pipe is read once
	}
	gone := sumOf(p.file.Data)
	p.file.gone, p.file.Data = &gone, nil
}
