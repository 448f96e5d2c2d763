//go:build unix

package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
)

// repository writes n routes into files of 100 documents, with a Gateway; with
// services it is complete, without it is the usual partial repository.
func repository(b *testing.B, n int, services bool) string {
	b.Helper()
	dir := b.TempDir()
	gateway := `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: example
  listeners:
  - {name: http, port: 80, protocol: HTTP, hostname: "*.example.com", allowedRoutes: {namespaces: {from: All}}}
`
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	write("gateway.yaml", gateway)
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: route-%[1]d
  namespace: team-%[2]d
spec:
  parentRefs:
  - name: edge
    namespace: infra
  hostnames:
  - host-%[1]d.example.com
  rules:
  - matches:
    - method:
        service: shop.Users%[1]d
        method: Get
    - method:
        service: shop.Users%[1]d
        method: List
      headers:
      - name: env
        value: canary
    backendRefs:
    - name: users-%[1]d
      port: 50051
      weight: 90
    - name: users-%[1]d-v2
      port: 50051
      weight: 10
  - matches:
    - method:
        service: grpc.health.v1.Health
    backendRefs:
    - name: users-%[1]d
      port: 50051
`, i, i%50)
		if services && i%10 == 0 {
			for _, name := range []string{"", "-v2"} {
				fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: users-%d%s\n  namespace: team-%d\nspec:\n  ports:\n  - name: grpc\n    port: 50051\n", i, name, i%50)
			}
		}
		if i%100 == 99 || i == n-1 {
			write(fmt.Sprintf("routes-%d.yaml", i/100), text.String())
			text.Reset()
		}
	}
	return dir
}

// cpu returns the processor time that the process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRepository lints 10,000 routes in 100 files: reading, admission and
// every rule.
func BenchmarkRepository(b *testing.B) {
	for _, c := range []struct {
		name     string
		services bool
	}{{"partial", false}, {"with-services", true}} {
		b.Run(c.name, func(b *testing.B) {
			dir := repository(b, 10_000, c.services)
			documents := 0
			start := cpu(b)
			for b.Loop() {
				set, err := manifest.Load([]string{dir}, manifest.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := lint.Run(set, rules.All, lint.Options{}); err != nil {
					b.Fatal(err)
				}
				documents += len(set.Documents)
			}
			b.ReportMetric(float64(documents)/(cpu(b)-start).Seconds(), "documents/cpu-s")
		})
	}
}
