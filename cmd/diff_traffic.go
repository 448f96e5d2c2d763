package cmd

import (
	"fmt"
	"os"
	"strings"

	"github.com/grpcroute/grpcroute/simulate"
)

// calls reads the access log; nil without one. Of the headers it shows those count
// that some match of a side asks for.
func (o *diffOptions) calls(pairs [][2]*diffSide) (*simulate.Traffic, error) {
	if o.Traffic == "" {
		return nil, nil
	}
	in := o.Streams.In
	if o.Traffic != "-" {
		f, err := os.Open(o.Traffic)
		if err != nil {
			return nil, fmt.Errorf("read the access log: %w", err)
		}
		defer f.Close() // read only: nothing to lose
		in = f
	}
	asked := map[string]bool{}
	for _, pair := range pairs {
		simulate.HeaderNames(asked, pair[0].tables)
		simulate.HeaderNames(asked, pair[1].tables)
	}
	t, err := simulate.ReadTraffic(in, simulate.TrafficOptions{Header: func(name string) bool { return asked[name] }})
	if err != nil {
		return nil, fmt.Errorf("read the access log %s: %w", o.Traffic, err)
	}
	if len(t.Calls) == 0 {
		return nil, fmt.Errorf("read the access log %s: no gRPC call in its %d lines", o.Traffic, t.Lines)
	}
	return t, nil
}

// trafficNotes say what of a log was not compared, and what it does not show.
func trafficNotes(t *simulate.Traffic) []string {
	var out []string
	if t.Other > 0 {
		out = append(out, fmt.Sprintf("access log: %d of %d lines are no gRPC calls", t.Other, t.Lines))
	}
	if t.Unread > 0 {
		var first []string
		for _, p := range t.Problems {
			first = append(first, fmt.Sprintf("line %d: %s", p.Line, p.Why))
		}
		if more := t.Unread - len(first); more > 0 {
			first = append(first, fmt.Sprintf("and %d more", more))
		}
		out = append(out, fmt.Sprintf("access log: %d of %d lines cannot be read: %s", t.Unread, t.Lines, strings.Join(first, "; ")))
	}
	if t.Open > 0 {
		out = append(out, fmt.Sprintf("access log: it does not show all headers of %d of %d calls, which count where any headers make a difference", t.Open, t.Total))
	}
	return out
}
