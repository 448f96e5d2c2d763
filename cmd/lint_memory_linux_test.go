package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLintMemory lints a hundred thousand documents, all valid, and looks at what
// the process took. It takes a while, so it runs when asked for, and in CI.
func TestLintMemory(t *testing.T) {
	if os.Getenv("GRPCROUTE_LARGE") == "" && os.Getenv("GRPCROUTE_REQUIRE_ALL") != "1" {
		t.Skip("SKIPPED, MEMORY NOT WATCHED: set GRPCROUTE_LARGE=1 to lint a hundred thousand documents")
	}
	const limit = 300 << 20
	inputs := map[string]func(i int) string{
		"routes":               func(i int) string { return memoryRoute(i) },
		"routes with Services": func(i int) string { return []string{memoryRoute(i / 2), memoryService(i / 2)}[i%2] },
	}
	for name, document := range inputs {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			gateway := "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: infra}\nspec:\n  gatewayClassName: edge\n" +
				"  listeners: [{name: https, port: 443, protocol: HTTPS, hostname: '*.ex.com', tls: {certificateRefs: [{name: c}]}, allowedRoutes: {namespaces: {from: All}}}]\n"
			writeText(t, filepath.Join(dir, "gateway.yaml"), gateway)
			for file := range 1000 {
				var b strings.Builder
				for i := range 100 {
					b.WriteString("---\n" + document(file*100+i))
				}
				writeText(t, filepath.Join(dir, fmt.Sprintf("%03d.yaml", file)), b.String())
			}
			c := exec.Command("grpcroute", "lint", "-v", dir)
			out, err := c.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "100001 objects") {
				t.Fatalf("error %v, output %.2000s", err, out)
			}
			usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
			if !ok {
				t.Fatal("the system does not tell what a process took")
			}
			t.Logf("%d MB", usage.Maxrss>>10)
			if usage.Maxrss<<10 > limit {
				t.Errorf("%d MB, limit %d MB", usage.Maxrss>>10, limit>>20)
			}
		})
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func memoryRoute(i int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: route-%[1]d, namespace: team-%[2]d}
spec:
  parentRefs: [{name: edge, namespace: infra, sectionName: https}]
  hostnames: [shop.ex.com, svc%[1]d.ex.com]
  rules:
  - matches:
    - method: {service: acme.v1.Service%[1]d, method: Get}
      headers: [{name: x-canary, value: always}]
    backendRefs:
    - {name: backend-%[1]d, port: 9000, weight: 80}
    - {name: backend-%[1]d, port: 9001, weight: 20}
  - matches:
    - method: {service: acme.v1.Service%[1]d}
    backendRefs: [{name: backend-%[1]d, port: 9000}]
`, i, i/1000)
}

func memoryService(i int) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: backend-%d, namespace: team-%d}\nspec: {ports: [{name: grpc, port: 9000, appProtocol: kubernetes.io/h2c}, {name: canary, port: 9001, appProtocol: kubernetes.io/h2c}]}\n", i, i/1000)
}
