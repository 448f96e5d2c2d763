package main

import (
	"fmt"
	"runtime"
	"strings"
)

const method = `# The data plane beside others

Written by ` + "`make bench-proxy`" + ` (` + "`bench/`" + `); edit that, not this page. Compare figures of one page only.

## Method

- Every proxy has the same rules: one that matches a header, two for a service, one whose backend refuses connections; a listener
  without TLS and one with TLS 1.3; HTTP/2 without TLS to the backends. A probe checks them before anything is measured. The
  configurations are in ` + "`bench/conf`" + `. Access logs are off. grpcroute is the program of this tree, run as
  ` + "`serve --admin`" + `: it counts calls by route, rule, backend and code, and keeps a histogram of their duration.
- A proxy runs on one core with one worker. The backend and the client, both grpc-go with a codec that passes bytes through, share
  another core and check every answer.
- A round measures each workload through every proxy in turn, so that whatever else the machine does falls on all alike. Each
  measurement warms up with a fifth of its calls.
- The figure is the CPU time, user and system, that the processes of the proxy spent over a counted number of calls (of messages for
  streams), by their CPU clocks. Rates and latencies are not compared: on a shared machine they say little.
- Write system calls are those that the kernel counted for the process (` + "`syscw`" + `).
- Memory is the proportional set size of a fresh process before and after %[1]d streams were opened on %[2]d connections and got headers; the
  connections are in it. Ready is the time from start to the first SETTINGS frame, and for grpcroute to its line ` + "`ready`" + `
  if that is later; the median of %[3]d starts.

%[4]s, %[5]d processors, %[6]s, %[7]s/%[8]s. %[9]s %[10]d rounds.

`

// page is the report in Markdown.
func (r *report) page() string {
	var b strings.Builder
	var versions []string
	for _, p := range r.proxies {
		if p.version != "" {
			versions = append(versions, p.name+" "+p.version)
		}
	}
	with := "Nothing to compare with;"
	if len(versions) > 0 {
		with = strings.Join(versions, ", ") + ";"
	}
	fmt.Fprintf(&b, method, idleCalls, idleConns, starts, machine(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, with, r.options.rounds)
	if r.options.scale < 1 {
		b.WriteString("A run with a part of the calls: its figures say nothing.\n\n")
	}
	r.writeBars(&b)
	r.writeCPU(&b)
	r.writeRatios(&b)
	r.writeCounts(&b)
	r.writeErrors(&b)
	return b.String()
}

func (r *report) writeBars(b *strings.Builder) {
	b.WriteString("## Bars\n\nA multiple compares the medians of one run.\n\n| what | measured | bar: at most | kept |\n|---|---:|---:|---|\n")
	for _, v := range r.verdicts() {
		kept := "yes"
		if !v.kept {
			kept = "**missed**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", v.what, v.measured, v.most, kept)
	}
}

// head begins a table with a column for each proxy from the given one on.
func (r *report) head(b *strings.Builder, title string, from int) {
	fmt.Fprintf(b, "\n## %s\n\n| workload |", title)
	for _, p := range r.proxies[from:] {
		fmt.Fprintf(b, " %s |", p.name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(r.proxies)-from) + "\n")
}

func (r *report) writeCPU(b *strings.Builder) {
	r.head(b, "CPU time in microseconds, of a call or of a message of a stream: median (least)", 0)
	for i := range r.rows {
		row := &r.rows[i]
		fmt.Fprintf(b, "| %s |", row.workload.Name)
		for at := range r.proxies {
			fmt.Fprintf(b, " %s (%s) |", digits(median(row.cpu[at])), digits(least(row.cpu[at])))
		}
		b.WriteString("\n")
	}
}

func (r *report) writeRatios(b *strings.Builder) {
	if len(r.proxies) < 2 {
		return
	}
	r.head(b, "grpcroute as a multiple of: by medians (by least)", 1)
	for i := range r.rows {
		row := &r.rows[i]
		fmt.Fprintf(b, "| %s |", row.workload.Name)
		for at := 1; at < len(r.proxies); at++ {
			fmt.Fprintf(b, " %.2f (%.2f) |", median(row.cpu[0])/median(row.cpu[at]), least(row.cpu[0])/least(row.cpu[at]))
		}
		b.WriteString("\n")
	}
}

func (r *report) writeCounts(b *strings.Builder) {
	if !r.options.counts {
		return
	}
	r.head(b, "Counted", 0)
	b.WriteString("| KB of an idle stream |")
	for _, kb := range r.idle {
		if kb == 0 {
			b.WriteString(" not all opened |")
			continue
		}
		fmt.Fprintf(b, " %.2f |", kb)
	}
	b.WriteString("\n| ready, milliseconds |")
	for _, ms := range r.ready {
		fmt.Fprintf(b, " %.1f |", median(ms))
	}
	b.WriteString("\n")
}

func (r *report) writeErrors(b *strings.Builder) {
	var lines []string
	for i := range r.rows {
		row := &r.rows[i]
		for at, n := range row.errors {
			if n > 0 {
				lines = append(lines, fmt.Sprintf("- %s through %s: %d, the first of them: %s", row.workload.Name, r.proxies[at].name, n, row.first[at]))
			}
		}
	}
	if lines == nil {
		lines = []string{"None in any measurement."}
	}
	b.WriteString("\n## Failed calls\n\n" + strings.Join(lines, "\n") + "\n")
}

func least(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	out := values[0]
	for _, v := range values[1:] {
		out = min(out, v)
	}
	return out
}

// digits shows three of them.
func digits(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
