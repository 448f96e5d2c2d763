package main

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page is what docs/benchmarks.md says.
type page struct {
	machine    string
	runs       int
	process    []process
	benchmarks []benchmark
}

const method = `# Benchmarks

Written by ` + "`make bench`" + ` (` + "`internal/benchdoc`" + `); edit that, not this page.

## Method

- **Whole process.** The tool is built with ` + "`-trimpath -ldflags='-s -w'`" + ` and run as a child process on generated
  manifests: one file with one GRPCRoute, and %[1]d GRPCRoutes in %[2]d files beside a Gateway. Each route has two hostnames and
  three rules: an exact method, an exact method with a header, a filter and weighted backends, and a service. After one run that warms
  the file cache come %[3]d measured runs of the short commands (%[4]d of the long ones). The figures are medians. Wall time runs from
  the start of the child to its end; CPU time is user and system time of the child and all its threads as getrusage reports it.
  Lint runs with full admission and all rules. Documents per CPU-second is documents read divided by CPU time.
- **Go benchmarks.** ` + "`go test -bench . -benchmem ./...`" + `, one package at a time.

%[5]s, %[6]d processors, %[7]s, %[8]s/%[9]s.

`

// text writes the page.
func (p *page) text() string {
	var b strings.Builder
	machine := p.machine
	if machine == "" {
		machine = "Processor unknown"
	}
	fmt.Fprintf(&b, method, manyFiles*routesPerFile, manyFiles, p.process[1].runs, p.process[2].runs,
		machine, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	p.writeBars(&b)
	b.WriteString("\n## Whole process\n\n| what | command | wall, median | wall, slowest | CPU, median | documents per CPU-second |\n|---|---|---:|---:|---:|---:|\n")
	for i := range p.process {
		r := &p.process[i]
		per := ""
		if r.documents > 1 {
			per = strconv.FormatFloat(r.perCPUSecond(), 'f', 0, 64)
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", r.name, r.command, ms(r.wall), ms(r.slowest), ms(r.cpu), per)
	}
	if len(p.benchmarks) > 0 {
		b.WriteString("\n## Go benchmarks\n\n| package | benchmark | time | memory | allocations | other |\n|---|---|---:|---:|---:|---|\n")
		for i := range p.benchmarks {
			p.benchmarks[i].write(&b)
		}
	}
	return b.String()
}

// bar is a promise and what was measured.
type bar struct {
	what, measured, promise, aim string
	kept                         bool
}

// bars are the promises this project makes about speed.
func (p *page) bars() []bar {
	one, many := &p.process[1], &p.process[2]
	out := []bar{
		{"one file with one route, lint, whole process", ms(one.wall), "at most 30 ms", "20 ms", one.wall <= 30*time.Millisecond},
		{many.name + ", lint, documents per CPU-second", strconv.FormatFloat(many.perCPUSecond(), 'f', 0, 64), "at least 5000", "10000", many.perCPUSecond() >= 5000},
	}
	if len(p.benchmarks) == 0 {
		return out
	}
	for _, rules := range []string{"10", "1000", "10000", "100000"} {
		r := bar{what: "lookup in an exact table of " + rules + " rules", measured: "not measured", promise: "at most 60 ns, 0 allocations"}
		if i := slices.IndexFunc(p.benchmarks, func(b benchmark) bool { return b.name == "LookupExact/"+rules }); i >= 0 {
			ns, timed := p.benchmarks[i].of("ns/op")
			allocs, counted := p.benchmarks[i].of("allocs/op")
			r.measured = fmt.Sprintf("%s, %s allocations", nanos(ns), number(allocs))
			r.kept = timed && counted && ns <= 60 && allocs == 0
		}
		out = append(out, r)
	}
	return out
}

func (p *page) writeBars(b *strings.Builder) {
	b.WriteString("## Bars\n\n| what | measured | bar | aim | kept |\n|---|---:|---|---|---|\n")
	for _, r := range p.bars() {
		kept := "yes"
		if !r.kept {
			kept = "**no**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", r.what, r.measured, r.promise, r.aim, kept)
	}
}

func (b *benchmark) write(out *strings.Builder) {
	ns, _ := b.of("ns/op")
	var other []string
	for _, m := range b.metrics {
		switch m.unit {
		case "ns/op", "B/op", "allocs/op":
		default:
			other = append(other, number(m.value)+" "+m.unit)
		}
	}
	memory, _ := b.of("B/op")
	allocs, _ := b.of("allocs/op")
	fmt.Fprintf(out, "| %s | %s | %s | %s B | %s | %s |\n", b.pkg, b.name, nanos(ns), number(memory), number(allocs), strings.Join(other, ", "))
}

func ms(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64) + " ms"
}

// nanos writes a time with three or four digits that count.
func nanos(ns float64) string {
	switch {
	case ns < 1e3:
		return strconv.FormatFloat(ns, 'f', 1, 64) + " ns"
	case ns < 1e6:
		return strconv.FormatFloat(ns/1e3, 'f', 1, 64) + " µs"
	case ns < 1e9:
		return strconv.FormatFloat(ns/1e6, 'f', 1, 64) + " ms"
	}
	return strconv.FormatFloat(ns/1e9, 'f', 2, 64) + " s"
}

func number(v float64) string {
	if v == float64(int64(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
