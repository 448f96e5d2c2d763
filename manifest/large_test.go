package manifest_test

import (
	"bufio"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/manifest"
)

// TestLargeFiles reads files of 100 MB and watches the memory. It takes half a
// minute, so it runs when asked for, and in CI.
func TestLargeFiles(t *testing.T) {
	if os.Getenv("GRPCROUTE_LARGE") == "" && os.Getenv("GRPCROUTE_REQUIRE_ALL") != "1" {
		t.Skip("SKIPPED, MEMORY NOT WATCHED: set GRPCROUTE_LARGE=1 to read files of 100 MB")
	}
	const size = 100 << 20
	indented := func(s string) string { return "- " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n" }
	pod := "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n" + strings.Repeat("  - name: é\n    image: b\n", 200)
	tests := []struct {
		name       string
		head       string
		item       func(i int) string
		limit      uint64 // of live memory, the file included
		wantRoutes bool
	}{
		// An object that is kept costs about ten times its text.
		{"routes", "", func(i int) string { return "---\n" + route(i) }, 1800 << 20, true},
		{"a List of routes", "apiVersion: v1\nkind: List\nitems:\n", func(i int) string { return indented(route(i)) }, 1800 << 20, true},
		// Objects of other kinds are not kept. On a busy machine there is more garbage.
		{"other objects", "", func(int) string { return "---\n" + pod }, 450 << 20, false},
		{"a List of other objects", "apiVersion: v1\nkind: List\nitems:\n", func(int) string { return indented(pod) }, 450 << 20, false},
		{"one document", "apiVersion: v1\nkind: ConfigMap\ndata:\n", func(int) string { return "- a\n" }, 300 << 20, false},
		{"one line", "apiVersion: v1\nkind: ConfigMap\ndata: [", func(int) string { return "a," }, 300 << 20, false},
		{"broken documents", "", func(int) string { return "---\nkind: A\nspec:\n\t- a\n" }, 500 << 20, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			count := writeLarge(t, "a.yaml", size, tt.head, tt.item)
			peak, stop := watchMemory()
			start := time.Now()
			set, err := manifest.Load([]string{"a.yaml"}, manifest.Options{})
			took := time.Since(start)
			stop()
			if err != nil || tt.wantRoutes && len(set.GRPCRoutes.All) != count {
				t.Errorf("%d routes of %d, error %v", len(set.GRPCRoutes.All), count, err)
			}
			t.Logf("%d items, peak %d MiB in %v", count, *peak>>20, took.Round(time.Millisecond))
			if *peak > tt.limit {
				t.Errorf("peak %d MiB, limit %d", *peak>>20, tt.limit>>20)
			}
		})
	}
}

func writeLarge(t *testing.T, name string, size int, head string, item func(int) string) (count int) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	written, _ := w.WriteString(head)
	for ; written < size; count++ {
		n, _ := w.WriteString(item(count)) // Flush reports what failed
		written += n
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return count
}

// watchMemory follows the live memory above what there was, until it is stopped.
func watchMemory() (peak *uint64, stop func()) {
	peak = new(uint64)
	done, finished := make(chan struct{}), make(chan struct{})
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	go func() {
		defer close(finished)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			// HeapAlloc counts garbage as well: what a runner has to have.
			*peak = max(*peak, m.HeapAlloc-min(m.HeapAlloc, before.HeapAlloc))
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return peak, func() { close(done); <-finished }
}
