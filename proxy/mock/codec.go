package mock

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // clients may compress
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// frame is a message as it is on the wire.
type frame struct{ data []byte }

// codec passes frames as they are. Health and reflection speak messages.
type codec struct{}

var _ encoding.CodecV2 = codec{}

// Name is that of the default: the content type of answers is the client's.
func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) (mem.BufferSlice, error) {
	switch v := v.(type) {
	case *frame:
		return mem.BufferSlice{mem.SliceBuffer(v.data)}, nil
	case proto.Message:
		data, err := proto.Marshal(v)
		return mem.BufferSlice{mem.SliceBuffer(data)}, err
	}
	return nil, fmt.Errorf("a %T is no message", v)
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch v := v.(type) {
	case *frame:
		v.data = data.Materialize()
		return nil
	case proto.Message:
		return proto.Unmarshal(data.Materialize(), v)
	}
	return fmt.Errorf("a %T is no message", v)
}

// form is how the messages of a call are written: the subtype of its content type.
type form string

const (
	binary form = ""
	asJSON form = "json"
)

func formOf(ctx context.Context) form {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, kind := range md.Get("content-type") {
		if _, subtype, ok := strings.Cut(strings.ToLower(kind), "+"); ok && strings.HasPrefix(subtype, "json") {
			return asJSON
		}
	}
	return binary
}

// empty is a message without fields.
func (f form) empty() *frame {
	if f == asJSON {
		return &frame{[]byte("{}")}
	}
	return &frame{}
}

func (f form) marshal(m proto.Message, t *types) (*frame, error) {
	var data []byte
	var err error
	if f == asJSON {
		data, err = protojson.MarshalOptions{AllowPartial: true, Resolver: t}.Marshal(m)
	} else {
		data, err = proto.MarshalOptions{AllowPartial: true}.Marshal(m)
	}
	return &frame{data}, err
}

func (f form) unmarshal(in *frame, m proto.Message, t *types) error {
	if f == asJSON {
		return protojson.UnmarshalOptions{AllowPartial: true, DiscardUnknown: true, Resolver: t}.Unmarshal(in.data, m)
	}
	return proto.UnmarshalOptions{AllowPartial: true, Resolver: t}.Unmarshal(in.data, m)
}
