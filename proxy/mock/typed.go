package mock

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// typed is a call of a method whose descriptor is known.
type typed struct {
	stream grpc.ServerStream
	form   form
	types  *types
	method protoreflect.MethodDescriptor
	seed   string
	sent   int
}

func (c *typed) serve() error {
	if c.method.IsStreamingClient() {
		return c.collect()
	}
	in, err := c.receive()
	if errors.Is(err, io.EOF) {
		return status.Errorf(codes.Internal, "the call has no message: %s takes one %s", c.seed, c.method.Input().FullName())
	}
	if err != nil {
		return err
	}
	if !c.method.IsStreamingServer() {
		return c.answer(in)
	}
	for range answers {
		if err := c.answer(in); err != nil {
			return err
		}
	}
	return nil
}

// collect takes a client's stream: one answer for each message when the answers
// stream too, else one answer to the last message.
func (c *typed) collect() error {
	each := c.method.IsStreamingServer()
	if each {
		if err := c.stream.SendHeader(nil); err != nil {
			return err
		}
	}
	var last *dynamicpb.Message
	for {
		in, err := c.receive()
		switch {
		case errors.Is(err, io.EOF) && each:
			return nil
		case errors.Is(err, io.EOF):
			return c.answer(last)
		case err != nil:
			return err
		}
		if last = in; !each {
			continue
		}
		if err := c.answer(in); err != nil {
			return err
		}
	}
}

func (c *typed) receive() (*dynamicpb.Message, error) {
	var in frame
	if err := c.stream.RecvMsg(&in); err != nil {
		return nil, err
	}
	m := dynamicpb.NewMessage(c.method.Input())
	if err := c.form.unmarshal(&in, m, c.types); err != nil {
		return nil, status.Errorf(codes.Internal, "the message is no %s: %v", c.method.Input().FullName(), err)
	}
	return m, nil
}

// answer sends a sampled message with what the request has in common with it; in
// may be nil.
func (c *typed) answer(in *dynamicpb.Message) error {
	seed := c.seed
	if c.sent > 0 {
		seed = fmt.Sprintf("%s#%d", seed, c.sent)
	}
	c.sent++
	out := sample(c.method.Output(), seed)
	if in != nil {
		echo(out, in)
	}
	data, err := c.form.marshal(out, c.types)
	if err != nil {
		return status.Errorf(codes.Internal, "write a sampled %s: %v", c.method.Output().FullName(), err)
	}
	return c.stream.SendMsg(data)
}

// echo copies the fields of a request that an answer has by the same name and type,
// and those of a field of the request that is of the answer's type itself: what
// was created or updated comes back (AIP-133, AIP-134).
func echo(out, in protoreflect.Message) {
	if in.Descriptor().FullName() != out.Descriptor().FullName() {
		in.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			if f.Message() != nil && !f.IsList() && !f.IsMap() && f.Message().FullName() == out.Descriptor().FullName() {
				common(out, v.Message())
			}
			return true
		})
	}
	common(out, in)
}

func common(out, in protoreflect.Message) {
	in.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		to := out.Descriptor().Fields().ByName(f.Name())
		if to == nil || !alike(f, to) {
			return true
		}
		switch {
		case f.IsList():
			out.Clear(to)
			list, from := out.Mutable(to).List(), v.List()
			for i := range from.Len() {
				list.Append(from.Get(i))
			}
		case f.IsMap():
			out.Clear(to)
			entries := out.Mutable(to).Map()
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				entries.Set(k, v)
				return true
			})
		default:
			out.Set(to, v)
		}
		return true
	})
}

// alike reports whether values of one field fit another.
func alike(a, b protoreflect.FieldDescriptor) bool {
	switch {
	case a.Kind() != b.Kind() || a.IsList() != b.IsList() || a.IsMap() != b.IsMap():
		return false
	case a.IsMap():
		return alike(a.MapKey(), b.MapKey()) && alike(a.MapValue(), b.MapValue())
	case a.Message() != nil:
		return a.Message().FullName() == b.Message().FullName()
	case a.Enum() != nil:
		return a.Enum().FullName() == b.Enum().FullName()
	}
	return true
}
