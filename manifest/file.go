package manifest

import (
	"bytes"
	"sort"
	"sync"

	"github.com/grpcroute/grpcroute/diag"
)

// File is one source that was read. Name is the path as the user gave it,
// cleaned, or "<stdin>". Data is nil for a file in which nothing concerns us, so
// that a large repository does not stay in memory.
type File struct {
	Name string
	Data []byte
	// Resource: it was read for what others refer to, see Options.Resources.
	Resource bool

	found bool // in a folder, rather than named by the user
	order int  // among the files of its set
	gone  *sum // of Data, when it was let go: see [File.Text]
	once  sync.Once
	lines []int32 // offset of each line after the first; filled when first asked
}

// With returns a file of the same name with other text, for [Read].
func (f *File) With(data []byte) *File {
	return &File{Name: f.Name, Data: data, Resource: f.Resource, found: f.found}
}

// Position returns the line and column of an offset in the file. Lines end with
// a line feed, as editors count them.
func (f *File) Position(offset int) diag.Position {
	offset = min(max(offset, 0), len(f.Data))
	lines := f.index()
	n := sort.Search(len(lines), func(i int) bool { return int(lines[i]) > offset })
	start := 0
	if n > 0 {
		start = int(lines[n-1])
	}
	return diag.Position{Line: n + 1, Column: offset - start + 1, Byte: offset}
}

// Line returns the text of a line, counted from 1, without its line break, or
// "" when the file has no such line.
func (f *File) Line(n int) string {
	lines := f.index()
	if n < 1 || n > len(lines)+1 {
		return ""
	}
	start, end := 0, len(f.Data)
	if n > 1 {
		start = int(lines[n-2])
	}
	if n <= len(lines) {
		end = int(lines[n-1])
	}
	return string(bytes.TrimRight(f.Data[start:end], "\r\n"))
}

// index returns the offsets of the lines. It is built when a position is first
// asked for: a clean file never pays for it.
func (f *File) index() []int32 {
	f.once.Do(func() {
		f.lines = make([]int32, 0, bytes.Count(f.Data, []byte{'\n'}))
		for i := 0; ; {
			j := bytes.IndexByte(f.Data[i:], '\n')
			if j < 0 {
				return
			}
			i += j + 1
			f.lines = append(f.lines, int32(i))
		}
	})
	return f.lines
}

// span returns the range between two offsets.
func (f *File) span(start, end int) diag.Range {
	return diag.Range{File: f.Name, Start: f.Position(start), End: f.Position(max(start, end))}
}

// Order returns where the document stands in the input: the number of its file, and
// the offset in it of the YAML document or JSON value that it is in. Both are 0 for
// a document that was not read by this package.
func (d *Document) Order() (file, offset int) {
	if d.src == nil {
		return 0, 0
	}
	return d.src.file.order, d.src.start
}

// Source returns the text of the YAML document or JSON value that the object stands
// in; nil for a document that was not read by this package.
func (d *Document) Source() []byte {
	if d.src == nil {
		return nil
	}
	return d.src.file.Data[d.src.start:d.src.end]
}

// Items are the places of the document in the Lists that it is an item of, from
// the outermost; nil for one that is in none.
func (d *Document) Items() []int {
	var out []int
	for _, step := range d.base {
		if i, ok := step.(int); ok {
			out = append(out, i)
		}
	}
	return out
}
