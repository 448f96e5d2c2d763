package main

import "math"

// The kinds of workload.
const (
	unary = "unary" // Calls calls
	down  = "down"  // Calls streams of Messages messages from the backend
	bidi  = "bidi"  // Calls streams of Messages messages there and back
)

// workload is what a client does.
type workload struct {
	Name     string
	Kind     string
	Parallel int // calls in flight
	Conns    int // connections
	Size     int // bytes of a message
	Calls    int
	Messages int // of each call
	TLS      bool
	Bars     []bar
}

// bar is the most that grpcroute may cost, as a multiple of a peer.
type bar struct {
	Peer string
	Most float64
}

// workloads are what is measured. The numbers of calls take about a second each
// on the machine for which they were chosen.
var workloads = []workload{
	{Name: "unary 100 B, c=1", Kind: unary, Parallel: 1, Conns: 1, Size: 100, Calls: 4000, Bars: []bar{{"haproxy", 1.35}, {"nginx", 1.1}}},
	{Name: "unary 100 B, c=64, 1 connection", Kind: unary, Parallel: 64, Conns: 1, Size: 100, Calls: 20000,
		Bars: []bar{{"haproxy", 0.8}, {"nginx", 0.3}, {"caddy", 0.1}, {"envoy", 1}}},
	{Name: "unary 100 B, c=64, 8 connections", Kind: unary, Parallel: 64, Conns: 8, Size: 100, Calls: 20000,
		Bars: []bar{{"haproxy", 0.8}, {"nginx", 0.3}, {"caddy", 0.1}, {"envoy", 1}}},
	{Name: "unary 100 B, c=256, 8 connections", Kind: unary, Parallel: 256, Conns: 8, Size: 100, Calls: 20000},
	{Name: "unary 64 KiB, c=8", Kind: unary, Parallel: 8, Conns: 1, Size: 64 << 10, Calls: 3000, Bars: []bar{{"haproxy", 0.6}}},
	{Name: "server stream, 1000 x 1 KiB, 4 at once", Kind: down, Parallel: 4, Conns: 1, Size: 1 << 10, Calls: 120, Messages: 1000, Bars: []bar{{"haproxy", 0.9}}},
	{Name: "ping-pong 100 B, 16 streams", Kind: bidi, Parallel: 16, Conns: 1, Size: 100, Calls: 16, Messages: 1000},
	{Name: "TLS: unary 100 B, c=64", Kind: unary, Parallel: 64, Conns: 1, Size: 100, Calls: 20000, TLS: true, Bars: []bar{{"haproxy", 0.8}}},
	{Name: "TLS: server stream, 1000 x 1 KiB, 4 at once", Kind: down, Parallel: 4, Conns: 1, Size: 1 << 10, Calls: 120, Messages: 1000, TLS: true},
}

// Bars that are counted.
const (
	mostWrites = 0.3 // write system calls of a unary call with 64 in flight
	mostKB     = 1.5 // of an idle stream
	mostReady  = 50  // milliseconds from the start of the process to its first SETTINGS
	idleConns  = 50
	idleCalls  = 10000
	starts     = 9 // of each proxy, to see how soon it is ready
)

// scaled is the workload with another number of calls.
func (w workload) scaled(by float64) workload {
	scale := func(n int) int { return max(int(math.Round(float64(n)*by)), 1) }
	if w.Kind == bidi {
		w.Messages = scale(w.Messages)
		return w
	}
	w.Calls = max(scale(w.Calls), w.Parallel)
	return w
}

// units is how many calls, or messages of streams, the workload is.
func (w *workload) units() int {
	if w.Kind == unary {
		return w.Calls
	}
	return w.Calls * w.Messages
}

// warmup is what is done before anything is measured.
func (w workload) warmup() workload {
	w.Calls = max(w.Calls/5, w.Parallel)
	if w.Kind == bidi {
		w.Messages = max(w.Messages/5, 1)
	}
	return w
}
