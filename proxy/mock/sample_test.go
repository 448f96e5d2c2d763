package mock

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/descriptor"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

func load(dir, source string) (*descriptor.Set, error) {
	if err := os.WriteFile(dir+"/a.proto", []byte(source), 0o644); err != nil {
		return nil, err
	}
	return descriptor.Load(descriptor.Options{Protos: []string{dir}})
}

func messages(t testing.TB, source string) func(name string) protoreflect.MessageDescriptor {
	t.Helper()
	set, err := load(t.TempDir(), source)
	if err != nil {
		t.Fatal(err)
	}
	return func(name string) protoreflect.MessageDescriptor {
		t.Helper()
		d, err := set.Files().FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			t.Fatal(err)
		}
		return d.(protoreflect.MessageDescriptor)
	}
}

// jsonOf is a message as JSON in one form: protojson varies its spaces.
func jsonOf(t testing.TB, m proto.Message) string {
	t.Helper()
	data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	data, err = json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const all = `syntax = "proto3";
package all;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum E { E_NONE = 0; E_SECOND = 5; E_FIRST = 1; }
enum Zero { ONLY = 0; }
message Scalars {
  bool on = 1; string title = 2; bytes body = 3; float ratio = 4; double weight = 5;
  int32 i32 = 6; sint32 s32 = 7; sfixed32 f32 = 8; uint32 u32 = 9; fixed32 x32 = 10;
  int64 i64 = 11; sint64 s64 = 12; sfixed64 f64 = 13; uint64 u64 = 14; fixed64 x64 = 15;
  E e = 16; Zero zero = 17; repeated E es = 18; map<string, E> by = 19; map<int32, Scalars> deep = 20;
  oneof one { string first = 21; int32 second = 22; }
  optional int32 maybe = 23;
}
message Named {
  string user_id = 1; string display_name = 2; string email = 3; string home_url = 4; string host = 5; string phone = 6; string api_version = 7;
  int32 year = 8; int32 month = 9; int32 day = 10; int32 port = 11; double latitude = 12; uint32 longitude = 13; int64 created_at = 14; string currency = 15;
}
message Known {
  string label = 1; google.protobuf.Timestamp when = 2; google.protobuf.Duration how_long = 3; google.protobuf.Any what = 4; google.protobuf.Empty none = 5;
  google.protobuf.FieldMask mask = 6; google.protobuf.Struct object = 7; google.protobuf.Value value = 8; google.protobuf.ListValue list = 9;
  google.protobuf.NullValue null = 10; google.protobuf.StringValue text = 11; google.protobuf.Int64Value number = 12; google.protobuf.BoolValue flag = 13;
  repeated google.protobuf.Timestamp whens = 14; map<string, google.protobuf.Any> whats = 15; int32 bad__name = 16; int32 n1 = 17;
}
message Tree { string name = 1; Tree left = 2; Tree right = 3; repeated Tree more = 4; oneof kind { Leaf leaf = 5; Tree tree = 6; } }
message Leaf { Tree up = 1; }
message A { B b = 1; repeated B bs = 2; } message B { C c = 1; repeated C cs = 2; } message C { D d = 1; repeated D ds = 2; } message D { A a = 1; repeated A as = 2; map<string, A> m = 3; int32 n = 4; }
message Nothing {}
`

func TestSampleKinds(t *testing.T) {
	find := messages(t, all)
	tests := []struct {
		name string
		want []string // contained
		not  []string
	}{
		{"all.Scalars", []string{`"on": true`, `"title": "title `, `"e": "E_SECOND"`, `"first": "first `, `"maybe": `, "\"es\": [\n  \"E_SECOND\",\n  \"E_SECOND\"\n ]", `"deep": {`}, []string{`"second"`, `: 0,`, `: ""`}},
		{"all.Named", []string{`@example.com"`, `"https://example.com/`, `.example.com"`, `"+1-202-555-01`, `"api_version": "1.`, `"year": 202`, `"created_at": "1767`, `"currency": "EUR"`}, nil},
		{"all.Known", []string{`"when": "2026-01-0`, `.500s"`, `"@type": "type.googleapis.com/google.protobuf.StringValue"`, `"mask": "label,null"`, `"object": {`, `"none": {}`, `"flag": true`}, nil},
		{"all.Nothing", []string{"{}"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := sample(find(tt.name), "/all.S/M")
			got := jsonOf(t, m)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %s in\n%s", want, got)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(got, not) {
					t.Errorf("%s in\n%s", not, got)
				}
			}
		})
	}
}

