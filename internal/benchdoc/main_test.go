package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const output = `goos: linux
pkg: github.com/grpcroute/grpcroute/routing
cpu: Some CPU @ 2.00GHz
BenchmarkLookupExact/10-2         	80000000	        15.20 ns/op	       0 B/op	       0 allocs/op
BenchmarkLookupExact/100000-2     	20000000	        75.00 ns/op	       0 B/op	       0 allocs/op
PASS
pkg: github.com/grpcroute/grpcroute/manifest
BenchmarkLoad-2   	     100	  12000000 ns/op	  55.50 MB/s	 4096 B/op	      12 allocs/op
`

func TestParse(t *testing.T) {
	machine, all := parse(strings.NewReader(output))
	if machine != "Some CPU @ 2.00GHz" || len(all) != 3 {
		t.Fatalf("machine %q, %d benchmarks", machine, len(all))
	}
	if b := all[2]; b.pkg != "manifest" || b.name != "Load" {
		t.Errorf("third benchmark is %+v", b)
	}
	if v, ok := all[2].of("MB/s"); !ok || v != 55.5 {
		t.Errorf("MB/s = %v, %v", v, ok)
	}
}

func TestBarsSayWhatIsNotKept(t *testing.T) {
	_, all := parse(strings.NewReader(output))
	p := page{benchmarks: all, process: []process{
		{}, {wall: 25 * time.Millisecond}, {name: "many", documents: 1000, cpu: 250 * time.Millisecond},
	}}
	var got []bool
	for _, b := range p.bars() {
		got = append(got, b.kept)
	}
	if diff := cmp.Diff([]bool{true, false, true, false, false, false}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	text := p.text()
	for _, want := range []string{
		"| lookup in an exact table of 100000 rules | 75.0 ns, 0 allocations | at most 60 ns, 0 allocations |  | **no** |",
		"| many, lint, documents per CPU-second | 4000 | at least 5000 | 10000 | **no** |",
		"| manifest | Load | 12.0 ms | 4096 B | 12 | 55.50 MB/s |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
}
