package simulate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

const envoyLine = `[2026-01-02T03:04:05.678Z] "POST /shop.Cart/Add HTTP/2" 200 - 12 34 5 4 "10.0.0.1" "grpc-go/1.60" "c0ffee" "Shop.example.com:443" "10.1.2.3:9000"`

func TestReadTraffic(t *testing.T) {
	log := strings.Join([]string{
		envoyLine,
		`{"authority":"shop.example.com","path":"/shop.Cart/Add","headers":{"X-Canary":"always"},"gateway":"infra/edge","port":443}`,
		"",
		`{":authority":"shop.example.com",":path":"/shop.Cart/Add","method":"POST","response_code":200,"headers":{"a":"b"}}`,
		`{"authority":"shop.example.com","path":"/index.html","method":"GET"}`,
		`{"level":"info","msg":"started"}`,
		`{"authority":`,
		`nonsense`,
		strings.Replace(envoyLine, "grpc-go/1.60", `odd " agent`, 1),
		strings.Replace(envoyLine, "HTTP/2", "HTTP/1.1", 1),
		`{"authority":"shop.example.com","path":"/shop.Cart/Add","headers":{"x-canary":7}}`,
		strings.Repeat("x", 3<<20),
		`{"authority":"shop.example.com","path":"/shop.Cart/Add","headers":{"x-canary":"always"}}`,
	}, "\n")
	got, err := simulate.ReadTraffic(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	want := &simulate.Traffic{
		Calls: []simulate.SeenCall{
			{Authority: "shop.example.com", Path: "/shop.Cart/Add", Count: 3},
			{Authority: "shop.example.com", Path: "/shop.Cart/Add", Headers: []routing.Header{{Name: "x-canary", Value: "always"}}, Complete: true, Count: 2},
		},
		Lines: 12, Other: 3, Bad: 4,
		BadLines: []simulate.BadLine{
			{Line: 7, Why: "not a JSON object: unexpected end of JSON input"},
			{Line: 8, Why: "neither JSON nor Envoy's default format"},
			{Line: 11, Why: `the value of header "x-canary" is no text`},
			{Line: 12, Why: "it is longer than 1048576 bytes"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("traffic (-want +got):\n%s", diff)
	}
	if notes := got.Notes(); len(notes) != 3 {
		t.Errorf("notes %q", notes)
	}
}

func FuzzReadTraffic(f *testing.F) {
	f.Add(envoyLine)
	f.Add(`{"authority":"a.example.com:1","path":"/p.S/M","headers":{"a":["b","c"]}}` + "\n{}\n[\n\"\"\"\"")
	f.Fuzz(func(t *testing.T, log string) {
		got, err := simulate.ReadTraffic(strings.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		for i := range got.Calls {
			c := &got.Calls[i]
			calls += c.Count
			if c.Authority == "" || strings.Count(c.Path, "/") != 2 {
				t.Errorf("%+v is no call", *c)
			}
			if _, err := simulate.ReadTraffic(strings.NewReader(c.Path)); err != nil {
				t.Error(err)
			}
		}
		if calls+got.Other+got.Bad != got.Lines {
			t.Errorf("%d calls, %d other and %d bad of %d lines", calls, got.Other, got.Bad, got.Lines)
		}
	})
}
