//go:build unix

package manifest_test

import (
	"bytes"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
)

// benchmarkLoad reports documents per second of one processor and memory per
// route.
func benchmarkLoad(b *testing.B, files []*manifest.File, want int) {
	b.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var set *manifest.Set
	cpu := cpuTime()
	for b.Loop() {
		set = manifest.Read(files, manifest.Options{})
	}
	cpu = cpuTime() - cpu
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(set.GRPCRoutes.All) != want {
		b.Fatalf("%d routes, want %d: %v", len(set.GRPCRoutes.All), want, set.Problems)
	}
	// Of processor time, garbage collection included: the clock would measure what
	// else the machine does.
	b.ReportMetric(float64(want)*float64(b.N)/cpu.Seconds(), "docs/cpu-s")
	if want > 1 {
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(want), "B/route")
	}
	runtime.KeepAlive(set)
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkLoadOne(b *testing.B) {
	benchmarkLoad(b, []*manifest.File{{Name: "a.yaml", Data: []byte(route(1))}}, 1)
}

func BenchmarkLoad10000In100Files(b *testing.B) {
	var files []*manifest.File
	for i := range 100 {
		var buf bytes.Buffer
		for j := range 100 {
			buf.WriteString("---\n" + route(i*100+j))
		}
		files = append(files, &manifest.File{Name: fmt.Sprintf("%d.yaml", i), Data: buf.Bytes()})
	}
	benchmarkLoad(b, files, 10000)
}

func BenchmarkLoadListOf10000(b *testing.B) {
	var buf bytes.Buffer
	buf.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	for i := range 10000 {
		text := bytes.TrimSuffix([]byte(route(i)), []byte("\n"))
		buf.WriteString("- " + string(bytes.ReplaceAll(text, []byte("\n"), []byte("\n  "))) + "\n")
	}
	benchmarkLoad(b, []*manifest.File{{Name: "a.yaml", Data: buf.Bytes()}}, 10000)
}

func BenchmarkFirstRange(b *testing.B) {
	data := []byte(route(1))
	for b.Loop() {
		set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: data}}, manifest.Options{})
		set.Documents[0].Range("spec", "rules", 0, "backendRefs", 1, "weight")
	}
}

func BenchmarkRange(b *testing.B) {
	set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(route(1))}}, manifest.Options{})
	for b.Loop() {
		set.Documents[0].Range("spec", "rules", 0, "backendRefs", 1, "weight")
	}
}
