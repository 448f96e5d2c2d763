//go:build unix

package proxy_test

import (
	"context"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/grpcroute/grpcroute/proxy"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// BenchmarkUnary makes calls of 100 bytes with 64 in flight on one connection:
// through the proxy, and without it. Client and backend run in the same process,
// so that the difference in CPU time per call is the proxy's.
func BenchmarkUnary(b *testing.B) {
	address, _ := backend(b)
	g := serve(b, map[string]string{"interop": address}, proxy.Options{})
	for _, to := range []struct{ name, address string }{{"proxy", g.address}, {"direct", address}} {
		b.Run(to.name, func(b *testing.B) {
			tc := testpb.NewTestServiceClient(dial(b, to.address))
			in := &testpb.SimpleRequest{ResponseSize: 100, Payload: &testpb.Payload{Body: make([]byte, 100)}}
			var left atomic.Int64
			left.Store(int64(b.N))
			before := cpu(b)
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if _, err := tc.UnaryCall(context.Background(), in); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric((cpu(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpu is the CPU time of the process in nanoseconds.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip(err)
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}
