package pingora_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/translate/pingora"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/dynamicpb"
)

// fields are the messages, as the notes on the controller's schema
// list them; enums its enumerations.
var fields = map[string]string{
	"UpdateRoutesRequest":  "1 http_routes repeated HTTPRoute; 2 grpc_routes repeated GRPCRoute; 3 version uint64",
	"UpdateRoutesResponse": "1 success bool; 2 error string; 3 applied_version uint64; 4 http_route_count uint32; 5 grpc_route_count uint32",
	"GetRoutesRequest":     "",
	"GetRoutesResponse":    "1 http_routes repeated HTTPRoute; 2 grpc_routes repeated GRPCRoute; 3 version uint64",
	"HealthRequest":        "",
	"HealthResponse":       "1 healthy bool; 2 status string; 3 active_connections uint64; 4 config_version uint64",
	"HTTPRoute":            "1 id string; 2 hostnames repeated string; 3 rules repeated HTTPRouteRule",
	"HTTPRouteRule":        "1 matches repeated HTTPRouteMatch; 2 backends repeated Backend; 3 timeout_ms uint64; 4 retry RetryConfig",
	"HTTPRouteMatch":       "1 path PathMatch; 2 headers repeated HeaderMatch; 3 query_params repeated QueryParamMatch; 4 method string",
	"PathMatch":            "1 type PathMatchType; 2 value string",
	"HeaderMatch":          "1 name string; 2 value string; 3 type HeaderMatchType",
	"QueryParamMatch":      "1 name string; 2 value string; 3 type QueryParamMatchType",
	"GRPCRoute":            "1 id string; 2 hostnames repeated string; 3 rules repeated GRPCRouteRule",
	"GRPCRouteRule":        "1 matches repeated GRPCRouteMatch; 2 backends repeated Backend",
	"GRPCRouteMatch":       "1 method GRPCMethodMatch; 2 headers repeated HeaderMatch",
	"GRPCMethodMatch":      "1 type GRPCMethodMatchType; 2 service string; 3 method string",
	"Backend":              "1 address string; 2 weight uint32; 3 protocol BackendProtocol",
	"RetryConfig":          "1 attempts uint32; 2 backoff_ms uint64; 3 retry_on_status_codes repeated uint32",
}

var enums = map[string]string{
	"PathMatchType":       "PATH_MATCH_TYPE_UNSPECIFIED 0, PATH_MATCH_TYPE_EXACT 1, PATH_MATCH_TYPE_PREFIX 2, PATH_MATCH_TYPE_REGEX 3",
	"HeaderMatchType":     "HEADER_MATCH_TYPE_UNSPECIFIED 0, HEADER_MATCH_TYPE_EXACT 1, HEADER_MATCH_TYPE_REGEX 2",
	"QueryParamMatchType": "QUERY_PARAM_MATCH_TYPE_UNSPECIFIED 0, QUERY_PARAM_MATCH_TYPE_EXACT 1, QUERY_PARAM_MATCH_TYPE_REGEX 2",
	"GRPCMethodMatchType": "GRPC_METHOD_MATCH_TYPE_UNSPECIFIED 0, GRPC_METHOD_MATCH_TYPE_EXACT 1, GRPC_METHOD_MATCH_TYPE_REGEX 2",
	"BackendProtocol": "BACKEND_PROTOCOL_UNSPECIFIED 0, BACKEND_PROTOCOL_HTTP 1, BACKEND_PROTOCOL_HTTPS 2, BACKEND_PROTOCOL_H2C 3, " +
		"BACKEND_PROTOCOL_H2 4",
}

// fromTable writes a .proto from the lists above, without a look at the package's.
func fromTable() string {
	var b strings.Builder
	b.WriteString("syntax = \"proto3\";\npackage routing.v1;\n")
	for name, list := range fields {
		fmt.Fprintf(&b, "message %s {\n", name)
		for field := range strings.SplitSeq(list, "; ") {
			if field == "" {
				continue
			}
			words := strings.Fields(field)
			fmt.Fprintf(&b, "  %s %s = %s;\n", strings.Join(words[2:], " "), words[1], words[0])
		}
		b.WriteString("}\n")
	}
	for name, list := range enums {
		fmt.Fprintf(&b, "enum %s { %s; }\n", name, strings.ReplaceAll(strings.ReplaceAll(list, " ", " = "), ", = ", "; "))
	}
	return b.String()
}

