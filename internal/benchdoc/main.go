// Command benchdoc measures and writes docs/benchmarks.md: every Go benchmark of
// the module, and the whole process as a user meets it. It is run from the top of
// the repository by `make bench`, on a machine that does nothing else.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/grpcroute/grpcroute/internal/crdgen/crds"
)

func main() {
	out := flag.String("out", filepath.Join("docs", "benchmarks.md"), "file to write, or - for standard output")
	runs := flag.Int("runs", 41, "runs of each short process; long ones get a tenth")
	benchtime := flag.String("benchtime", "1s", "time for each Go benchmark; 0 leaves them out")
	peers := flag.Bool("peers", false, "measure lint beside kubeconform and kubectl-validate instead")
	flag.Parse()
	if *peers {
		if err := runPeers(*out, *runs); err != nil {
			fmt.Fprintln(os.Stderr, "benchdoc:", err)
			os.Exit(1)
		}
		return
	}
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
	return write(out, p.text())
}

// runPeers measures lint beside its peers and writes the page.
func runPeers(out string, runs int) error {
	dir, err := os.MkdirTemp("", "benchdoc")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all, err := measurePeers(dir, runs)
	if err != nil {
		return err
	}
	releases := crds.Releases()
	return write(out, peersPage(all, processor(), releases[len(releases)-1].Module))
}

// processor names the processor where the system tells.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(data)) {
			if key, name, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				return strings.TrimSpace(name)
			}
		}
	}
	return "processor unknown"
}

func write(out, text string) error {
	if out == "-" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, []byte(text), 0o644)
}
