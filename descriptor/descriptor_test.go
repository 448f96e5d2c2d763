package descriptor_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/rogpeppe/go-internal/txtar"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const users = `-- api/user/v1/user.proto --
syntax = "proto3";
package user.v1;

import "google/protobuf/timestamp.proto";
import "user/v1/page.proto";

// Users.
service Users {
  rpc Get(GetRequest) returns (User);
	/* é */ rpc List(GetRequest) returns (stream User);
}
message GetRequest { string id = 1; Page page = 2; }
message User { string id = 1; google.protobuf.Timestamp created = 2; }
-- api/user/v1/page.proto --
syntax = "proto3";
package user.v1;
message Page { int32 size = 1; }
-- other/greet.proto --
edition = "2023";
package greet;
service Greeter { rpc Hello(In) returns (In); }
message In { string text = 1; }
`

// write unpacks an archive into a folder, which becomes the current one.
func write(t *testing.T, archive string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, f := range txtar.Parse([]byte(archive)).Files {
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func load(t *testing.T, o descriptor.Options) *descriptor.Set {
	t.Helper()
	s, err := descriptor.Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func names(s *descriptor.Set) []string {
	var out []string
	for _, sd := range s.Services() {
		for i := range sd.Methods().Len() {
			out = append(out, string(sd.FullName())+"/"+string(sd.Methods().Get(i).Name()))
		}
	}
	return out
}

func TestProtos(t *testing.T) {
	both := []string{"greet.Greeter/Hello", "user.v1.Users/Get", "user.v1.Users/List"}
	tests := []struct {
		name   string
		protos []string
		want   []string
	}{
		{"nothing", nil, nil},
		{"folders", []string{"api", "other"}, both},
		{"one folder above both, and one below it", []string{".", "api"}, both},
		{"a folder twice", []string{"other", "./other/", "other"}, both[:1]},
		{"a file by its package", []string{"api/user/v1/user.proto"}, both[1:]},
		{"a file in its folder", []string{"other/greet.proto"}, both[:1]},
		{"a file of a folder that is given too", []string{"api/user/v1/user.proto", "api"}, both[1:]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			write(t, users)
			s := load(t, descriptor.Options{Protos: tt.protos})
			if diff := cmp.Diff(tt.want, names(s)); diff != "" {
				t.Errorf("methods (-want +got)\n%s", diff)
			}
		})
	}
}

func TestMethod(t *testing.T) {
	write(t, users)
	s := load(t, descriptor.Options{Protos: []string{"api"}})
	m := s.Method("user.v1.Users", "List")
	if m == nil || !m.IsStreamingServer() || m.Input().FullName() != "user.v1.GetRequest" {
		t.Fatalf("Method = %v", m)
	}
	for _, absent := range [][2]string{{"user.v1.Users", "list"}, {"user.v1.users", "List"}, {"", ""}} {
		if m := s.Method(absent[0], absent[1]); m != nil {
			t.Errorf("Method(%q, %q) = %v", absent[0], absent[1], m)
		}
	}
	if s.Service("user.v1.Users") == nil || s.Service("user.v1.User") != nil {
		t.Error("Service finds what is no service, or not what is one")
	}
	if _, err := s.Files().FindFileByPath("google/protobuf/timestamp.proto"); err != nil {
		t.Errorf("a well-known import is not among the files: %v", err)
	}
	if d, err := s.Files().FindDescriptorByName("user.v1.Page"); err != nil || d.ParentFile().Path() != "user/v1/page.proto" {
		t.Errorf("FindDescriptorByName: %v, %v", d, err)
	}
}

// TestBuiltIn imports every file that comes with protoc.
func TestBuiltIn(t *testing.T) {
	var source strings.Builder
	source.WriteString("-- a.proto --\nedition = \"2023\";\npackage a;\n")
	for _, name := range []string{"any", "api", "compiler/plugin", "cpp_features", "descriptor", "duration", "empty", "field_mask", "go_features",
		"java_features", "source_context", "struct", "timestamp", "type", "wrappers"} {
		source.WriteString("import \"google/protobuf/" + name + ".proto\";\n")
	}
	source.WriteString("message M { string s = 1 [features.(pb.cpp).string_type = VIEW, features.(pb.java).utf8_validation = VERIFY]; google.protobuf.Any any = 2; }\n")
	write(t, source.String())
	s := load(t, descriptor.Options{Protos: []string{"."}})
	for _, name := range []string{"a.M", "google.protobuf.compiler.CodeGeneratorRequest", "pb.cpp", "pb.go"} {
		if _, err := s.Files().FindDescriptorByName(protoreflect.FullName(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestVendored: copies of well-known types are passed over.
func TestVendored(t *testing.T) {
	write(t, "-- p/a.proto --\nsyntax = \"proto3\";\nimport \"google/protobuf/empty.proto\";\nservice S { rpc M(google.protobuf.Empty) returns (google.protobuf.Empty); }\n"+
		"-- p/third_party/google/protobuf/empty.proto --\nsyntax = \"proto3\";\npackage google.protobuf;\nmessage Empty {}\n")
	for _, protos := range [][]string{{"p"}, {"p", "p/third_party"}, {"p/third_party", "p"}} {
		s := load(t, descriptor.Options{Protos: protos})
		if diff := cmp.Diff([]string{"S/M"}, names(s)); diff != "" {
			t.Errorf("%v: %s", protos, diff)
		}
	}
}

// TestPosition points at names: behind a tab and a letter of two bytes too.
func TestPosition(t *testing.T) {
	write(t, users)
	s := load(t, descriptor.Options{Protos: []string{"api"}})
	data, err := os.ReadFile("api/user/v1/user.proto")
	if err != nil {
		t.Fatal(err)
	}
	users := s.Service("user.v1.Users")
	list := users.Methods().ByName("List")
	for _, tt := range []struct{ at, want, text string }{
		{s.Position(users).String(), "api/user/v1/user.proto:8:9", ""},
		{s.Position(list).String(), "api/user/v1/user.proto:10:15", ""},
		{s.Position(list.Output().Fields().ByName("created")).String(), "api/user/v1/user.proto:13:57", ""},
		{s.Position(users.ParentFile()).String(), "api/user/v1/user.proto", ""},
		{s.Position(list.Output().Fields().ByName("created").Message()).String(), "google/protobuf/timestamp.proto", ""},
	} {
		if tt.at != tt.want {
			t.Errorf("Position = %s, want %s", tt.at, tt.want)
		}
	}
	if r := s.Position(list); string(data[r.Start.Byte:r.End.Byte]) != "List" {
		t.Errorf("the range of List holds %q", data[r.Start.Byte:r.End.Byte])
	}
}

// TestLinks reads folders as kubelet mounts them: each file a link into a hidden
// folder.
func TestLinks(t *testing.T) {
	write(t, users)
	for _, err := range []error{
		os.Mkdir("mount", 0o755), os.Mkdir("mount/..data", 0o755),
		os.Rename("other/greet.proto", "mount/..data/greet.proto"),
		os.Symlink("..data/greet.proto", "mount/greet.proto"),
		os.Symlink("mount", "link"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s := load(t, descriptor.Options{Protos: []string{"link"}})
	if diff := cmp.Diff([]string{"greet.Greeter/Hello"}, names(s)); diff != "" {
		t.Error(diff)
	}
	if got := s.Position(s.Service("greet.Greeter")).String(); got != "link/greet.proto:3:9" {
		t.Errorf("Position = %s", got)
	}
}

func TestMistakesInProtos(t *testing.T) {
	tests := []struct {
		name, archive string
		protos        []string
		want          string
	}{
		{"all of them", "-- p/a.proto --\nsyntax = \"proto3\";\nmessage A { Missing m = 1; }\n-- p/b.proto --\nsyntax = \"proto3\";\n\tservice B { rpc X(None) returns (None); }\n", []string{"p"},
			"p/a.proto:2:13: field A.m: unknown type Missing\np/b.proto:2:20: method B.X: unknown request type None\np/b.proto:2:35: method B.X: unknown response type None"},
		{"syntax", "-- p/a.proto --\nsyntax = \"proto3\";\nmessage A {\n  string x 1;\n}\n-- p/b.proto --\nsyntax = \"proto4\";\n", []string{"p"},
			"p/a.proto:3:12: syntax error: expecting ';'\np/a.proto:3:12: syntax error: unexpected int literal\np/b.proto:1:10: syntax value must be \"proto2\" or \"proto3\""},
		{"import elsewhere", "-- p/q/a.proto --\nsyntax = \"proto3\";\nimport \"q/b.proto\";\n-- p/q/b.proto --\nsyntax = \"proto3\";\n", []string{"p/q"},
			"p/q/a.proto:2:8: cannot find import \"q/b.proto\"; it stands in p: give --proto p"},
		{"import below", "-- p/a.proto --\nsyntax = \"proto3\";\nimport \"x/b.proto\";\n-- p/vendor/x/b.proto --\nsyntax = \"proto3\";\n", []string{"p"},
			"p/a.proto:2:8: cannot find import \"x/b.proto\"; it stands in p/vendor: give --proto p/vendor too"},
		{"import misspelt", "-- p/a.proto --\nsyntax = \"proto3\";\nimport \"q/typs.proto\";\n-- p/q/types.proto --\nsyntax = \"proto3\";\n", []string{"p"},
			"p/a.proto:2:8: cannot find import \"q/typs.proto\"; did you mean \"q/types.proto\"?"},
		{"import absent", "-- p/a.proto --\nsyntax = \"proto3\";\nimport \"somewhere/else/entirely.proto\";\n", []string{"p"},
			"p/a.proto:2:8: cannot find import \"somewhere/else/entirely.proto\"; give the folder that it is relative to with --proto, or a set that holds it with --descriptor-set"},
		{"import upwards", "-- p/a.proto --\nsyntax = \"proto3\";\nimport \"../b.proto\";\n-- b.proto --\nsyntax = \"proto3\";\n", []string{"p"},
			"p/a.proto:2:8: import \"../b.proto\" is no plain path: expected a path with slashes below a folder given with --proto"},
		{"circle", "-- p/a.proto --\nsyntax = \"proto3\";\nimport \"b.proto\";\n-- p/b.proto --\nsyntax = \"proto3\";\nimport \"a.proto\";\n", []string{"p"},
			"p/b.proto:2:8: imports go in a circle: a.proto → b.proto → a.proto; move what both need to a third file"},
		{"one symbol twice", "-- p/a.proto --\nsyntax = \"proto3\";\nmessage A {}\n-- q/b.proto --\nsyntax = \"proto3\";\nmessage A {}\n", []string{"p", "q"},
			"q/b.proto:2:9: symbol \"A\" already defined at p/a.proto:2:9"},
		{"one name twice", "-- p/a.proto --\nsyntax = \"proto3\";\n-- q/a.proto --\nsyntax = \"proto3\";\nmessage A {}\n", []string{"p", "q"},
			"q/a.proto: imports name this file \"a.proto\", as they do p/a.proto, which differs; leave out the folder of one of them"},
		{"one file by two names", "-- p/a.proto --\nsyntax = \"proto3\";\nimport \"q/b.proto\";\n-- p/q/b.proto --\nsyntax = \"proto3\";\n", []string{"p", "p/q"},
			"p/a.proto:2:8: import \"q/b.proto\" names p/q/b.proto, which is \"b.proto\" below the deepest folder given; import it as \"b.proto\", or leave out that folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			write(t, tt.archive)
			_, err := descriptor.Load(descriptor.Options{Protos: tt.protos})
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

// TestUnreadable: what cannot be read is no finding.
func TestUnreadable(t *testing.T) {
	write(t, "-- p/README.md --\nhello\n-- api.binpb --\nx\n")
	for _, tt := range []struct {
		o    descriptor.Options
		want string
	}{
		{descriptor.Options{Protos: []string{"absent", "gone"}}, "read protos: stat absent: no such file or directory\nread protos: stat gone: no such file or directory"},
		{descriptor.Options{Protos: []string{"p"}}, "read protos: p holds no .proto files"},
		{descriptor.Options{Protos: []string{"api.binpb"}}, "give descriptor sets with --descriptor-set"},
		{descriptor.Options{Sets: []string{"absent.binpb"}}, "read descriptor set: open absent.binpb: no such file or directory"},
		{descriptor.Options{Sets: []string{"p"}}, "read descriptor set: p is a folder: give folders of .proto files with --proto"},
		{descriptor.Options{Sets: []string{"-"}}, "read descriptor set: there is no standard input"},
	} {
		_, err := descriptor.Load(tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Load(%+v) = %v, want %q", tt.o, err, tt.want)
		}
		if found := (*descriptor.Error)(nil); errors.As(err, &found) {
			t.Errorf("Load(%+v) gives findings", tt.o)
		}
	}
}
