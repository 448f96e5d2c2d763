package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// process is what one command line costs, the median over its runs.
type process struct {
	name, command string
	runs          int
	wall, cpu     time.Duration // cpu is user and system time of the child, from getrusage
	slowest       time.Duration // wall
	documents     int           // read per run; 0 where that says nothing
	clean         bool          // exit code 1, which stands for findings, is an error
	once          bool          // a single run, without one for the caches before it
	rss           int64         // bytes, the largest resident set of any run
}

// perCPUSecond is how many documents a second of processor time takes.
func (p *process) perCPUSecond() float64 {
	return float64(p.documents) / p.cpu.Seconds()
}

// The inputs: one file with one route, and ten thousand routes in a hundred
// files.
const (
	manyFiles     = 100
	routesPerFile = 100
)

// measureProcesses builds the tool and runs it on generated inputs.
func measureProcesses(dir string, runs int) ([]process, error) {
	bin := filepath.Join(dir, "grpcroute")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, "./cmd/grpcroute").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the tool: %w\n%s", err, out)
	}
	one := filepath.Join(dir, "route.yaml")
	if err := os.WriteFile(one, []byte(route(0, 0)), 0o644); err != nil {
		return nil, err
	}
	many := filepath.Join(dir, "many")
	documents, err := writeMany(many)
	if err != nil {
		return nil, err
	}
	few := max(5, runs/10)
	all := []process{
		{name: "start and stop", command: "grpcroute version", runs: runs},
		{name: "one file with one route", command: "grpcroute lint route.yaml", runs: runs, documents: 1},
		{name: fmt.Sprintf("%d routes in %d files", manyFiles*routesPerFile, manyFiles), command: "grpcroute lint many/", runs: few, documents: documents},
		{name: "the same, status", command: "grpcroute status many/", runs: few, documents: documents},
		{name: "the same, explain", command: "grpcroute explain -f many/ shop.example.com/acme.team7.v1.Service42/Get", runs: few, documents: documents},
	}
	arguments := [][]string{
		{"version"}, {"lint", one}, {"lint", many}, {"status", many},
		{"explain", "-f", many, "shop.example.com/acme.team7.v1.Service42/Get"},
	}
	for i := range all {
		if err := all[i].measure(bin, arguments[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// measure runs a command once for the caches and then as often as asked. Exit
// code 1 is a result: the inputs may hold findings.
func (p *process) measure(bin string, args []string) error {
	var walls, cpus []time.Duration
	warm := 1
	if p.once {
		p.runs, warm = 1, 0
	}
	for i := range p.runs + warm {
		c := exec.Command(bin, args...)
		var errs bytes.Buffer
		c.Stderr = &errs
		start := time.Now()
		err := c.Run()
		wall := time.Since(start)
		var exit *exec.ExitError
		if err != nil && (p.clean || !errors.As(err, &exit) || exit.ExitCode() != 1) {
			return fmt.Errorf("run %s: %w\n%s", p.command, err, errs.String())
		}
		if i >= warm {
			walls = append(walls, wall)
			cpus = append(cpus, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
			if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
				p.rss = max(p.rss, usage.Maxrss<<10) // kilobytes on Linux
			}
		}
	}
	p.wall, p.cpu, p.slowest = median(walls), median(cpus), slices.Max(walls)
	return nil
}

func median(ds []time.Duration) time.Duration {
	ds = slices.Sorted(slices.Values(ds))
	return ds[len(ds)/2]
}
