package mock

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var words = []string{"amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "jade", "kelp", "lotus", "maple", "north", "ocean", "pearl"}

func (s *sampler) word(path string) string { return words[s.draw(path, uint64(len(words)))] }

// texts are strings by the last word of a field's name.
var texts = map[string]func(s *sampler, path string) string{
	"id":       (*sampler).uuid,
	"uid":      (*sampler).uuid,
	"uuid":     (*sampler).uuid,
	"name":     (*sampler).word,
	"email":    func(s *sampler, path string) string { return s.word(path) + "@example.com" },
	"url":      func(s *sampler, path string) string { return "https://example.com/" + s.word(path) },
	"uri":      func(s *sampler, path string) string { return "https://example.com/" + s.word(path) },
	"host":     func(s *sampler, path string) string { return s.word(path) + ".example.com" },
	"hostname": func(s *sampler, path string) string { return s.word(path) + ".example.com" },
	"phone":    func(s *sampler, path string) string { return fmt.Sprintf("+1-202-555-01%02d", s.draw(path, 100)) },
	"language": func(*sampler, string) string { return "en" },
	"locale":   func(*sampler, string) string { return "en-US" },
	"currency": func(*sampler, string) string { return "EUR" },
	"timezone": func(*sampler, string) string { return "UTC" },
	"version":  func(s *sampler, path string) string { return fmt.Sprintf("1.%d.0", s.draw(path, 20)) },
}

// uuid has the form of a random one (RFC 9562, version 4).
func (s *sampler) uuid(path string) string {
	a, b := s.draw(path, 1<<63), s.draw(path+"+", 1<<63)
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>31, a&0xffff, b>>51, b>>39&0xfff, b&(1<<48-1))
}

// text is a string that fits a field's name.
func (s *sampler) text(f protoreflect.FieldDescriptor, path string) string {
	name := string(f.Name())
	if f.ContainingMessage().IsMapEntry() {
		return s.word(path)
	}
	parts := strings.Split(strings.ToLower(name), "_")
	if make := texts[parts[len(parts)-1]]; make != nil {
		return make(s, path)
	}
	return strings.Join(parts, " ") + " " + s.word(path)
}

// numbers are ranges by the last word of a field's name: the smallest value, and how
// many there are.
var numbers = map[string][2]int64{
	"year": {2020, 10}, "month": {1, 12}, "day": {1, 28},
	"hour": {0, 24}, "hours": {0, 24}, "minute": {0, 60}, "minutes": {0, 60}, "second": {0, 60}, "seconds": {0, 60},
	"nanos": {0, 1}, "port": {1024, 60000}, "latitude": {-80, 160}, "longitude": {-170, 340}, "percent": {0, 100},
	"timestamp": {moment, span}, "time": {moment, span}, "at": {moment, span},
}

// A day of 2026 in seconds of Unix time, and a week.
const (
	moment = 1767225600
	span   = 7 * 24 * 3600
)

func (s *sampler) number(f protoreflect.FieldDescriptor, path string) int64 {
	name := strings.ToLower(string(f.Name()))
	r, ok := numbers[name[strings.LastIndexByte(name, '_')+1:]]
	if !ok {
		r = [2]int64{1, 100}
	}
	if f.Kind() == protoreflect.Uint32Kind || f.Kind() == protoreflect.Fixed32Kind || f.Kind() == protoreflect.Uint64Kind || f.Kind() == protoreflect.Fixed64Kind {
		r[0] = max(r[0], 0)
	}
	return r[0] + int64(s.draw(path, uint64(r[1])))
}

// wellKnown fills the types whose fields are not what they mean.
var wellKnown map[protoreflect.FullName]func(s *sampler, m protoreflect.Message, around protoreflect.MessageDescriptor, path string)

func init() { // the functions refer to the table by way of sampler.message
	wellKnown = map[protoreflect.FullName]func(*sampler, protoreflect.Message, protoreflect.MessageDescriptor, string){
		"google.protobuf.Timestamp": func(s *sampler, m protoreflect.Message, _ protoreflect.MessageDescriptor, path string) {
			set(m, 1, protoreflect.ValueOfInt64(moment+int64(s.draw(path, span))))
		},
		"google.protobuf.Duration": func(s *sampler, m protoreflect.Message, _ protoreflect.MessageDescriptor, path string) {
			set(m, 1, protoreflect.ValueOfInt64(1+int64(s.draw(path, 60))))
			set(m, 2, protoreflect.ValueOfInt32(500_000_000))
		},
		"google.protobuf.Any":       (*sampler).any,
		"google.protobuf.FieldMask": (*sampler).mask,
		"google.protobuf.Struct": func(s *sampler, m protoreflect.Message, _ protoreflect.MessageDescriptor, path string) {
			if f := m.Descriptor().Fields().ByNumber(1); f != nil && f.IsMap() && f.MapValue().Message() != nil {
				entries := m.Mutable(f).Map()
				v := entries.NewValue()
				set(v.Message(), 3, protoreflect.ValueOfString(s.word(path)))
				entries.Set(protoreflect.ValueOfString("key").MapKey(), v)
			}
		},
		"google.protobuf.Value": func(s *sampler, m protoreflect.Message, _ protoreflect.MessageDescriptor, path string) {
			set(m, 3, protoreflect.ValueOfString(s.word(path)))
		},
		"google.protobuf.ListValue": func(s *sampler, m protoreflect.Message, _ protoreflect.MessageDescriptor, path string) {
			if f := m.Descriptor().Fields().ByNumber(1); f != nil && f.IsList() && f.Message() != nil {
				set(m.Mutable(f).List().AppendMutable().Message(), 3, protoreflect.ValueOfString(s.word(path)))
			}
		},
		// A status that says that all is well.
		"google.rpc.Status": func(*sampler, protoreflect.Message, protoreflect.MessageDescriptor, string) {},
	}
}

// set sets a field by its number, if there is one of that kind: the input may have
// its own idea of a well-known type.
func set(m protoreflect.Message, n protoreflect.FieldNumber, v protoreflect.Value) {
	f := m.Descriptor().Fields().ByNumber(n)
	if f == nil || f.IsList() || f.IsMap() || f.Message() != nil {
		return
	}
	switch v.Interface().(type) {
	case int64:
		if f.Kind() != protoreflect.Int64Kind {
			return
		}
	case int32:
		if f.Kind() != protoreflect.Int32Kind {
			return
		}
	case string:
		if f.Kind() != protoreflect.StringKind {
			return
		}
	case []byte:
		if f.Kind() != protoreflect.BytesKind {
			return
		}
	}
	m.Set(f, v)
}

// any holds a string: every client knows that type.
func (s *sampler) any(m protoreflect.Message, _ protoreflect.MessageDescriptor, path string) {
	data, err := proto.Marshal(wrapperspb.String(s.word(path)))
	if err != nil {
		return
	}
	set(m, 1, protoreflect.ValueOfString("type.googleapis.com/google.protobuf.StringValue"))
	set(m, 2, protoreflect.ValueOfBytes(data))
}

// mask names fields of the message that it stands in.
func (s *sampler) mask(m protoreflect.Message, around protoreflect.MessageDescriptor, _ string) {
	f := m.Descriptor().Fields().ByNumber(1)
	if f == nil || !f.IsList() || f.Kind() != protoreflect.StringKind || around == nil {
		return
	}
	paths := m.Mutable(f).List()
	for i := range around.Fields().Len() {
		name := string(around.Fields().Get(i).Name())
		if paths.Len() < elements && plainName(name) && around.Fields().Get(i).Message() == nil {
			paths.Append(protoreflect.ValueOfString(name))
		}
	}
}
