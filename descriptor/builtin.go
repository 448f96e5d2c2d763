package descriptor

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	// The files that come with protoc. The root package of the compiler knows them
	// too, and takes half a millisecond of every start to prepare them.
	_ "google.golang.org/protobuf/types/descriptorpb"
	_ "google.golang.org/protobuf/types/gofeaturespb"
	_ "google.golang.org/protobuf/types/known/anypb"
	_ "google.golang.org/protobuf/types/known/apipb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/sourcecontextpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/typepb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
	_ "google.golang.org/protobuf/types/pluginpb"
)

// builtIn returns a file that comes with protoc; nil for any other.
func builtIn(name string) protoreflect.FileDescriptor {
	if !strings.HasPrefix(name, "google/protobuf/") {
		return nil
	}
	f, err := protoregistry.GlobalFiles.FindFileByPath(name)
	if err != nil || f.Package() != "google.protobuf" && f.Package() != "google.protobuf.compiler" && f.Package() != "pb" {
		return nil
	}
	return f
}

// copied reports whether a file is somebody's copy of a built-in one, wherever it is
// kept.
func copied(name string) bool {
	i := strings.LastIndex("/"+name, "/google/protobuf/")
	return i >= 0 && builtIn(name[i:]) != nil
}

// languageFeatures are files that come with protoc and of which there is no Go
// package: what sources of edition 2023 may say to the generators for C++ and Java.
var languageFeatures = map[string]string{
	"google/protobuf/cpp_features.proto": `syntax = "proto2";
package pb;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FeatureSet { optional CppFeatures cpp = 1000; }
message CppFeatures {
  optional bool legacy_closed_enum = 1;
  enum StringType { STRING_TYPE_UNKNOWN = 0; VIEW = 1; CORD = 2; STRING = 3; }
  optional StringType string_type = 2;
}
`,
	"google/protobuf/java_features.proto": `syntax = "proto2";
package pb;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FeatureSet { optional JavaFeatures java = 1001; }
message JavaFeatures {
  optional bool legacy_closed_enum = 1;
  enum Utf8Validation { UTF8_VALIDATION_UNKNOWN = 0; DEFAULT = 1; VERIFY = 2; }
  optional Utf8Validation utf8_validation = 2;
}
`,
}

// features adds a file of language features that the input imports and does not hold.
func (l *loader) features(name string) bool {
	data, ok := languageFeatures[name]
	if !ok {
		return false
	}
	u := &unit{name: name, path: name, data: data}
	l.units[name] = u
	l.order = append(l.order, name)
	l.parse(u)
	return true
}
