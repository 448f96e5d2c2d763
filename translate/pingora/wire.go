package pingora

import (
	"bytes"
	"context"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"sync"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

//go:embed routing.proto
var schema string

// Schema returns the .proto file that the binary form is written by.
func Schema() string { return schema }

// descriptor is that of the message.
var descriptor = sync.OnceValues(func() (protoreflect.MessageDescriptor, error) {
	const path = "routing/v1/routing.proto"
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{path: schema}),
	}}
	files, err := c.Compile(context.Background(), path)
	if err != nil {
		return nil, fmt.Errorf("compile the schema: %w", err)
	}
	return files[0].Messages().ByName("UpdateRoutesRequest"), nil
})

// JSON writes the message as protojson does, on one line.
func JSON(m *UpdateRoutes) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// Binary writes the message as it goes to the proxy, fields in the order of their
// numbers. Equal messages give equal bytes.
func Binary(m *UpdateRoutes) ([]byte, error) {
	text, err := JSON(m)
	if err != nil {
		return nil, err
	}
	d, err := descriptor()
	if err != nil {
		return nil, err
	}
	out := dynamicpb.NewMessage(d)
	if err := protojson.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(out)
}

// Parse reads a message in either form, JSON or binary.
func Parse(data []byte) (*UpdateRoutes, error) {
	d, err := descriptor()
	if err != nil {
		return nil, err
	}
	in := dynamicpb.NewMessage(d)
	form, read := "JSON", protojson.Unmarshal
	// A binary message begins with a byte below the blank; the first is a line end.
	if !json.Valid(data) && !bytes.HasPrefix(data, []byte("{")) {
		form, read = "binary", proto.Unmarshal
	}
	if err := read(data, in); err != nil {
		return nil, fmt.Errorf("not an UpdateRoutesRequest in %s form: %w", form, err)
	}
	text, err := protojson.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("not an UpdateRoutesRequest: %w", err)
	}
	m := &UpdateRoutes{}
	if err := json.Unmarshal(text, m); err != nil {
		// An enumeration has a number that the schema does not name.
		return nil, fmt.Errorf("an UpdateRoutesRequest with values that are not known: %w", err)
	}
	return m, nil
}
