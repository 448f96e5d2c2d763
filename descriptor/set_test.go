package descriptor_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/descriptor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

// setOf returns files of a Set as protoc writes them, well-known ones included on
// request.
func setOf(t testing.TB, s *descriptor.Set, edit func(*descriptorpb.FileDescriptorProto), files ...string) []byte {
	t.Helper()
	out := &descriptorpb.FileDescriptorSet{}
	for _, name := range files {
		fd, err := s.Files().FindFileByPath(name)
		if err != nil {
			t.Fatal(err)
		}
		p := protodesc.ToFileDescriptorProto(fd)
		if edit != nil {
			edit(p)
		}
		out.File = append(out.File, p)
	}
	data, err := proto.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func save(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

var userFiles = []string{"google/protobuf/timestamp.proto", "user/v1/user.proto", "user/v1/page.proto"}

func TestSets(t *testing.T) {
	write(t, users)
	s := load(t, descriptor.Options{Protos: []string{"api", "other"}})
	save(t, "users.binpb", setOf(t, s, nil, userFiles...))
	save(t, "greet.binpb", setOf(t, s, nil, "greet.proto"))
	save(t, "alone.binpb", setOf(t, s, nil, "user/v1/user.proto"))
	save(t, "page.binpb", setOf(t, s, nil, "user/v1/page.proto"))
	bare := setOf(t, s, func(f *descriptorpb.FileDescriptorProto) { f.SourceCodeInfo = nil }, userFiles[1:]...)
	save(t, "bare.binpb", bare)
	save(t, "page2.binpb", setOf(t, s, func(f *descriptorpb.FileDescriptorProto) { f.MessageType[0].Field[0].Name = proto.String("rows") }, "user/v1/page.proto"))
	both := []string{"greet.Greeter/Hello", "user.v1.Users/Get", "user.v1.Users/List"}
	tests := []struct {
		name string
		o    descriptor.Options
		want []string
	}{
		{"two sets", descriptor.Options{Sets: []string{"users.binpb", "greet.binpb"}}, both},
		{"the same files without comments", descriptor.Options{Sets: []string{"users.binpb", "bare.binpb", "users.binpb"}}, both[1:]},
		{"imports from another set", descriptor.Options{Sets: []string{"alone.binpb", "page.binpb"}}, both[1:]},
		{"imports from sources", descriptor.Options{Sets: []string{"alone.binpb"}, Protos: []string{"api/user/v1/page.proto"}}, both[1:]},
		{"sources import from a set", descriptor.Options{Sets: []string{"page.binpb"}, Protos: []string{"other", "api/user/v1/user.proto"}}, both},
		{"a file without services differs", descriptor.Options{Sets: []string{"users.binpb", "page2.binpb"}}, both[1:]},
		{"sources win", descriptor.Options{Sets: []string{"users.binpb"}, Protos: []string{"api"}}, both[1:]},
		{"standard input", descriptor.Options{Sets: []string{"-"}, Stdin: bytes.NewReader(bare)}, both[1:]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := load(t, tt.o)
			if diff := cmp.Diff(tt.want, names(s)); diff != "" {
				t.Errorf("methods (-want +got)\n%s", diff)
			}
		})
	}
}

// TestSetPosition: of a set there is no source, except where sources win.
func TestSetPosition(t *testing.T) {
	write(t, users)
	all := load(t, descriptor.Options{Protos: []string{"api"}})
	save(t, "users.binpb", setOf(t, all, nil, userFiles...))
	s := load(t, descriptor.Options{Sets: []string{"users.binpb"}})
	if got := s.Position(s.Method("user.v1.Users", "Get")).String(); got != "users.binpb" {
		t.Errorf("Position = %s", got)
	}
	s = load(t, descriptor.Options{Sets: []string{"users.binpb"}, Protos: []string{"api"}})
	if got := s.Position(s.Method("user.v1.Users", "Get")).String(); got != "api/user/v1/user.proto:9:7" {
		t.Errorf("Position = %s", got)
	}
}

func TestMistakesInSets(t *testing.T) {
	write(t, users)
	s := load(t, descriptor.Options{Protos: []string{"api", "other"}})
	greet := setOf(t, s, nil, "greet.proto")
	save(t, "greet.binpb", greet)
	edits := map[string]func(*descriptorpb.FileDescriptorProto){
		"unnamed": func(f *descriptorpb.FileDescriptorProto) { f.Name = nil },
		"renamed": func(f *descriptorpb.FileDescriptorProto) { f.Service[0].Method[0].Name = proto.String("Bye") },
		"moved":   func(f *descriptorpb.FileDescriptorProto) { f.Name = proto.String("hello.proto") },
		"dangling": func(f *descriptorpb.FileDescriptorProto) {
			f.Service[0].Method[0].InputType = proto.String(".greet.Gone")
		},
		"circle": func(f *descriptorpb.FileDescriptorProto) { f.Dependency = []string{"greet.proto"} },
	}
	for name, edit := range edits {
		save(t, name+".binpb", setOf(t, s, edit, "greet.proto"))
	}
	const how = "; write one with `protoc --include_imports --descriptor_set_out=api.binpb …` or `buf build -o api.binpb`"
	for name, data := range map[string]string{
		"empty": "", "gzip": "\x1f\x8b\x08\x00", "json": "\n{\"file\": []}", "text": "file {\n  name: \"a\"\n}\n", "source": "syntax = \"proto3\";\n",
		"noise": "\x0a\xff\xff", "nothing": "\x12\x00", "alone": string(setOf(t, s, nil, "user/v1/user.proto")),
	} {
		save(t, name+".binpb", []byte(data))
	}
	tests := []struct {
		sets []string
		want string
	}{
		{[]string{"empty.binpb"}, "empty.binpb: this is an empty input: expected a binary FileDescriptorSet" + how},
		{[]string{"gzip.binpb"}, "gzip.binpb: this is compressed with gzip: expected a binary FileDescriptorSet; decompress it: `gzip -dc FILE | … --descriptor-set -`"},
		{[]string{"json.binpb"}, "json.binpb: this is JSON: expected a binary FileDescriptorSet" + how},
		{[]string{"text.binpb"}, "text.binpb: this is the text form: expected a binary FileDescriptorSet" + how},
		{[]string{"source.binpb"}, "source.binpb: this is Protocol Buffers source: expected a binary FileDescriptorSet; give .proto files and their folders with --proto"},
		{[]string{"noise.binpb"}, "noise.binpb: this is no FileDescriptorSet in binary form" + how},
		{[]string{"nothing.binpb"}, "nothing.binpb: the descriptor set holds no files" + how},
		{[]string{"unnamed.binpb"}, "unnamed.binpb: file 0 of the descriptor set has no name" + how},
		{[]string{"alone.binpb"}, "alone.binpb: cannot find import \"user/v1/page.proto\"; write the set with its imports (protoc --include_imports, or buf build), or give the folder that holds it with --proto"},
		{[]string{"greet.binpb", "renamed.binpb"}, "renamed.binpb: file \"greet.proto\" differs from the one of that name in greet.binpb; give only one of the two sets"},
		{[]string{"greet.binpb", "moved.binpb"}, "moved.binpb: symbol \"greet.In\" already defined in greet.binpb, greet.proto:3:8"},
		{[]string{"dangling.binpb"}, "dangling.binpb: service method \"greet.Greeter.Hello\" cannot resolve input: \"greet.Gone\" not found"},
		{[]string{"circle.binpb"}, "circle.binpb: imports go in a circle: greet.proto → greet.proto; move what both need to a third file"},
		{[]string{"empty.binpb", "json.binpb"}, "empty.binpb: this is an empty input: expected a binary FileDescriptorSet" + how + "\njson.binpb: this is JSON: expected a binary FileDescriptorSet" + how},
	}
	for _, tt := range tests {
		t.Run(tt.sets[len(tt.sets)-1], func(t *testing.T) {
			_, err := descriptor.Load(descriptor.Options{Sets: tt.sets})
			var found *descriptor.Error
			if !errors.As(err, &found) {
				t.Fatalf("Load = %v, want an *Error", err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// FuzzSets: whatever a set holds, it is linked or reported.
func FuzzSets(f *testing.F) {
	dir := f.TempDir()
	for name, source := range map[string]string{
		"a.proto": "syntax = \"proto3\"; package a; import \"b.proto\"; service S { rpc M(b.T) returns (stream b.T); } enum E { Z = 0; }",
		"b.proto": "edition = \"2023\"; package b; message T { string s = 1; map<string, T> m = 2; oneof o { int32 i = 3; T t = 4; } extensions 100 to 200; } extend T { int32 x = 100; }",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o644); err != nil {
			f.Fatal(err)
		}
	}
	s, err := descriptor.Load(descriptor.Options{Protos: []string{dir}})
	if err != nil {
		f.Fatal(err)
	}
	for _, files := range [][]string{{"a.proto", "b.proto"}, {"b.proto"}} {
		f.Add(setOf(f, s, func(p *descriptorpb.FileDescriptorProto) { p.SourceCodeInfo = nil }, files...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := descriptor.Load(descriptor.Options{Sets: []string{"-"}, Stdin: bytes.NewReader(data)})
		if (s == nil) == (err == nil) {
			t.Fatalf("Load = %v, %v", s, err)
		}
		if s == nil {
			return
		}
		for _, sd := range s.Services() {
			s.Position(sd)
			if s.Service(string(sd.FullName())) != sd {
				t.Errorf("%s is not found by its name", sd.FullName())
			}
		}
	})
}
