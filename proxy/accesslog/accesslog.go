// Package accesslog writes one line for each call that has ended, as text or JSON.
// It holds up no call: records wait in a bounded queue for one writer, and when
// that cannot keep up they are dropped and counted. Header values and messages of
// clients, which may be secrets, are in no line.
package accesslog

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
)

// The formats.
const (
	Text = "text"
	JSON = "json"
)

const (
	waiting = 8192                   // records
	delay   = 100 * time.Millisecond // until a line is written out
)

// Log is an access log. Its zero value is not usable; see [New].
type Log struct {
	queue   chan proxy.Record
	dropped atomic.Uint64
	name    func(code int) string
	write   func(w *bufio.Writer, r *proxy.Record)
	done    sync.WaitGroup
	mu      sync.RWMutex // over closing the queue
	closed  bool
}

// New starts a log in one of the formats. codeName names a gRPC status.
func New(w io.Writer, format string, codeName func(int) string) *Log {
	l := &Log{queue: make(chan proxy.Record, waiting), name: codeName}
	l.write = l.text
	if format == JSON {
		l.write = l.json
	}
	l.done.Go(func() { l.run(bufio.NewWriterSize(w, 64<<10)) })
	return l
}

// Done takes the record of a call. It fits [proxy.Options].
func (l *Log) Done(r *proxy.Record) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return
	}
	select {
	case l.queue <- *r:
	default:
		l.dropped.Add(1)
	}
}

// Dropped is how many records the writer had no time for.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Close writes what waits.
func (l *Log) Close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.queue)
	}
	l.mu.Unlock()
	l.done.Wait()
}

// run writes lines, and flushes when none has come for a while.
func (l *Log) run(w *bufio.Writer) {
	tick := time.NewTicker(delay)
	defer tick.Stop()
	for {
		select {
		case r, ok := <-l.queue:
			if !ok {
				_ = w.Flush() // whoever reads the log is gone
				return
			}
			l.write(w, &r)
		case <-tick.C:
			if w.Buffered() > 0 {
				_ = w.Flush() // whoever reads the log is gone
			}
		}
	}
}

// text is a line for people:
//
//	2026-01-02T15:04:05.000Z OK 1.2ms shop.example.com/shop.Cart/Add GRPCRoute shop/cart rule 0 -> shop/cart:50051 (127.0.0.1:9000)
func (l *Log) text(w *bufio.Writer, r *proxy.Record) {
	fmt.Fprintf(w, "%s %s %s %s%s", r.Start.UTC().Format("2006-01-02T15:04:05.000Z"), l.name(r.Code), short(r.Duration), clean(r.Authority), clean(r.Path))
	if r.Route != "" {
		fmt.Fprintf(w, " %s rule %d", r.Route, r.Rule)
	}
	if r.Backend != "" {
		fmt.Fprintf(w, " -> %s", r.Backend)
	}
	if r.Address != "" {
		fmt.Fprintf(w, " (%s)", r.Address)
	}
	if r.Message != "" {
		fmt.Fprintf(w, ": %s", clean(r.Message))
	}
	_ = w.WriteByte('\n') // an error stays until Flush
}

// clean keeps a client's text on its line.
func clean(s string) string {
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			quoted := strconv.QuoteToASCII(s)
			return quoted[1 : len(quoted)-1]
		}
	}
	return s
}

// short leaves out digits that nobody reads.
func short(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(time.Millisecond)
	case d > time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}

// line is a call in JSON, grpcroute.access/v1.
type line struct {
	Time          time.Time `json:"time"`
	Duration      float64   `json:"seconds"`
	Client        string    `json:"client"`
	Gateway       string    `json:"gateway"`
	Listener      string    `json:"listener,omitempty"`
	Port          int32     `json:"port,omitempty"`
	TLS           bool      `json:"tls"`
	SNI           string    `json:"sni,omitempty"`
	Authority     string    `json:"authority"`
	Path          string    `json:"path"`
	Route         string    `json:"route,omitempty"`
	Rule          *int      `json:"rule,omitempty"`
	RuleName      string    `json:"ruleName,omitempty"`
	Backend       string    `json:"backend,omitempty"`
	Address       string    `json:"address,omitempty"`
	Attempts      int       `json:"attempts"`
	Mirrors       int       `json:"mirrors,omitempty"`
	RequestBytes  int64     `json:"requestBytes"`
	ResponseBytes int64     `json:"responseBytes"`
	HTTP          int       `json:"http,omitempty"`
	GRPC          int       `json:"grpc"`
	Code          string    `json:"code"`
	Message       string    `json:"message,omitempty"`
}

func (l *Log) json(w *bufio.Writer, r *proxy.Record) {
	out := line{
		Time: r.Start.UTC(), Duration: r.Duration.Seconds(), Client: r.Client, Gateway: r.Gateway, Listener: r.Listener, Port: r.Port, TLS: r.TLS, SNI: r.SNI,
		Authority: r.Authority, Path: r.Path, Route: r.Route, RuleName: r.RuleName, Backend: r.Backend, Address: r.Address, Attempts: r.Attempts, Mirrors: r.Mirrors,
		RequestBytes: r.RequestBytes, ResponseBytes: r.ResponseBytes, HTTP: r.HTTP, GRPC: r.Code, Code: l.name(r.Code), Message: r.Message,
	}
	if r.Route != "" {
		out.Rule = &r.Rule
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(out) // an error stays until Flush
}
