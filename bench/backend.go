package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
)

// rawCodec hands messages on as they are, so that client and backend cost little.
type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

// Marshal takes a *[]byte.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("a message is a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*b)}, nil
}

// Unmarshal fills a *[]byte.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("a message is a %T", v)
	}
	*b = data.Materialize()
	return nil
}

// Name is that of the default codec, so that requests look as usual.
func (rawCodec) Name() string { return "proto" }

// backend serves the benchmark's methods on two addresses, each of which can say
// its name, until it is told to stop.
func backend(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("backend", flag.ContinueOnError)
	a := f.String("a", "", "address of backend a")
	b := f.String("b", "", "address of backend b")
	if err := f.Parse(args); err != nil {
		return err
	}
	failed := make(chan error, 2)
	for name, address := range map[string]string{"a": *a, "b": *b} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		s := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.MaxConcurrentStreams(math.MaxUint32),
			grpc.NumStreamWorkers(4), grpc.MaxRecvMsgSize(64<<20))
		s.RegisterService(service(name), nil)
		go func() { failed <- s.Serve(l) }()
		defer s.Stop()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func service(name string) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "bench.Echo",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "Unary", Handler: func(_ any, _ context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				var b []byte
				err := read(&b)
				return &b, err
			}},
			{MethodName: "Name", Handler: func(_ any, _ context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				var b []byte
				err := read(&b)
				b = []byte(name)
				return &b, err
			}},
		},
		Streams: []grpc.StreamDesc{
			{StreamName: "Down", ServerStreams: true, Handler: serveDown},
			{StreamName: "Bidi", ServerStreams: true, ClientStreams: true, Handler: serveBidi},
			{StreamName: "Idle", ServerStreams: true, Handler: serveIdle},
		},
	}
}

// serveDown sends as many messages of as many bytes as the request says.
func serveDown(_ any, s grpc.ServerStream) error {
	var in []byte
	if err := s.RecvMsg(&in); err != nil {
		return err
	}
	if len(in) != 8 {
		return fmt.Errorf("a request of %d bytes: expected 8", len(in))
	}
	out := make([]byte, binary.BigEndian.Uint32(in[4:]))
	for range binary.BigEndian.Uint32(in) {
		if err := s.SendMsg(&out); err != nil {
			return err
		}
	}
	return nil
}

// serveBidi sends every message back.
func serveBidi(_ any, s grpc.ServerStream) error {
	for {
		var b []byte
		switch err := s.RecvMsg(&b); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := s.SendMsg(&b); err != nil {
			return err
		}
	}
}

// serveIdle sends headers and waits to be given up.
func serveIdle(_ any, s grpc.ServerStream) error {
	var in []byte
	if err := s.RecvMsg(&in); err != nil {
		return err
	}
	if err := s.SendHeader(metadata.MD{}); err != nil {
		return err
	}
	<-s.Context().Done()
	return s.Context().Err()
}
