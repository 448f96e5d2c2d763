package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// usage is what processes have used since they began.
type usage struct {
	cpu    float64 // seconds, user and system
	writes int64   // system calls of the write family; those of send are not counted
}

// usageOf sums the usage of processes.
func usageOf(pids []int) (usage, error) {
	var u usage
	for _, pid := range pids {
		// The CPU clock of a process: the complement of its id, and 2 for the time it
		// was scheduled (clock_getcpuclockid(3)). /proc has the same in ticks of 10 ms.
		var t unix.Timespec
		if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil {
			return u, fmt.Errorf("CPU clock of process %d: %w", pid, err)
		}
		u.cpu += float64(t.Nano()) / 1e9
		n, err := procNumber(pid, "io", "syscw:")
		if err != nil {
			return u, err
		}
		u.writes += n
	}
	return u, nil
}

// memoryOf sums the proportional memory of processes, in KiB.
func memoryOf(pids []int) (int64, error) {
	var sum int64
	for _, pid := range pids {
		n, err := procNumber(pid, "smaps_rollup", "Pss:")
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// procNumber returns the number behind a key of a file of /proc.
func procNumber(pid int, file, key string) (int64, error) {
	name := filepath.Join("/proc", strconv.Itoa(pid), file)
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			return strconv.ParseInt(number, 10, 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", name, key)
}

// family is a process and its children.
func family(pid int) []int {
	out := []int{pid}
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// The name in parentheses may hold spaces; state and parent follow it.
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			out = append(out, child)
		}
	}
	return out
}

// fileLimit is how many descriptors a process may have.
func fileLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return int(min(limit.Max, 1<<16))
}
