package cmd

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
)

// accessLog writes a line per call. Calls never wait for it: what does not fit into
// its queue is counted and left out.
type accessLog struct {
	form    string
	queue   chan proxy.Record
	dropped atomic.Uint64
	stop    chan struct{}
	ended   chan struct{}
}

const accessQueue = 4096

func newAccessLog(w io.Writer, form string) *accessLog {
	l := &accessLog{form: form, stop: make(chan struct{}), ended: make(chan struct{})}
	if form == "off" {
		close(l.ended)
		return l
	}
	l.queue = make(chan proxy.Record, accessQueue)
	go l.write(w)
	return l
}

// done returns what takes the records of calls, nil for nobody.
func (l *accessLog) done() func(*proxy.Record) {
	if l.queue == nil {
		return nil
	}
	return func(r *proxy.Record) {
		select {
		case l.queue <- *r:
		default:
			l.dropped.Add(1)
		}
	}
}

// close writes what is left. Calls that end afterwards are not told of.
func (l *accessLog) close(tell *teller) {
	close(l.stop)
	<-l.ended
	if n := l.dropped.Load(); n > 0 {
		tell.warnf("the access log left out %d calls: what reads it is too slow", n)
	}
}

func (l *accessLog) write(w io.Writer) {
	defer close(l.ended)
	b := bufio.NewWriterSize(w, 64<<10)
	defer b.Flush() // a reader that went away reads no more
	for {
		select {
		case r := <-l.queue:
			l.line(b, &r)
			if len(l.queue) == 0 {
				_ = b.Flush()
			}
			continue
		case <-l.stop:
		}
		for len(l.queue) > 0 {
			r := <-l.queue
			l.line(b, &r)
		}
		return
	}
}

func (l *accessLog) line(w io.Writer, r *proxy.Record) {
	if l.form == "json" {
		writeJSON(w, r)
		return
	}
	writeText(w, r)
}

// accessLine is a call in JSON; it names no header.
type accessLine struct {
	Time      string  `json:"time"`
	Duration  float64 `json:"durationMs"`
	Client    string  `json:"client"`
	Gateway   string  `json:"gateway"`
	Port      int32   `json:"port"`
	Listener  string  `json:"listener,omitempty"`
	Authority string  `json:"authority"`
	Path      string  `json:"path"`
	Route     string  `json:"route,omitempty"`
	Rule      *int    `json:"rule,omitempty"`
	Backend   string  `json:"backend,omitempty"`
	Address   string  `json:"address,omitempty"`
	Code      string  `json:"code"`
	Message   string  `json:"message,omitempty"`
}

const timeForm = "2006-01-02T15:04:05.000Z07:00"

func writeJSON(w io.Writer, r *proxy.Record) {
	line := accessLine{
		Time: r.Start.UTC().Format(timeForm), Duration: float64(r.Duration.Microseconds()) / 1000, Client: r.Client,
		Gateway: r.Gateway, Port: r.Port, Listener: r.Listener, Authority: r.Authority, Path: r.Path,
		Route: r.Route, Backend: r.Backend, Address: r.Address, Code: codeName(r.Code), Message: r.Message,
	}
	if r.Route != "" {
		line.Rule = &r.Rule
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(line) // a bufio.Writer keeps its error
}

func writeText(w io.Writer, r *proxy.Record) {
	fmt.Fprintf(w, "%s %s %q %s", r.Start.UTC().Format(timeForm), codeName(r.Code), r.Authority+r.Path, r.Duration.Round(time.Microsecond))
	if r.Route != "" {
		fmt.Fprintf(w, " %s/%d", r.Route, r.Rule)
	}
	if r.Backend != "" {
		fmt.Fprintf(w, " → %s", r.Backend)
	}
	if r.Message != "" {
		fmt.Fprintf(w, " %q", r.Message)
	}
	fmt.Fprintln(w)
}

// codeNames are the gRPC status codes by number.
var codeNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

func codeName(code int) string {
	if code >= 0 && code < len(codeNames) {
		return codeNames[code]
	}
	return fmt.Sprintf("CODE_%d", code)
}