// compiled returns the descriptor of the message by some .proto.
func compiled(t testing.TB, text string) protoreflect.MessageDescriptor {
	t.Helper()
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{"a.proto": text})}}
	files, err := c.Compile(context.Background(), "a.proto")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return files[0].Messages().ByName("UpdateRoutesRequest")
}

// TestSchemaIsTheTable: the package's .proto has the fields of the table, no more
// and no less.
func TestSchemaIsTheTable(t *testing.T) {
	describe := func(d protoreflect.MessageDescriptor) []string {
		var out []string
		file := d.ParentFile()
		out = append(out, string(file.Package()))
		for i := range file.Messages().Len() {
			m := file.Messages().Get(i)
			out = append(out, string(m.Name()))
			for j := range m.Fields().Len() {
				f := m.Fields().Get(j)
				kind := f.Kind().String()
				if f.Message() != nil {
					kind = string(f.Message().FullName())
				}
				if f.Enum() != nil {
					kind = string(f.Enum().FullName())
				}
				out = append(out, fmt.Sprintf("%s %d %s %s %s", m.Name(), f.Number(), f.Name(), f.Cardinality(), kind))
			}
		}
		for i := range file.Enums().Len() {
			e := file.Enums().Get(i)
			for j := range e.Values().Len() {
				out = append(out, fmt.Sprintf("%s %s %d", e.Name(), e.Values().Get(j).Name(), e.Values().Get(j).Number()))
			}
		}
		slices.Sort(out)
		return out
	}
	want, got := describe(compiled(t, fromTable())), describe(compiled(t, pingora.Schema()))
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 50 {
		t.Errorf("%d lines (-table +schema):\n%s", len(got), diff)
	}
}

