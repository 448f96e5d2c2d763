package verify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// linked reports whether messages of a type can be read.
func linked(url string) bool {
	_, err := protoregistry.GlobalTypes.FindMessageByURL(url)
	return err == nil
}

// typeOf returns the full name of the type of a message, be it linked or not.
func typeOf(a *anypb.Any) string {
	if a.GetTypeUrl() == "" {
		return ""
	}
	if strings.HasSuffix(a.GetTypeUrl(), "/google.protobuf.Struct") {
		s := &structpb.Struct{}
		if a.UnmarshalTo(s) == nil {
			if url := s.GetFields()["@type"].GetStringValue(); url != "" {
				return lastPart(url)
			}
		}
	}
	return lastPart(a.GetTypeUrl())
}

func lastPart(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// placeInCopy is where protojson finds an error: in a text that only we see.
var placeInCopy = regexp.MustCompile(`(?:syntax error )?\(line \d+:\d+\): `)

// decode reads a message. The fields that its type does not have are returned: a
// newer Envoy may know them.
func decode(n *node, m proto.Message) (unknown []string, err error) {
	if n.kind != objectNode {
		return nil, fmt.Errorf("expected an object, a %s", m.ProtoReflect().Descriptor().Name())
	}
	bare := n.without("@type")
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(bare.appendJSON(nil), m); err != nil {
		text := strings.ReplaceAll(err.Error(), "\u00a0", " ") // which protojson varies on purpose
		text = placeInCopy.ReplaceAllString(strings.TrimPrefix(text, "proto: "), "")
		return nil, fmt.Errorf("no %s: %s", m.ProtoReflect().Descriptor().Name(), text)
	}
	return unknownFields(nil, bare, m.ProtoReflect().Descriptor(), ""), nil
}

// unknownFields appends the paths of fields that a type does not have.
func unknownFields(out []string, n *node, d protoreflect.MessageDescriptor, path string) []string {
	if n.kind != objectNode || strings.HasPrefix(string(d.FullName()), "google.protobuf.") && d.FullName() != "google.protobuf.Any" {
		return out
	}
	if d.FullName() == "google.protobuf.Any" {
		t, err := protoregistry.GlobalTypes.FindMessageByURL(n.text("@type"))
		if err != nil {
			return out // it is named where it is met
		}
		return unknownFields(out, n.without("@type"), t.Descriptor(), path)
	}
	for i, k := range n.keys {
		at := k
		if path != "" {
			at = path + "." + k
		}
		f := d.Fields().ByName(protoreflect.Name(k))
		if f == nil {
			f = d.Fields().ByJSONName(k)
		}
		if f == nil {
			if !slices.Contains(out, at) {
				out = append(out, at)
			}
			continue
		}
		out = unknownField(out, n.values[i], f, at)
	}
	return out
}

func unknownField(out []string, n *node, f protoreflect.FieldDescriptor, path string) []string {
	if f.IsMap() {
		if m := f.MapValue().Message(); m != nil {
			for i, v := range n.values {
				if i < len(n.keys) {
					out = unknownFields(out, v, m, path+"."+n.keys[i])
				}
			}
		}
		return out
	}
	if f.Message() == nil {
		return out
	}
	if f.IsList() {
		for i, v := range n.values {
			out = unknownFields(out, v, f.Message(), fmt.Sprintf("%s[%d]", path, i))
		}
		return out
	}
	return unknownFields(out, n, f.Message(), path)
}
