package simulate

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// Traffic is what an access log shows. Every line is accounted for: it holds a
// call, another request, or could not be read.
type Traffic struct {
	Calls []SeenCall // equal ones are one, in the order of the log
	Total int        // calls, equal ones counted
	Open  int        // of Total, those of which the log does not show all headers
	Lines int        // lines that are not blank
	Other int        // lines with a request that is no gRPC call
	// Unread counts lines that could not be read; Problems are the first of them.
	Unread   int
	Problems []LineProblem
}

// LineProblem says why a line of a log could not be read.
type LineProblem struct {
	Line int
	Why  string
}

// TrafficOptions steer [ReadTraffic].
type TrafficOptions struct {
	// Header, when set, says which headers matter, in lower case. Others, such as
	// request ids, would make every call a distinct one.
	Header func(name string) bool
}

// What one log may cost beside the distinct calls it holds.
const (
	maxLineBytes    = 1 << 20
	maxLineProblems = 5
)

// errOther marks a request that is no gRPC call.
var errOther = errors.New("no gRPC call")

// ReadTraffic reads an access log: lines of JSON (witnesses, or what Envoy writes
// with a json_format) and lines in Envoy's default format, also mixed. Memory
// follows the number of distinct calls. The error is the reader's.
func ReadTraffic(r io.Reader, o TrafficOptions) (*Traffic, error) {
	t := &traffic{Traffic: &Traffic{Calls: []SeenCall{}}, o: o, seen: map[string]int{}}
	in := bufio.NewReaderSize(r, 64<<10)
	var buf []byte
	for n := 1; ; n++ {
		line, tooLong, err := readLine(in, buf[:0])
		buf = line
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		switch line = bytes.TrimSpace(line); {
		case tooLong:
			t.Lines++
			t.unread(n, fmt.Errorf("the line is longer than %d MiB", maxLineBytes>>20))
		case len(line) > 0:
			t.Lines++
			t.line(n, line)
		}
		if err == io.EOF {
			return t.Traffic, nil
		}
		if err != nil {
			return t.Traffic, fmt.Errorf("read line %d: %w", n, err)
		}
	}
}

// readLine appends a line to buf, of which it keeps maxLineBytes.
func readLine(in *bufio.Reader, buf []byte) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(buf)+len(part) > maxLineBytes+1 {
			tooLong = true
		} else {
			buf = append(buf, part...)
		}
		if err != bufio.ErrBufferFull {
			return buf, tooLong, err
		}
	}
}

// traffic is a log while it is read.
type traffic struct {
	*Traffic
	o    TrafficOptions
	seen map[string]int // index in Calls
	key  []byte
}

// logged is a call as a line shows it.
type logged struct {
	authority, path       string
	method, protocol      string // "" when the line does not say
	contentType           string
	headers               []routing.Header
	complete              bool
	count                 int
	originalPath, badName string
}

func (t *traffic) line(n int, line []byte) {
	parse := textLine
	if line[0] == '{' {
		parse = jsonLine
	}
	call, err := parse(line)
	if err == nil {
		err = call.check()
	}
	switch {
	case errors.Is(err, errOther):
		t.Other++
	case err != nil:
		t.unread(n, err)
	default:
		t.add(call)
	}
}

func (t *traffic) unread(n int, why error) {
	t.Unread++
	if len(t.Problems) < maxLineProblems {
		t.Problems = append(t.Problems, LineProblem{n, why.Error()})
	}
}

// check tells whether a request is a gRPC call over HTTP/2 and whether its host
// can be one (gRPC over HTTP/2: requests are POST, and content-type begins with
// "application/grpc"; gRPC-Web is another protocol).
func (c *logged) check() error {
	if c.originalPath != "" {
		c.path = c.originalPath // before a rewrite
	}
	switch {
	case c.method != "" && !strings.EqualFold(c.method, "POST"):
		return errOther
	case strings.HasPrefix(c.protocol, "HTTP/1"):
		return errOther
	case c.contentType != "" && !isGRPC(c.contentType):
		return errOther
	case c.path == "" && c.authority == "":
		return errors.New("it names neither a host nor a path: expected keys like \"authority\" and \"path\"")
	case c.path == "":
		return errors.New("it has no path: expected a key like \"path\" or \":path\"")
	}
	if _, _, err := splitPath(c.path, strings.TrimPrefix(c.path, "/")); err != nil || c.path[0] != '/' {
		return errOther
	}
	if c.authority == "" {
		return errors.New("it names no host: expected a key like \"authority\", \":authority\" or \"host\"")
	}
	if c.badName != "" {
		return fmt.Errorf("%q is not a header name", c.badName)
	}
	return (&parsed{authority: c.authority}).takePort()
}

func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(contentType), "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// add counts a call.
func (t *traffic) add(c *logged) {
	if t.o.Header != nil {
		c.headers = slices.DeleteFunc(c.headers, func(h routing.Header) bool { return !t.o.Header(h.Name) })
	}
	slices.SortStableFunc(c.headers, func(a, b routing.Header) int { return strings.Compare(a.Name, b.Name) })
	c.authority = strings.ToLower(c.authority)
	count := max(c.count, 1)
	t.Total += count
	if !c.complete {
		t.Open += count
	}
	key := t.keyOf(c)
	if at, ok := t.seen[string(key)]; ok {
		t.Calls[at].Count += count
		return
	}
	t.seen[string(key)] = len(t.Calls)
	t.Calls = append(t.Calls, SeenCall{Authority: c.authority, Path: c.path, Headers: c.headers, Complete: c.complete, Count: count})
}

// keyOf is equal for equal calls only.
func (t *traffic) keyOf(c *logged) []byte {
	key := strconv.AppendBool(t.key[:0], c.complete)
	text := func(s string) {
		key = strconv.AppendInt(key, int64(len(s)), 10)
		key = append(append(key, ' '), s...)
	}
	text(c.authority)
	text(c.path)
	for _, h := range c.headers {
		text(h.Name)
		text(h.Value)
	}
	t.key = key
	return key
}
