package simulate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// What a traffic log may cost. A line of Envoy holds a few hundred bytes, headers
// tens of kilobytes at most.
const (
	maxLogLine   = 1 << 20
	maxSeenCalls = 200_000
	badLinesKept = 5
)

// Traffic is what an access log holds: calls, equal ones folded, in the order in
// which they came first.
type Traffic struct {
	Calls []SeenCall
	Lines int // that are not empty
	Other int // that are requests or messages, and no gRPC calls
	Bad   int // that could not be read
	// BadLines are the first of those.
	BadLines []BadLine
}

// BadLine is a line of a log that could not be read.
type BadLine struct {
	Line int // from 1
	Why  string
}

// Notes says what of the log was not compared.
func (t *Traffic) Notes() []string {
	var out []string
	if t.Other > 0 {
		out = append(out, fmt.Sprintf("access log: %d of %d lines are no gRPC calls", t.Other, t.Lines))
	}
	if t.Bad > 0 {
		var first []string
		for _, b := range t.BadLines {
			first = append(first, fmt.Sprintf("line %d: %s", b.Line, b.Why))
		}
		if t.Bad > len(first) {
			first = append(first, fmt.Sprintf("and %d more", t.Bad-len(first)))
		}
		out = append(out, fmt.Sprintf("access log: %d of %d lines cannot be read: %s", t.Bad, t.Lines, strings.Join(first, "; ")))
	}
	if open := slices.ContainsFunc(t.Calls, func(c SeenCall) bool { return !c.Complete }); open {
		out = append(out, "access log: it does not show the headers of every call, so a call counts where any headers make a difference")
	}
	return out
}

// logCall is one line of a log.
type logCall struct {
	authority, path string
	headers         []routing.Header
	complete        bool
}

// errNotGRPC tells that a line is something else than a gRPC call.
var errNotGRPC = errors.New("not a gRPC call")

// ReadTraffic reads an access log: a JSON object a line (a witness as this tool
// prints it, or Envoy's JSON access log), or Envoy's default text format. The
// error is the reader's, or that there are too many different calls.
func ReadTraffic(r io.Reader) (*Traffic, error) {
	t := &Traffic{Calls: []SeenCall{}}
	at := map[string]int{}
	in := bufio.NewReaderSize(r, 64<<10)
	var buf []byte
	for n := 1; ; n++ {
		line, long, err := readLine(in, buf[:0])
		buf = line
		if text := strings.TrimSpace(string(line)); long || text != "" {
			t.Lines++
			if t.add(n, text, long, at); len(t.Calls) > maxSeenCalls {
				return nil, fmt.Errorf("more than %d different calls by line %d: split it", maxSeenCalls, n)
			}
		}
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// readLine appends a line to buf. The rest of a line beyond maxLogLine is read
// over.
func readLine(in *bufio.Reader, buf []byte) (line []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(buf)+len(part) > maxLogLine {
			long = true
		} else {
			buf = append(buf, part...)
		}
		if err != bufio.ErrBufferFull {
			return buf, long, err
		}
	}
}

// add takes one line in.
func (t *Traffic) add(n int, text string, long bool, at map[string]int) {
	c, err := (*logCall)(nil), error(nil)
	switch {
	case long:
		err = fmt.Errorf("it is longer than %d bytes", maxLogLine)
	case strings.HasPrefix(text, "{"):
		c, err = jsonLogCall(text)
	default:
		c, err = textLogCall(text)
	}
	switch {
	case errors.Is(err, errNotGRPC):
		t.Other++
	case err != nil:
		t.Bad++
		if len(t.BadLines) < badLinesKept {
			t.BadLines = append(t.BadLines, BadLine{n, err.Error()})
		}
	default:
		key := fmt.Sprintf("%q %q %t %q", c.authority, c.path, c.complete, c.headers)
		if i, ok := at[key]; ok {
			t.Calls[i].Count++
			return
		}
		at[key] = len(t.Calls)
		t.Calls = append(t.Calls, SeenCall{Authority: c.authority, Path: c.path, Headers: c.headers, Complete: c.complete, Count: 1})
	}
}

// checked returns a call in the form in which equal ones are equal, or
// [errNotGRPC]. gRPC calls are POST requests to "/SERVICE/METHOD".
func (c *logCall) checked(method string) (*logCall, error) {
	if method != "" && method != "POST" {
		return nil, errNotGRPC
	}
	p, err := Call{Target: c.path, Authority: c.authority}.parse()
	if err != nil || p.authority == "" || p.authority == "-" || !strings.HasPrefix(c.path, "/") {
		return nil, errNotGRPC
	}
	c.authority = strings.ToLower(p.authority)
	if p.portHint != 0 {
		c.authority = c.authority[:strings.LastIndexByte(c.authority, ':')]
		c.authority = strings.TrimSuffix(strings.TrimPrefix(c.authority, "["), "]")
	}
	return c, nil
}
