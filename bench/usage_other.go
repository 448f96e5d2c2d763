//go:build !linux

package main

import "errors"

// usage is what processes have used since they began.
type usage struct {
	cpu    float64
	writes int64
}

var errLinux = errors.New("the benchmark reads /proc: it needs Linux")

func usageOf([]int) (usage, error) { return usage{}, errLinux }

func memoryOf([]int) (int64, error) { return 0, errLinux }

func family(pid int) []int { return []int{pid} }

func fileLimit() int { return 1024 }
