package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/grpcroute/grpcroute/diag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Options steer [Load]. The zero value is what the command line defaults to.
type Options struct {
	Stdin        io.Reader // read for the path "-"
	NonRecursive bool      // folders: take only the files directly inside
	Namespace    string    // for objects that name none; "" means "default"
	// Exclude, when set, says which files and folders inside folders are left out.
	// What is named is read all the same.
	Exclude func(path string) bool
	// Resources are further paths with objects that others refer to. Their files,
	// unless they are among the paths, too, have File.Resource.
	Resources []string
	// Check, when set, is called with each object of a kind we know when it was
	// read, from several goroutines. A value that is lent is dropped afterwards, see
	// [Document.Object], and may be changed.
	Check func(d *Document, lent bool)
	// Shelve, when set, puts the GRPCRoutes and HTTPRoutes of a large input on
	// Set.Shelf, after Check, and lets go of Services, Secrets, ConfigMaps and
	// Deployments. It is called with each of them, from several goroutines; the tag is
	// Shelved.Tag, and what is not ok is held.
	Shelve func(d *Document, object metav1.Object) (tag int, ok bool)
	// ShelveFrom is the size in bytes from which an input is large; 0 means
	// [ShelveBytes].
	ShelveFrom int64
	// ShelveBehind is how many routes are kept, to be put on the shelf as they are; 0
	// means 4096, and less than 0 none.
	ShelveBehind int
	// Keep says which files stay in memory even if all that is in them is on the
	// shelf; nil means none.
	Keep func(*File) bool
	// Unread keeps the objects of kinds that we do not know in Set.Unread.
	Unread bool
	// Progress, when set, is called after each file with the number of files
	// done and the number known so far. Calls do not overlap.
	Progress func(done, total int)
}

// Load reads files, folders and "-" into a Set. What a file says wrongly becomes
// a finding in Set.Problems, and everything else in it is still read. The error
// joins what could not be read at all (a missing path, no permission); the Set
// is usable beside it.
func Load(paths []string, o Options) (*Set, error) {
	inputs, errs := findInputs(paths, o)
	l := newLoader(o)
	read := l.sized(inputs, &o)
	parts := make([]*part, len(inputs))
	var mu sync.Mutex
	done := 0
	l.each(len(inputs), func(i int) {
		parts[i] = l.input(inputs[i], read)
		if o.Progress != nil {
			mu.Lock()
			defer mu.Unlock()
			done++
			o.Progress(done, len(inputs))
		}
	})
	for _, p := range parts {
		if p.err != nil {
			errs = append(errs, p.err)
		}
	}
	set := l.assemble(parts)
	return set, errors.Join(append(errs, set.arrange())...)
}

// Read is [Load] for files that are in memory already, as the revisions of a
// repository are. Each counts as named by the user, except those that [Load] found
// in a folder.
func Read(files []*File, o Options) *Set {
	l := newLoader(o)
	parts := make([]*part, len(files))
	l.each(len(files), func(i int) { parts[i] = l.file(files[i], !files[i].found) })
	return l.assemble(parts)
}

// loader reads files with a bounded number of goroutines: slots holds one token
// for each beside the caller's.
type loader struct {
	namespace string
	check     func(*Document, bool)
	unread    bool
	slots     chan struct{}
	readers   sync.Pool
	dense     sync.Mutex                                 // held while a large document is parsed
	shelve    func(*Document, metav1.Object) (int, bool) // nil: everything is held
	keep      func(*File) bool
	toKeep    atomic.Int64 // see Options.ShelveBehind
}

func newLoader(o Options) *loader {
	l := &loader{
		namespace: o.Namespace, check: o.Check, unread: o.Unread, keep: o.Keep,
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)-1),
	}
	if l.namespace == "" {
		l.namespace = "default"
	}
	l.readers.New = func() any { return new(reader) }
	return l
}

