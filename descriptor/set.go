package descriptor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// sets reads the descriptor sets.
func (l *loader) sets(o Options) error {
	var failed []error
	stdin := false
	for _, p := range o.Sets {
		var data []byte
		var err error
		switch {
		case p != "-":
			data, err = readSet(p)
		case stdin:
			continue
		case o.Stdin == nil:
			err = errors.New("there is no standard input")
		default:
			stdin = true
			data, err = readAll(o.Stdin, "standard input")
			p = "<stdin>"
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("read descriptor set: %w", err))
			continue
		}
		l.set(p, data)
	}
	return errors.Join(failed...)
}

func readSet(p string) ([]byte, error) {
	if info, err := os.Stat(p); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: give folders of .proto files with --proto", p)
	}
	return readFile(p)
}

// set keeps the files of one descriptor set.
func (l *loader) set(p string, data []byte) {
	set := &descriptorpb.FileDescriptorSet{}
	at := diag.Range{File: p}
	if what, hint := otherForm(data); what != "" {
		l.fault(at, "this is "+what+": expected a binary FileDescriptorSet", hint)
		return
	}
	if err := proto.Unmarshal(data, set); err != nil {
		l.fault(at, "this is no FileDescriptorSet in binary form", writeSet)
		return
	}
	if len(set.File) == 0 {
		l.fault(at, "the descriptor set holds no files", writeSet)
		return
	}
	for i, f := range set.File {
		if f.GetName() == "" {
			l.fault(at, fmt.Sprintf("file %d of the descriptor set has no name", i), writeSet)
			return
		}
		l.hold(p, f)
	}
}

// hold keeps a file of a set.
func (l *loader) hold(p string, f *descriptorpb.FileDescriptorProto) {
	name := f.GetName()
	if builtIn(name) != nil {
		return
	}
	other := l.held[name]
	if other == nil {
		l.held[name] = &unit{name: name, path: p, proto: f}
		l.heldList = append(l.heldList, name)
		return
	}
	if len(f.Service)+len(other.proto.Service) > 0 && !sameFile(f, other.proto) {
		l.fault(diag.Range{File: p}, fmt.Sprintf("file %q differs from the one of that name in %s", name, other.path), "give only one of the two sets")
	}
}

// sameFile compares two files without comments and places.
func sameFile(a, b *descriptorpb.FileDescriptorProto) bool {
	return proto.Equal(bare(a), bare(b))
}

func bare(f *descriptorpb.FileDescriptorProto) *descriptorpb.FileDescriptorProto {
	out := &descriptorpb.FileDescriptorProto{}
	proto.Merge(out, f)
	out.SourceCodeInfo = nil
	out.ProtoReflect().SetUnknown(nil) // buf's own notes about a file
	return out
}

const writeSet = "write one with `protoc --include_imports --descriptor_set_out=api.binpb …` or `buf build -o api.binpb`"

// otherForm recognises what users give in place of a binary set.
func otherForm(data []byte) (what, hint string) {
	text := bytes.TrimLeft(data, " \t\r\n\ufeff")
	switch {
	case len(data) == 0:
		return "an empty input", writeSet
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return "compressed with gzip", "decompress it: `gzip -dc FILE | … --descriptor-set -`"
	case bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return "compressed with zstd", "decompress it: `zstd -dc FILE | … --descriptor-set -`"
	case bytes.HasPrefix(text, []byte("{")) && utf8.Valid(data):
		return "JSON", writeSet
	case bytes.HasPrefix(text, []byte("file")) || bytes.HasPrefix(text, []byte("# proto-file")):
		return "the text form", writeSet
	case bytes.HasPrefix(text, []byte("syntax")) || bytes.HasPrefix(text, []byte("edition")) || bytes.HasPrefix(text, []byte("//")) || bytes.HasPrefix(text, []byte("package")):
		return "Protocol Buffers source", "give .proto files and their folders with --proto"
	}
	return "", ""
}
