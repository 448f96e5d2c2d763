package accesslog_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/accesslog"
)

func name(code int) string { return map[int]string{0: "OK", 12: "UNIMPLEMENTED"}[code] }

var at = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)

var served = proxy.Record{
	Start: at, Duration: 1234567 * time.Nanosecond, Client: "127.0.0.1:5", Gateway: "demo/gw", Port: 8080, Authority: "shop.example.com", Path: "/shop.Cart/Add",
	Route: "GRPCRoute shop/cart", Backend: "shop/cart:50051", Address: "127.0.0.1:9000", Attempts: 1, RequestBytes: 10, HTTP: 200,
}

// TestText: one line a call, whatever the client sent.
func TestText(t *testing.T) {
	var b bytes.Buffer
	l := accesslog.New(&b, accesslog.Text, name)
	l.Done(&served)
	l.Done(&proxy.Record{Start: at, Duration: 90 * time.Microsecond, Authority: "x", Path: "/a\nb/C", Code: 12, Message: "no rule takes /a\x1bb/C"})
	l.Close()
	l.Done(&served) // comes too late
	want := `2026-01-02T15:04:05.000Z OK 1.23ms shop.example.com/shop.Cart/Add GRPCRoute shop/cart rule 0 -> shop/cart:50051 (127.0.0.1:9000)
2026-01-02T15:04:05.000Z UNIMPLEMENTED 90µs x/a\nb/C: no rule takes /a\x1bb/C
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// TestJSON: every field under its name.
func TestJSON(t *testing.T) {
	var b bytes.Buffer
	l := accesslog.New(&b, accesslog.JSON, name)
	l.Done(&served)
	l.Close()
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{
		"time": "2026-01-02T15:04:05Z", "seconds": 0.001234567, "route": "GRPCRoute shop/cart", "rule": 0.0, "backend": "shop/cart:50051",
		"grpc": 0.0, "code": "OK", "requestBytes": 10.0, "tls": false, "attempts": 1.0,
	} {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
}

// stuck is a writer that takes nothing until it is freed.
type stuck struct{ free chan bool }

func (s stuck) Write(p []byte) (int, error) {
	<-s.free
	return len(p), nil
}

// TestNobodyWaits: a log that cannot keep up drops lines and says so.
func TestNobodyWaits(t *testing.T) {
	s := stuck{make(chan bool)}
	l := accesslog.New(s, accesslog.JSON, name)
	long := served
	long.Message = strings.Repeat("x", 1000)
	before := time.Now()
	for range 20000 {
		l.Done(&long)
	}
	if took := time.Since(before); took > 5*time.Second {
		t.Errorf("20,000 records took %s", took)
	}
	if l.Dropped() < 5000 {
		t.Errorf("%d records were dropped", l.Dropped())
	}
	close(s.free)
	l.Close()
}

// BenchmarkDone is what a call pays for its line.
func BenchmarkDone(b *testing.B) {
	l := accesslog.New(io.Discard, accesslog.JSON, name)
	b.ReportAllocs()
	for b.Loop() {
		l.Done(&served)
	}
	l.Close()
}