// each calls f for 0 to n-1, on as many goroutines as are free. It may be called
// inside f.
func (l *loader) each(n int, f func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
	}
	var wg sync.WaitGroup
	for range n - 1 {
		select {
		case l.slots <- struct{}{}:
			wg.Go(func() {
				defer func() { <-l.slots }()
				work()
			})
			continue
		default:
		}
		break
	}
	work()
	wg.Wait()
}

func (l *loader) input(in input, read func(input) ([]byte, error)) *part {
	data, err := read(in)
	f := &File{Name: in.name, Data: data, Resource: in.resource, found: !in.named}
	if errors.Is(err, errTooLarge) {
		return tooLarge(f)
	}
	if err != nil {
		return &part{err: err}
	}
	return l.file(f, in.named)
}

// file reads the documents of one file.
func (l *loader) file(f *File, named bool) *part {
	if len(f.Data) > MaxFileBytes {
		f.Data = nil
		return tooLarge(f)
	}
	whole := &part{file: f}
	if d, ok := notText(f); ok {
		whole.problems = diag.List{d}
		return whole
	}
	s := newSplitter(f.Data)
	for more := true; more; {
		var batches [][]chunk
		batches, more = s.batches(runtime.GOMAXPROCS(0))
		parts := make([]*part, len(batches))
		l.each(len(batches), func(i int) {
			r := l.readers.Get().(*reader)
			defer l.readers.Put(r)
			parts[i] = l.batch(r, f, batches[i], named)
		})
		for _, p := range parts {
			whole.append(p)
		}
	}
	for _, b := range s.bad {
		whole.report(badSeparatorProblem(f, b))
	}
	whole.finish()
	l.release(whole)
	return whole
}

// batches cuts up to n batches of documents off the file, each large enough to
// be worth a goroutine, and says whether there may be more.
func (s *splitter) batches(n int) (batches [][]chunk, more bool) {
	for range n {
		var batch []chunk
		for size := 0; size < batchBytes; {
			c, ok := s.next()
			if !ok {
				if batch != nil {
					batches = append(batches, batch)
				}
				return batches, false
			}
			batch = append(batch, c)
			size += c.end - c.start
		}
		batches = append(batches, batch)
	}
	return batches, true
}

func tooLarge(f *File) *part {
	return &part{file: f, problems: diag.List{{
		Rule: ruleTooLarge, Severity: diag.Error, Source: diag.Strict,
		Message: fmt.Sprintf("the file is larger than the %d MiB that are read", MaxFileBytes>>20),
		Hint:    "split it, or name only the files that hold routes and what they refer to",
		Range:   diag.Range{File: f.Name},
	}}}
}

// notText reports a file that is no text at all, once for the whole of it.
func notText(f *File) (diag.Diagnostic, bool) {
	d := diag.Diagnostic{Rule: ruleNotUTF8, Severity: diag.Error, Source: diag.Strict}
	switch {
	case bytes.HasPrefix(f.Data, []byte("\xff\xfe")), bytes.HasPrefix(f.Data, []byte("\xfe\xff")):
		d.Message, d.Hint, d.Range = "the file is UTF-16, and Kubernetes reads UTF-8", "save it as UTF-8", f.span(0, 0)
	case bytes.IndexByte(f.Data, 0) >= 0:
		at := bytes.IndexByte(f.Data, 0)
		d.Message, d.Range = "the file holds a zero byte, so it is not text", f.span(at, at+1)
	default:
		return d, false
	}
	return d, true
}

func badSeparatorProblem(f *File, b badSeparator) diag.Diagnostic {
	return diag.Diagnostic{
		Rule: ruleSyntax, Severity: diag.Error, Source: diag.Strict,
		Message: "a document must not start on the line of its \"---\" separator",
		Hint:    "put it on the next line",
		// The words of apimachinery's YAMLReader.
		Admission: fmt.Sprintf("invalid Yaml document separator: %s", f.Data[b.start:b.end]),
		Range:     f.span(b.start, b.end),
	}
}
