package mock_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/proxy/mock"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"
)

const shop = `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
service Cart {
  rpc Get(GetRequest) returns (Item);
  rpc Create(CreateRequest) returns (Item);
  rpc List(GetRequest) returns (stream Item);
  rpc Upload(stream Item) returns (Summary);
  rpc Chat(stream Item) returns (stream Item);
}
message GetRequest { string id = 1; repeated string tags = 2; map<string, int32> counts = 3; Color color = 4; }
message CreateRequest { Item item = 1; }
message Item {
  string id = 1; string name = 2; repeated string tags = 3; map<string, int32> counts = 4; Color color = 5;
  google.protobuf.Timestamp created = 6; Item parent = 7;
}
message Summary { int32 count = 1; string name = 2; }
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 4; COLOR_BLUE = 2; }
`

func shopSet(t testing.TB) *descriptor.Set {
	t.Helper()
	return setOf(t, shop)
}

func setOf(t testing.TB, source string) *descriptor.Set {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, dir+"/a.proto", source)
	return folder(t, dir)
}

func folder(t testing.TB, dir string) *descriptor.Set {
	t.Helper()
	set, err := descriptor.Load(descriptor.Options{Protos: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func writeFile(t testing.TB, name, data string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

var cart = &topology.Backend{Namespace: "shop", Name: "cart", Port: 50051}

func start(t testing.TB, o mock.Options) *mock.Servers {
	t.Helper()
	s, err := mock.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func dial(t testing.TB, s *mock.Servers, b *topology.Backend, o ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	address, err := s.Address(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(o) == 0 {
		o = append(o, grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	cc, err := grpc.NewClient(address, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

func short(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// call is one method of the shop, called with messages in JSON.
type call struct {
	t      testing.TB
	cc     *grpc.ClientConn
	method protoreflect.MethodDescriptor
}

func newCall(t testing.TB, set *descriptor.Set, cc *grpc.ClientConn, method string) *call {
	t.Helper()
	m := set.Method("shop.v1.Cart", method)
	if m == nil {
		t.Fatalf("no method %s", method)
	}
	return &call{t, cc, m}
}

func (c *call) in(text string) *dynamicpb.Message {
	c.t.Helper()
	m := dynamicpb.NewMessage(c.method.Input())
	if err := protojson.Unmarshal([]byte(text), m); err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *call) path() string { return "/shop.v1.Cart/" + string(c.method.Name()) }

// stream opens a call as one of any kind.
func (c *call) stream(ctx context.Context) grpc.ClientStream {
	c.t.Helper()
	s, err := c.cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, c.path())
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// rest reads answers to the end.
func (c *call) rest(s grpc.ClientStream) (out []*dynamicpb.Message) {
	c.t.Helper()
	for {
		m := dynamicpb.NewMessage(c.method.Output())
		if err := s.RecvMsg(m); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			c.t.Fatal(err)
		}
		out = append(out, m)
	}
}

// plain is a message as JSON without the spaces that protojson varies.
func plain(m *dynamicpb.Message) string {
	return strings.ReplaceAll(protojson.MarshalOptions{}.Format(m), " ", "")
}

func text(m *dynamicpb.Message, field string) string {
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(field))).String()
}

func TestTyped(t *testing.T) {
	set := shopSet(t)
	cc := dial(t, start(t, mock.Options{Descriptors: set}), cart)
	t.Run("unary", func(t *testing.T) {
		c := newCall(t, set, cc, "Get")
		s := c.stream(short(t))
		if err := s.SendMsg(c.in(`{"id": "7", "tags": ["x"], "counts": {"a": 9}, "color": "COLOR_BLUE"}`)); err != nil {
			t.Fatal(err)
		}
		got := c.rest(s)
		if len(got) != 1 {
			t.Fatalf("%d answers", len(got))
		}
		for _, want := range []string{`"id":"7"`, `"tags":["x"]`, `"counts":{"a":9}`, `"color":"COLOR_BLUE"`} {
			if !strings.Contains(plain(got[0]), want) {
				t.Errorf("got %s, want %s as in the request", plain(got[0]), want)
			}
		}
		if text(got[0], "name") == "" {
			t.Error("name is empty")
		}
	})
	t.Run("what is created comes back", func(t *testing.T) {
		c := newCall(t, set, cc, "Create")
		out := dynamicpb.NewMessage(c.method.Output())
		if err := cc.Invoke(short(t), c.path(), c.in(`{"item": {"id": "8", "name": "tea"}}`), out); err != nil {
			t.Fatal(err)
		}
		if text(out, "id") != "8" || text(out, "name") != "tea" {
			t.Errorf("got %v", out)
		}
	})
	t.Run("server stream", func(t *testing.T) {
		c := newCall(t, set, cc, "List")
		s := c.stream(short(t))
		if err := errors.Join(s.SendMsg(c.in(`{}`)), s.CloseSend()); err != nil {
			t.Fatal(err)
		}
		got := c.rest(s)
		if len(got) != 3 || text(got[0], "id") == text(got[1], "id") {
			t.Errorf("got %v, want 3 different items", got)
		}
	})
	t.Run("client stream", func(t *testing.T) {
		c := newCall(t, set, cc, "Upload")
		s := c.stream(short(t))
		if err := errors.Join(s.SendMsg(c.in(`{"name": "a"}`)), s.SendMsg(c.in(`{"name": "b"}`)), s.CloseSend()); err != nil {
			t.Fatal(err)
		}
		if got := c.rest(s); len(got) != 1 || text(got[0], "name") != "b" {
			t.Errorf("got %v, want one summary with the last name", got)
		}
	})
	t.Run("empty client stream", func(t *testing.T) {
		c := newCall(t, set, cc, "Upload")
		s := c.stream(short(t))
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if got := c.rest(s); len(got) != 1 {
			t.Errorf("got %v, want one summary", got)
		}
	})
	t.Run("bidi", func(t *testing.T) {
		c := newCall(t, set, cc, "Chat")
		s := c.stream(short(t))
		for _, name := range []string{"a", "b", "c"} {
			if err := s.SendMsg(c.in(`{"name": "` + name + `"}`)); err != nil {
				t.Fatal(err)
			}
			out := dynamicpb.NewMessage(c.method.Output())
			if err := s.RecvMsg(out); err != nil || text(out, "name") != name {
				t.Fatalf("got %v, %v", out, err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if got := c.rest(s); len(got) != 0 {
			t.Errorf("%d more answers", len(got))
		}
	})
}

func TestTypedRefuses(t *testing.T) {
	set := shopSet(t)
	cc := dial(t, start(t, mock.Options{Descriptors: set}), cart)
	tests := []struct {
		path string
		code codes.Code
		want string
	}{
		{"/shop.v1.Cart/Gett", codes.Unimplemented, `service shop.v1.Cart has no method "Gett": did you mean Get?`},
		{"/shop.v1.Cart/get", codes.Unimplemented, `service shop.v1.Cart has no method "get": did you mean Get?`},
		{"/shop.v1.Cartt/Get", codes.Unimplemented, `the descriptors have no service "shop.v1.Cartt": did you mean shop.v1.Cart?`},
		{"/else/Get", codes.Unimplemented, `the descriptors have no service "else": expected one of shop.v1.Cart`},
	}
	for _, tt := range tests {
		err := cc.Invoke(short(t), tt.path, &emptypb.Empty{}, &emptypb.Empty{})
		if status.Code(err) != tt.code || status.Convert(err).Message() != tt.want {
			t.Errorf("%s: %v, want %s", tt.path, err, tt.want)
		}
	}
	c := newCall(t, set, cc, "Get")
	s := c.stream(short(t))
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if err := s.RecvMsg(&emptypb.Empty{}); status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "takes one shop.v1.GetRequest") {
		t.Errorf("a call without a message: %v", err)
	}
	err := cc.Invoke(short(t), c.path(), &raw{"\x0a\xff"}, &emptypb.Empty{}, grpc.ForceCodec(rawCodec{}))
	if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "the message is no shop.v1.GetRequest") {
		t.Errorf("a call with noise: %v", err)
	}
}

// raw is a message of any bytes.
type raw struct{ data string }

type rawCodec struct{}

func (rawCodec) Name() string                  { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error) { return []byte(v.(*raw).data), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	if r, ok := v.(*raw); ok {
		r.data = string(data)
	}
	return nil
}

func TestUntyped(t *testing.T) {
	cc := dial(t, start(t, mock.Options{}), cart)
	count := func(t *testing.T, s grpc.ClientStream) (n int) {
		t.Helper()
		for {
			m := &raw{}
			if err := s.RecvMsg(m); errors.Is(err, io.EOF) {
				return n
			} else if err != nil {
				t.Fatal(err)
			}
			if m.data != "" {
				t.Errorf("answer %q is not empty", m.data)
			}
			n++
		}
	}
	open := func(t *testing.T) grpc.ClientStream {
		t.Helper()
		s, err := cc.NewStream(short(t), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/any.Service/Method", grpc.ForceCodec(rawCodec{}))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, sent := range []int{0, 1, 5} {
		s := open(t)
		for range sent {
			if err := s.SendMsg(&raw{"\xff not protobuf"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s); n != 1 {
			t.Errorf("%d messages: %d answers, want 1", sent, n)
		}
	}
	t.Run("who waits gets one for each", func(t *testing.T) {
		s := open(t)
		if _, err := s.Header(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := errors.Join(s.SendMsg(&raw{"a"}), s.SendMsg(&raw{"b"}), s.RecvMsg(&raw{}), s.RecvMsg(&raw{})); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s); n != 0 {
			t.Errorf("%d answers more", n)
		}
	})
	t.Run("compressed", func(t *testing.T) {
		if err := cc.Invoke(short(t), "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}, grpc.UseCompressor(gzip.Name)); err != nil {
			t.Error(err)
		}
	})
	t.Run("large", func(t *testing.T) {
		if err := cc.Invoke(short(t), "/a.B/C", &raw{strings.Repeat("x", 8<<20)}, &raw{}, grpc.ForceCodec(rawCodec{})); err != nil {
			t.Error(err)
		}
	})
}

// TestJSON speaks application/grpc+json.
func TestJSON(t *testing.T) {
	set := shopSet(t)
	for name, tt := range map[string]struct {
		o    mock.Options
		want string
	}{"untyped": {mock.Options{}, "{}"}, "typed": {mock.Options{Descriptors: set}, `"id":"7"`}} {
		cc := dial(t, start(t, tt.o), cart)
		out := &raw{}
		err := cc.Invoke(short(t), "/shop.v1.Cart/Get", &raw{`{"id":"7"}`}, out, grpc.ForceCodec(rawCodec{}), grpc.CallContentSubtype("json"))
		if err != nil || !strings.Contains(strings.ReplaceAll(out.data, ": ", ":"), tt.want) {
			t.Errorf("%s: %q, %v", name, out.data, err)
		}
	}
}

func TestNamesAndMetadata(t *testing.T) {
	s := start(t, mock.Options{NameBackend: true, EchoMetadata: true, Faults: []mock.Fault{{Backend: "shop/b:1", Code: codes.DataLoss, Percent: 100}}})
	for _, b := range []*topology.Backend{{Namespace: "shop", Name: "a", Port: 1}, {Namespace: "shop", Name: "b", Port: 1}} {
		cc := dial(t, s, b)
		var head metadata.MD
		ctx := metadata.AppendToOutgoingContext(short(t), "x-tenant", "1", "x-tenant", "2")
		_ = cc.Invoke(ctx, "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&head))
		if got := head.Get("grpcroute-backend"); len(got) != 1 || got[0] != "shop/"+b.Name+":1" {
			t.Errorf("grpcroute-backend = %q", got)
		}
		if got := head.Get("x-tenant"); len(got) != 2 {
			t.Errorf("x-tenant = %q", got)
		}
		if len(head.Get("user-agent"))+len(head.Get("grpc-accept-encoding")) > 0 {
			t.Errorf("headers of the protocol come back: %v", head)
		}
	}
	cc := dial(t, start(t, mock.Options{}), cart)
	var head metadata.MD
	if err := cc.Invoke(metadata.AppendToOutgoingContext(short(t), "x-tenant", "1"), "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&head)); err != nil {
		t.Fatal(err)
	}
	if len(head.Get("x-tenant"))+len(head.Get("grpcroute-backend")) > 0 {
		t.Errorf("headers nobody asked for: %v", head)
	}
}

func TestTLS(t *testing.T) {
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS()
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	s := start(t, mock.Options{TLS: func(b *topology.Backend) *tls.Config {
		if b.Name != "secure" {
			return nil
		}
		return &tls.Config{Certificates: web.TLS.Certificates}
	}})
	cc := dial(t, s, &topology.Backend{Namespace: "a", Name: "secure", Port: 1}, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "example.com"})))
	if err := cc.Invoke(short(t), "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		t.Error(err)
	}
	if err := dial(t, s, cart).Invoke(short(t), "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		t.Error(err)
	}
}

// TestAddress starts one server a backend, whoever asks.
func TestAddress(t *testing.T) {
	s := start(t, mock.Options{})
	var mu sync.Mutex
	got := map[string]int{}
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			a, err := s.Address(&topology.Backend{Namespace: "a", Name: "b", Port: int32(1 + i%4)})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got[a]++
		})
	}
	wait.Wait()
	if len(got) != 4 {
		t.Errorf("addresses: %v, want 4", got)
	}
	s.Close()
	if _, err := s.Address(cart); !errors.Is(err, mock.ErrClosed) {
		t.Errorf("Address after Close: %v", err)
	}
	s.Close()
}

// TestCloseLeavesNothing closes under open calls of every kind.
func TestCloseLeavesNothing(t *testing.T) {
	set := shopSet(t)
	before := runtime.NumGoroutine()
	for _, o := range []mock.Options{{}, {Descriptors: set}, {Latencies: []mock.Latency{{Min: time.Hour, Max: time.Hour}}}} {
		s, err := mock.New(o)
		if err != nil {
			t.Fatal(err)
		}
		cc := dial(t, s, cart)
		c := newCall(t, set, cc, "Chat")
		for range 10 {
			if err := c.stream(short(t)).SendMsg(c.in(`{}`)); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan struct{})
		go func() { s.Close(); close(done) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("Close waits")
		}
		_ = cc.Close()
	}
	for range 100 {
		if runtime.NumGoroutine() <= before+2 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}