// TestService: the schema has the methods that clients call.
func TestService(t *testing.T) {
	services := compiled(t, pingora.Schema()).ParentFile().Services()
	if services.Len() != 1 || services.Get(0).FullName() != "routing.v1.RoutingService" {
		t.Fatal("no service RoutingService")
	}
	var got []string
	for i := range services.Get(0).Methods().Len() {
		m := services.Get(0).Methods().Get(i)
		got = append(got, fmt.Sprintf("%s(%s) %s", m.Name(), m.Input().Name(), m.Output().Name()))
	}
	want := []string{"UpdateRoutes(UpdateRoutesRequest) UpdateRoutesResponse", "GetRoutes(GetRoutesRequest) GetRoutesResponse", "Health(HealthRequest) HealthResponse"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkFirstBinary is what the schema costs.
func BenchmarkFirstBinary(b *testing.B) {
	for b.Loop() {
		compiled(b, pingora.Schema())
	}
}

// everything holds each field that the types have.
var everything = &pingora.UpdateRoutes{
	HTTPRoutes: []pingora.HTTPRoute{{ID: "a/b", Hostnames: []string{"*.x.org"}, Rules: []pingora.HTTPRule{{
		Matches: []pingora.HTTPMatch{{Path: &pingora.PathMatch{Type: "PATH_MATCH_TYPE_REGEX", Value: "<&>"},
			Headers:     []pingora.HeaderMatch{{Name: "h", Value: "v", Type: "HEADER_MATCH_TYPE_REGEX"}},
			QueryParams: []pingora.QueryMatch{{Name: "q", Value: "é", Type: "QUERY_PARAM_MATCH_TYPE_EXACT"}}, Method: "GET"}},
		Backends:  []pingora.Backend{{Address: "a:1", Weight: 1 << 31, Protocol: "BACKEND_PROTOCOL_H2"}},
		TimeoutMS: 1 << 60, Retry: &pingora.Retry{Attempts: 1, BackoffMS: 2, StatusCodes: []uint32{503, 3}}}}}},
	GRPCRoutes: []pingora.GRPCRoute{{ID: "a/c", Rules: []pingora.GRPCRule{{
		Matches: []pingora.GRPCMatch{{}, {Method: &pingora.MethodMatch{}},
			{Method: &pingora.MethodMatch{Type: "GRPC_METHOD_MATCH_TYPE_REGEX", Service: "s", Method: "m"}}},
		Backends: []pingora.Backend{{}}}, {}}}},
	Version: 1<<64 - 1,
}

// TestForms: what encoding/json writes is what protojson writes of the message,
// and the binary form decodes to it by the .proto of the table.
func TestForms(t *testing.T) {
	d := compiled(t, fromTable())
	for _, m := range []*pingora.UpdateRoutes{everything, {}, {Version: 1}} {
		text, err := pingora.JSON(m)
		if err != nil {
			t.Fatal(err)
		}
		data, err := pingora.Binary(m)
		if err != nil {
			t.Fatal(err)
		}
		a, b := dynamicpb.NewMessage(d), dynamicpb.NewMessage(d)
		if err := protojson.Unmarshal(text, a); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if err := proto.Unmarshal(data, b); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, b, protocmp.Transform()); diff != "" {
			t.Errorf("the forms differ (-JSON +binary):\n%s", diff)
		}
		canonical, err := protojson.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		if err := json.Compact(&packed, canonical); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(packed.String(), string(text)); diff != "" {
			t.Errorf("-protojson +ours:\n%s", diff)
		}
		for _, form := range [][]byte{text, data} {
			back, err := pingora.Parse(form)
			if err != nil {
				t.Fatalf("%v\n%q", err, form)
			}
			if diff := cmp.Diff(m, back); diff != "" {
				t.Errorf("it reads back otherwise:\n%s", diff)
			}
		}
	}
}

// TestBytes pins the bytes of a small message, written by hand.
func TestBytes(t *testing.T) {
	within := func(number protowire.Number, parts ...[]byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), bytes.Join(parts, nil))
	}
	number := func(n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
	}
	method := within(1, number(1, 1), within(2, []byte("p.A")), within(3, []byte("Get")))
	header := within(2, within(1, []byte("h")), within(2, []byte("1")), number(3, 2))
	backend := within(2, within(1, []byte("s.d.svc.cluster.local:80")), number(2, 3), number(3, 1))
	want := append(within(2, within(1, []byte("d/r")), within(2, []byte("a.org")), within(3, within(1, method, header), backend)), number(3, 7)...)
	got, err := pingora.Binary(&pingora.UpdateRoutes{Version: 7, GRPCRoutes: []pingora.GRPCRoute{{
		ID: "d/r", Hostnames: []string{"a.org"}, Rules: []pingora.GRPCRule{{
			Matches: []pingora.GRPCMatch{{Method: &pingora.MethodMatch{Type: "GRPC_METHOD_MATCH_TYPE_EXACT", Service: "p.A", Method: "Get"},
				Headers: []pingora.HeaderMatch{{Name: "h", Value: "1", Type: "HEADER_MATCH_TYPE_REGEX"}}}},
			Backends: []pingora.Backend{{Address: "s.d.svc.cluster.local:80", Weight: 3, Protocol: "BACKEND_PROTOCOL_HTTP"}},
		}},
	}}})
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n got %x\nwant %x", err, got, want)
	}
}

// TestParseRefuses what is no message, or has no meaning.
func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"{":                         "in JSON form",
		`{"grpcRoute":[]}`:          `unknown field "grpcRoute"`,
		"\x0a\x05a":                 "in binary form",
		`{"grpcRoutes":[{"id":1}]}`: "invalid value for string",
		"\x12\x0e\x1a\x0c\x0a\x0a\x0a\x08\x08\x63\x12\x04Cart": "values that are not known",
	} {
		if _, err := pingora.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		`{"grpcRoutes":[{"id":"r"}]}`:                                            "route r: its id is not NS/NAME",
		`{"grpcRoutes":[{"id":"d/r","rules":[{"backends":[{"address":"a"}]}]}]}`: `route d/r: backend address "a" is not HOST:PORT`,
	} {
		m, err := pingora.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pingora.Table(m, "d/gw"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
