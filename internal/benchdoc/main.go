// Command benchdoc measures and writes docs/benchmarks.md: every Go benchmark of
// the module, and the whole process as a user meets it. It is run from the top of
// the repository by `make bench`, on a machine that does nothing else.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", filepath.Join("docs", "benchmarks.md"), "file to write, or - for standard output")
	runs := flag.Int("runs", 41, "runs of each short process; long ones get a tenth")
	benchtime := flag.String("benchtime", "1s", "time for each Go benchmark; 0 leaves them out")
	flag.Parse()
	if err := run(*out, *runs, *benchtime); err != nil {
		fmt.Fprintln(os.Stderr, "benchdoc:", err)
		os.Exit(1)
	}
}

func run(out string, runs int, benchtime string) error {
	dir, err := os.MkdirTemp("", "benchdoc")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p := page{runs: runs}
	if p.process, err = measureProcesses(dir, runs); err != nil {
		return err
	}
	if benchtime != "0" {
		if p.machine, p.benchmarks, err = goBenchmarks(benchtime); err != nil {
			return err
		}
	}
	text := p.text()
	if out == "-" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, []byte(text), 0o644)
}
