package manifest_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
)

// route is a GRPCRoute of 28 lines, as a service of a normal repository has one.
func route(i int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: orders-%05d
  namespace: shop
  labels:
    app: orders
spec:
  parentRefs:
  - name: public
    sectionName: grpc
  hostnames:
  - "orders-%d.example.com"
  rules:
  - matches:
    - method:
        service: shop.orders.v1.Orders
        method: Create
      headers:
      - name: x-canary
        value: "1"
    backendRefs:
    - name: orders
      port: 8080
      weight: 90
    - name: orders-canary
      port: 8080
      weight: 10
`, i, i)
}

func routes(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString("---\n" + route(i))
	}
	return b.Bytes()
}

// loaded reports documents per second of one CPU and memory per route.
func benchmarkLoad(b *testing.B, files []*manifest.File, want int) {
	b.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var set *manifest.Set
	for b.Loop() {
		// Data is not shared with the set before: both would count as live.
		set = manifest.Read(files, manifest.Options{})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(set.GRPCRoutes.All) != want {
		b.Fatalf("%d routes, want %d: %v", len(set.GRPCRoutes.All), want, set.Problems)
	}
	b.ReportMetric(float64(want)*float64(b.N)/b.Elapsed().Seconds(), "docs/s")
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(want), "B/route")
	runtime.KeepAlive(set)
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
