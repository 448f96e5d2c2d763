package mock

import (
	"bytes"
	"testing"

	"github.com/grpcroute/grpcroute/descriptor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// FuzzSample samples the messages of any set, well-known names with other fields
// included, and reads them back.
func FuzzSample(f *testing.F) {
	for _, source := range []string{
		`syntax = "proto3"; package google.protobuf; message Struct { string a = 1; map<string, int32> m = 2; } message Any { int32 a = 1; Struct b = 2; } message FieldMask { bytes b = 1; }`,
		`edition = "2023"; package a; message T { string s = 1; map<string, T> m = 2; oneof o { int32 i = 3; T t = 4; } E e = 5; repeated bytes bs = 6; } enum E { Z = 0; Y = 2; }`,
	} {
		set, err := load(f.TempDir(), source)
		if err != nil {
			f.Fatal(err)
		}
		fd, err := set.Files().FindFileByPath("a.proto")
		if err != nil {
			f.Fatal(err)
		}
		p := protodesc.ToFileDescriptorProto(fd)
		p.SourceCodeInfo = nil
		data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{p}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := descriptor.Load(descriptor.Options{Sets: []string{"-"}, Stdin: bytes.NewReader(data)})
		if err != nil {
			return
		}
		set.Files().RangeFiles(func(fd protoreflect.FileDescriptor) bool {
			for i := range fd.Messages().Len() {
				md := fd.Messages().Get(i)
				m := sample(md, "/a.B/C")
				echo(m, sample(md, "/a.B/D"))
				wire, err := binary.marshal(m, newTypes(set))
				if err != nil {
					t.Errorf("%s: %v", md.FullName(), err)
					continue
				}
				if err := binary.unmarshal(wire, m.New().Interface(), newTypes(set)); err != nil {
					t.Errorf("%s read back: %v", md.FullName(), err)
				}
			}
			return true
		})
	})
}
