package simulate_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

const (
	envoyLine = `[2026-04-15T20:17:00.310Z] "POST /shop.Users/Get HTTP/2" 200 - 154 0 226 100 "10.0.35.28" "grpc-go/1.80" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "api.example.com" "10.0.2.1:80"`
	istioLine = `[2026-04-15T20:17:00.310Z] "POST /shop.Users/Get HTTP/2" 200 - via_upstream - "-" 154 0 226 100 "10.0.35.28" "an "odd" agent" "cc21d9b0" "API.example.com:443" "10.0.2.1:80" outbound|80||users.shop 10.0.1.2:3 10.0.1.2:4 10.0.1.2:5 - default`
)

func TestReadTrafficLine(t *testing.T) {
	h := func(texts ...string) (out []routing.Header) {
		for i := 0; i < len(texts); i += 2 {
			out = append(out, routing.Header{Name: texts[i], Value: texts[i+1]})
		}
		return out
	}
	call := simulate.SeenCall{Authority: "api.example.com", Path: "/shop.Users/Get", Count: 1}
	with := func(complete bool, headers ...string) *simulate.SeenCall {
		c := call
		c.Complete, c.Headers = complete, h(headers...)
		return &c
	}
	for _, c := range []struct {
		name, line string
		want       *simulate.SeenCall
		why        string // of a line that cannot be read; "other" for no gRPC call
	}{
		{"Envoy", envoyLine, with(false), ""},
		{"Istio", istioLine, &simulate.SeenCall{Authority: "api.example.com:443", Path: "/shop.Users/Get", Count: 1}, ""},
		{"behind what kubectl logs --prefix adds", `[pod/envoy-1/envoy] ` + envoyLine, with(false), ""},
		{"a GET", strings.Replace(envoyLine, "POST", "GET", 1), nil, "other"},
		{"HTTP/1.1", strings.Replace(envoyLine, "HTTP/2", "HTTP/1.1", 1), nil, "other"},
		{"a path of three parts", strings.Replace(envoyLine, "/Get", "/v1/Get", 1), nil, "other"},
		{"a query", strings.Replace(envoyLine, "/Get", "/Get?x=1", 1), nil, "other"},
		{"no authority", strings.Replace(envoyLine, "api.example.com", "-", 1), nil, "names no host"},
		{"cut off", envoyLine[:60], nil, "quotes at its end"},
		{"Envoy's own log", `[2026-04-15 20:17:00.310][1][info][main] [source/server/server.cc:978] starting main dispatch loop`, nil, "neither a JSON object nor"},

		{"witness", `{"gateway":"infra/edge","port":443,"authority":"api.example.com","path":"/shop.Users/Get","headers":{}}`, with(true), ""},
		{"witness with headers", `{"authority":"api.example.com","path":"/shop.Users/Get","headers":{"X-B":"2","x-a":"-"}}`, with(true, "x-a", "-", "x-b", "2"), ""},
		{"witness without headers", `{"authority":"api.example.com","path":"/shop.Users/Get"}`, with(false), ""},
		{"a header sent twice", `{"authority":"api.example.com","path":"/shop.Users/Get","headers":{"x-a":["2","1"]}}`, with(true, "x-a", "2", "x-a", "1"), ""},
		{"counted", `{"authority":"api.example.com","path":"/shop.Users/Get","headers":{},"count":12}`,
			&simulate.SeenCall{Authority: "api.example.com", Path: "/shop.Users/Get", Complete: true, Count: 12}, ""},
		{"counted wrongly", `{"authority":"api.example.com","path":"/shop.Users/Get","headers":{},"count":-1}`, nil, "count -1"},

		{"JSON as Istio writes it", `{"authority":"api.example.com","bytes_sent":1,"method":"POST","path":"/shop.Users/Get","protocol":"HTTP/2","response_code":200,"upstream_host":null}`, with(false), ""},
		{"JSON as Envoy Gateway writes it", `{":authority":"api.example.com","method":"POST","protocol":"HTTP/2","x-envoy-origin-path":"/shop.Users/Get","start_time":"x"}`, with(false), ""},
		{"dotted keys", `{"request.authority":"api.example.com","request.path":"/shop.Users/Get"}`, with(false), ""},
		{"objects", `{"request":{"authority":"api.example.com","path":"/shop.Users/Get","headers":{"x-a":"1","x-b":"-","x-c":null}}}`, with(false, "x-a", "1"), ""},
		{"a list of headers", `{"host":"api.example.com","path":"/shop.Users/Get","time":1,"headers":[{"name":"x-a","value":"1"},{"key":"X-B","value":"2"}]}`, with(false, "x-a", "1", "x-b", "2"), ""},
		{"all headers", `{"headers":{":authority":"api.example.com",":path":"/shop.Users/Get",":method":"POST","x-a":"1"}}`, with(true, "x-a", "1"), ""},
		{"before a rewrite", `{"authority":"api.example.com","path":"/internal/x","x_envoy_original_path":"/shop.Users/Get"}`, with(false), ""},
		{"a dash for no original path", `{"authority":"api.example.com","path":"/shop.Users/Get","x-envoy-original-path":"-"}`, with(false), ""},
		{"gRPC by its type", `{"authority":"api.example.com","path":"/shop.Users/Get","content_type":"application/grpc+proto"}`, with(false), ""},
		{"JSON by its type", `{"authority":"api.example.com","path":"/shop.Users/Get","content_type":"application/json"}`, nil, "other"},
		{"gRPC-Web", `{"authority":"api.example.com","path":"/shop.Users/Get","headers":{"content-type":"application/grpc-web"}}`, nil, "other"},
		{"a GET in JSON", `{"authority":"api.example.com","path":"/shop.Users/Get","method":"GET"}`, nil, "other"},
		{"no path", `{"authority":"api.example.com"}`, nil, "it has no path"},
		{"no host", `{"path":"/shop.Users/Get"}`, nil, "it names no host"},
		{"another log", `{"level":"info","msg":"ready"}`, nil, "neither a host nor a path"},
		{"a host that is none", `{"authority":"*.example.com","path":"/shop.Users/Get"}`, nil, "a call goes to one host"},
		{"a header that is none", `{"authority":"api.example.com","path":"/shop.Users/Get","headers":{"a b":"1"}}`, nil, `"a b" is not a header name`},
		{"broken JSON", `{"authority":"api.example.com"`, nil, "parse JSON"},
		{"two objects", `{"a":1} {"b":2}`, nil, "parse JSON"},
		{"no object", `"text"`, nil, "neither a JSON object nor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := simulate.ReadTraffic(strings.NewReader(c.line), simulate.TrafficOptions{})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.want != nil:
				if diff := cmp.Diff([]simulate.SeenCall{*c.want}, got.Calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s\n%v", diff, got.Problems)
				}
			case c.why == "other":
				if got.Other != 1 || len(got.Calls) > 0 {
					t.Errorf("got %+v", got)
				}
			case got.Unread != 1 || len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Why, c.why):
				t.Errorf("got %+v, want %q", got, c.why)
			}
		})
	}
}

