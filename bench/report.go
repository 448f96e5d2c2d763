package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// report is what a run found. The first proxy is ours.
type report struct {
	options *options
	proxies []peer
	rows    []row
	ready   [][]float64 // by proxy, milliseconds of each start
	idle    []float64   // by proxy, KB of a stream; 0 when not measured
}

// row is what one workload cost, by proxy.
type row struct {
	workload workload
	cpu      [][]float64 // microseconds of each round
	writes   [][]float64
	rate     [][]float64
	errors   []int64
	first    []string
}

func newReport(proxies []peer, o *options) *report {
	r := &report{options: o, proxies: proxies, ready: make([][]float64, len(proxies)), idle: make([]float64, len(proxies))}
	for _, w := range workloads {
		if strings.Contains(w.Name, o.only) {
			n := len(proxies)
			r.rows = append(r.rows, row{w, make([][]float64, n), make([][]float64, n), make([][]float64, n), make([]int64, n), make([]string, n)})
		}
	}
	return r
}

func (r *row) add(at int, w *workload, got *result) {
	units := float64(w.units())
	r.cpu[at] = append(r.cpu[at], got.CPU/units*1e6)
	r.writes[at] = append(r.writes[at], float64(got.Writes)/units)
	r.rate[at] = append(r.rate[at], units/got.Seconds)
	r.errors[at] += got.Errors
	if r.first[at] == "" {
		r.first[at] = got.First
	}
}

// median of an odd number of values is the middle one.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// verdict is how a bar was kept.
type verdict struct {
	what, measured, most string
	kept                 bool
}

// verdicts compares the medians with every bar that the run can judge.
func (r *report) verdicts() []verdict {
	var out []verdict
	for i := range r.rows {
		row := &r.rows[i]
		for _, b := range row.workload.Bars {
			at := r.index(b.Peer)
			if at < 0 {
				continue
			}
			ratio := median(row.cpu[0]) / median(row.cpu[at])
			out = append(out, verdict{row.workload.Name + ", CPU against " + b.Peer, fmt.Sprintf("%.2f", ratio), fmt.Sprintf("%.2f", b.Most), ratio <= b.Most})
		}
		if w := &row.workload; w.Kind == unary && w.Parallel == 64 && !w.TLS {
			writes := median(row.writes[0])
			out = append(out, verdict{w.Name + ", write calls", fmt.Sprintf("%.2f", writes), fmt.Sprint(mostWrites), writes <= mostWrites})
		}
	}
	if r.options.counts {
		ready, kb := median(r.ready[0]), r.idle[0]
		out = append(out,
			verdict{fmt.Sprintf("memory of an idle stream, %d on %d connections", idleCalls, idleConns), fmt.Sprintf("%.2f KB", kb), fmt.Sprintf("%.1f KB", mostKB), kb <= mostKB},
			verdict{"from start to the first SETTINGS", fmt.Sprintf("%.1f ms", ready), fmt.Sprintf("%d ms", mostReady), ready <= mostReady})
	}
	return out
}

func (r *report) index(name string) int {
	return slices.IndexFunc(r.proxies, func(p peer) bool { return p.name == name })
}

// errors says which of our calls failed; a figure with failed calls is none.
func (r *report) errors() error {
	var out []error
	for i := range r.rows {
		row := &r.rows[i]
		if row.errors[0] > 0 {
			out = append(out, fmt.Errorf("%s: %d calls through %s failed: %s", row.workload.Name, row.errors[0], ours, row.first[0]))
		}
	}
	return errors.Join(out...)
}
