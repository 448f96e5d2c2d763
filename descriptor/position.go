package descriptor

import (
	"strings"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// nameField is the number of the field "name" in the descriptors of files,
// messages, fields, enums, values, oneofs, services and methods
// (google/protobuf/descriptor.proto).
const nameField = 1

// Position returns where the name of a descriptor stands. For a file of a
// descriptor set it is the set as a whole, for a well-known type the import name
// of its file: of both there is no source to point at.
func (s *Set) Position(d protoreflect.Descriptor) diag.Range {
	file := d.ParentFile()
	if file == nil {
		return diag.Range{}
	}
	u := s.sources[file.Path()]
	if u == nil {
		return diag.Range{File: file.Path()}
	}
	r := diag.Range{File: u.path}
	if u.data == "" || d == protoreflect.Descriptor(file) {
		return r
	}
	all := file.SourceLocations()
	at := all.ByDescriptor(d)
	if at.Path == nil {
		return r
	}
	if name := all.ByPath(append(at.Path[:len(at.Path):len(at.Path)], nameField)); name.Path != nil {
		at = name
	}
	r.Start, r.End = u.place(at.StartLine, at.StartColumn), u.place(at.EndLine, at.EndColumn)
	return r
}

// place turns a line and a column of the compiler, both from 0 and with tabs up to
// the next multiple of eight, into a position.
func (u *unit) place(line, column int) diag.Position {
	offset := 0
	for range line {
		next := strings.IndexByte(u.data[offset:], '\n')
		if next < 0 {
			break
		}
		offset += next + 1
	}
	start := offset
	for wide := 0; offset < len(u.data); offset++ {
		begins := utf8.RuneStart(u.data[offset])
		switch {
		case begins && wide >= column:
			return diag.Position{Line: line + 1, Column: offset - start + 1, Byte: offset}
		case u.data[offset] == '\t':
			wide += 8 - wide%8
		case begins:
			wide++
		}
	}
	return diag.Position{Line: line + 1, Column: offset - start + 1, Byte: offset}
}