func TestTrafficIsFolded(t *testing.T) {
	line := func(id, canary string) string {
		return fmt.Sprintf(`{"authority":"API.example.com","path":"/a.B/C","headers":{"x-request-id":%q,"x-canary":%q}}`, id, canary)
	}
	log := "\xef\xbb\xbf" + line("1", "yes") + "\r\n\r\n" + line("2", "no") + "\n" + envoyLine + "\n" + line("3", "yes") + "\n" + envoyLine + "\nnonsense\n"
	got, err := simulate.ReadTraffic(strings.NewReader(log), simulate.TrafficOptions{Header: func(name string) bool { return name == "x-canary" }})
	if err != nil {
		t.Fatal(err)
	}
	canary := func(value string, count int) simulate.SeenCall {
		return simulate.SeenCall{Authority: "api.example.com", Path: "/a.B/C", Headers: []routing.Header{{Name: "x-canary", Value: value}}, Complete: true, Count: count}
	}
	want := &simulate.Traffic{
		Calls: []simulate.SeenCall{canary("yes", 2), canary("no", 1), {Authority: "api.example.com", Path: "/shop.Users/Get", Count: 2}},
		Total: 5, Open: 2, Lines: 6, Unread: 1,
		Problems: []simulate.LineProblem{{Line: 7, Why: "it is neither a JSON object nor in Envoy's default format"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("traffic (-want +got):\n%s", diff)
	}
}

func TestTrafficKeepsTheFirstProblems(t *testing.T) {
	got, err := simulate.ReadTraffic(strings.NewReader(strings.Repeat("x\n", 100)), simulate.TrafficOptions{})
	if err != nil || got.Unread != 100 || len(got.Problems) != 5 || got.Problems[4].Line != 5 {
		t.Errorf("got %+v, %v", got, err)
	}
	broken := errors.New("broken pipe")
	got, err = simulate.ReadTraffic(io.MultiReader(strings.NewReader(envoyLine+"\n"), iotest.ErrReader(broken)), simulate.TrafficOptions{})
	if !errors.Is(err, broken) || got.Total != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// endless is a log of one line that never ends, or of many equal lines.
type endless struct {
	text []byte
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(e.text) <= len(p) && e.left > 0 {
		n += copy(p[n:], e.text)
		e.left -= len(e.text)
	}
	return n, nil
}

func TestTrafficStaysSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	long, err := simulate.ReadTraffic(&endless{[]byte("xxxxxxxx"), 64 << 20}, simulate.TrafficOptions{})
	if err != nil || long.Lines != 1 || long.Unread != 1 || !strings.Contains(long.Problems[0].Why, "longer than 1 MiB") {
		t.Errorf("a long line: %+v, %v", long, err)
	}
	many, err := simulate.ReadTraffic(&endless{[]byte(envoyLine + "\n"), 8 << 20}, simulate.TrafficOptions{})
	if err != nil || len(many.Calls) != 1 || many.Total != many.Lines || many.Total < 30_000 {
		t.Errorf("equal lines: %d calls of %d in %d lines, %v", len(many.Calls), many.Total, many.Lines, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d bytes are kept of a log with one distinct call", grown)
	}
	runtime.KeepAlive(many)
}

// FuzzReadTraffic: every line is accounted for, and what is read as a call is one.
func FuzzReadTraffic(f *testing.F) {
	for _, seed := range []string{
		envoyLine, istioLine, `{"authority":"a.b","path":"/x.Y/Z","headers":{"a":["1","2"]},"count":3}`,
		`{"headers":{":authority":"a",":path":"/b/c"}}`, "{}\n[]\r\n\"\"", `{"request":{"headers":[{"name":"x","value":"y"}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		got, err := simulate.ReadTraffic(bytes.NewReader(log), simulate.TrafficOptions{})
		if err != nil {
			t.Fatal(err)
		}
		total, open := 0, 0
		for _, c := range got.Calls {
			if total += c.Count; !c.Complete {
				open += c.Count
			}
			if c.Count < 1 || strings.Count(c.Path, "/") != 2 || c.Authority == "" {
				t.Errorf("%+v is no call", c)
			}
		}
		if total != got.Total || open != got.Open || got.Unread+got.Other > got.Lines || len(got.Problems) > got.Unread {
			t.Errorf("the counts of %+v are wrong", got)
		}
	})
}
