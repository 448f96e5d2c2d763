package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// benchmark is one line of `go test -bench`.
type benchmark struct {
	pkg, name string
	metrics   []metric
}

type metric struct {
	value float64
	unit  string
}

// of returns the value of a unit, and whether the benchmark reports it.
func (b *benchmark) of(unit string) (float64, bool) {
	for _, m := range b.metrics {
		if m.unit == unit {
			return m.value, true
		}
	}
	return 0, false
}

// goBenchmarks runs every benchmark of the module, one package at a time so that
// none disturbs another, and returns what Go says of the processor.
func goBenchmarks(benchtime string) (machine string, all []benchmark, err error) {
	c := exec.Command("go", "test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", benchtime, "-p", "1", "-timeout", "60m", "./...")
	var out bytes.Buffer
	c.Stdout = io.MultiWriter(&out, os.Stderr)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return "", nil, fmt.Errorf("run the Go benchmarks: %w", err)
	}
	machine, all = parse(&out)
	if len(all) == 0 {
		return "", nil, fmt.Errorf("run the Go benchmarks: none ran")
	}
	return machine, all, nil
}

var procs = regexp.MustCompile(`-\d+$`)

// parse reads the output of `go test -bench`.
func parse(r io.Reader) (machine string, all []benchmark) {
	pkg := ""
	for s := bufio.NewScanner(r); s.Scan(); {
		line := s.Text()
		if rest, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = strings.TrimPrefix(rest, "github.com/grpcroute/grpcroute/")
		}
		if rest, ok := strings.CutPrefix(line, "cpu: "); ok {
			machine = rest
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(line, "Benchmark") {
			continue
		}
		b := benchmark{pkg: pkg, name: procs.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				b.metrics = append(b.metrics, metric{v, fields[i+1]})
			}
		}
		all = append(all, b)
	}
	return machine, all
}
