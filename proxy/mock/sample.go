package mock

import (
	"hash/fnv"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Bounds of a sampled message.
const (
	maxDepth  = 8   // messages inside of messages
	maxSame   = 2   // of one type inside of each other
	maxFields = 500 // values at all
	elements  = 2   // of a list
)

// sampler fills one message. Values follow from the seed and a field's path, so
// that they are the same on each run and do not move when another field is added.
type sampler struct {
	seed  string
	left  int
	types []protoreflect.FullName // of the messages around the current field
}

// sample makes a message of a type.
func sample(md protoreflect.MessageDescriptor, seed string) *dynamicpb.Message {
	s := &sampler{seed: seed, left: maxFields}
	m := dynamicpb.NewMessage(md)
	s.message(m, nil, "")
	return m
}

// draw returns a number from 0 to n-1 for a path.
func (s *sampler) draw(path string, n uint64) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.seed))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(path))
	x := h.Sum64()
	// FNV's low bits are weak: mix them (splitmix64).
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return (x ^ x>>31) % n
}

// message fills m, which is the value of field in another message, or nil.
func (s *sampler) message(m protoreflect.Message, around protoreflect.MessageDescriptor, path string) {
	if fill := wellKnown[m.Descriptor().FullName()]; fill != nil {
		fill(s, m, around, path)
		return
	}
	s.types = append(s.types, m.Descriptor().FullName())
	defer func() { s.types = s.types[:len(s.types)-1] }()
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if one := f.ContainingOneof(); one != nil && m.WhichOneof(one) != nil {
			continue
		}
		if s.left <= 0 && f.Cardinality() != protoreflect.Required || s.deep(f) {
			continue
		}
		s.left--
		s.field(m, f, path+"."+string(f.Name()))
	}
}

// deep reports whether a field's message would nest too far.
func (s *sampler) deep(f protoreflect.FieldDescriptor) bool {
	md := f.Message()
	if f.IsMap() {
		md = f.MapValue().Message()
	}
	if md == nil {
		return false
	}
	same := 0
	for _, name := range s.types {
		if name == md.FullName() {
			same++
		}
	}
	return same >= maxSame || len(s.types) >= maxDepth
}

func (s *sampler) field(m protoreflect.Message, f protoreflect.FieldDescriptor, path string) {
	switch {
	case f.IsMap():
		entries := m.Mutable(f).Map()
		v := entries.NewValue()
		if f.MapValue().Message() != nil {
			s.message(v.Message(), m.Descriptor(), path)
		} else {
			v = s.scalar(f.MapValue(), path)
		}
		entries.Set(s.scalar(f.MapKey(), path+".key").MapKey(), v)
	case f.IsList():
		list := m.Mutable(f).List()
		for i := range elements {
			at := path + "." + string(rune('0'+i))
			if f.Message() != nil {
				s.message(list.AppendMutable().Message(), m.Descriptor(), at)
			} else {
				list.Append(s.scalar(f, at))
			}
		}
	case f.Message() != nil:
		s.message(m.Mutable(f).Message(), m.Descriptor(), path)
	default:
		m.Set(f, s.scalar(f, path))
	}
}

func (s *sampler) scalar(f protoreflect.FieldDescriptor, path string) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(enum(f.Enum()))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(s.text(f, path))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(s.word(path)))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(s.number(f, path)) + 0.5)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(s.number(f, path)) + 0.5)
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(s.number(f, path)))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(s.number(f, path)))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(s.number(f, path)))
	}
	return protoreflect.ValueOfInt64(s.number(f, path))
}

// enum is the first value that is not zero: zero is "unspecified" by custom.
func enum(ed protoreflect.EnumDescriptor) protoreflect.EnumNumber {
	values := ed.Values()
	for i := range values.Len() {
		if n := values.Get(i).Number(); n != 0 {
			return n
		}
	}
	return values.Get(0).Number()
}

// plainName reports whether a field mask may hold a name: its JSON form must lead
// back to it (protobuf json_format, FieldMask).
func plainName(name string) bool {
	return !slices.ContainsFunc([]byte(name), func(c byte) bool { return c != '_' && (c < 'a' || c > 'z') }) && name[0] != '_' && name[len(name)-1] != '_'
}