// TestSampleIsTheSame on each run, and by field: another field does not move it.
func TestSampleIsTheSame(t *testing.T) {
	name := func(source, seed string) string {
		m := sample(messages(t, source)("p.M"), seed)
		return m.Get(m.Descriptor().Fields().ByName("id")).String()
	}
	const plain = `syntax = "proto3"; package p; message M { string id = 1; }`
	const more = `syntax = "proto3"; package p; message M { string before = 3; string id = 1; string after = 2; }`
	want := "b27eea0a-babb-4138-8a42-21246ed316a9"
	if got := name(plain, "/p.S/M"); got != want {
		t.Errorf("id = %s, want %s as ever", got, want)
	}
	if got := name(more, "/p.S/M"); got != want {
		t.Errorf("with more fields id = %s, want %s", got, want)
	}
	if got := name(plain, "/p.S/Other"); got == want {
		t.Error("another method has the same id")
	}
}

func TestSampleEnds(t *testing.T) {
	find := messages(t, all)
	var wide strings.Builder
	wide.WriteString("syntax = \"proto2\"; package w;\n")
	for i := range 12 {
		fmt.Fprintf(&wide, "message M%d {", i)
		for j := range 12 {
			fmt.Fprintf(&wide, " repeated M%d f%d = %d;", (i+j+1)%12, j, j+1)
		}
		fmt.Fprintf(&wide, " required string must = 20; repeated group G = 21 { required int32 n = 1; } }\n")
	}
	findWide := messages(t, wide.String())
	for _, m := range []*dynamicpb.Message{
		sample(find("all.Tree"), "x"), sample(find("all.A"), "x"), sample(findWide("w.M0"), "x"),
	} {
		data, err := proto.Marshal(m) // with all that is required
		if err != nil {
			t.Error(err)
		}
		if len(data) == 0 || len(data) > 100<<10 {
			t.Errorf("%s: %d bytes", m.Descriptor().FullName(), len(data))
		}
	}
}

func TestEchoCopiesWhatFits(t *testing.T) {
	find := messages(t, `syntax = "proto3"; package p;
message In { string id = 1; int32 n = 2; repeated string tags = 3; map<string, In> by = 4; oneof o { string left = 5; string right = 6; } bytes b = 7; In in = 8; }
message Out { string id = 9; int64 n = 8; repeated string tags = 7; map<string, In> by = 6; oneof o { string left = 5; string right = 4; } repeated bytes b = 3; In in = 2; }
`)
	in := dynamicpb.NewMessage(find("p.In"))
	if err := protojson.Unmarshal([]byte(`{"id": "1", "n": 2, "tags": ["a", "b", "c"], "by": {"x": {"id": "y"}}, "right": "r", "b": "aGk=", "in": {"n": 3}}`), in); err != nil {
		t.Fatal(err)
	}
	out := dynamicpb.NewMessage(find("p.Out"))
	if err := protojson.Unmarshal([]byte(`{"id": "0", "n": 9, "tags": ["z"], "by": {"w": {}}, "left": "l", "in": {"id": "9"}}`), out); err != nil {
		t.Fatal(err)
	}
	echo(out, in)
	want := dynamicpb.NewMessage(find("p.Out"))
	if err := protojson.Unmarshal([]byte(`{"id": "1", "n": 9, "tags": ["a", "b", "c"], "by": {"x": {"id": "y"}}, "right": "r", "in": {"n": 3}}`), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(jsonOf(t, want), jsonOf(t, out)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func BenchmarkSample(b *testing.B) {
	md := messages(b, all)("all.Named")
	for b.Loop() {
		sample(md, "/all.S/M")
	}
}
