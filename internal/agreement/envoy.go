package agreement

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/grpcroute/grpcroute/internal/envoybin"
)

var findEnvoy = sync.OnceValues(func() (string, error) { return envoybin.Find(context.Background()) })

// Envoy returns the path of an Envoy. Without one the test is skipped, or fails where
// everything is required.
func Envoy(t testing.TB) string {
	t.Helper()
	path, err := findEnvoy()
	if err == nil {
		return path
	}
	if os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1" {
		t.Fatalf("no Envoy: %v", err)
	}
	t.Skipf("WITHOUT ENVOY, nothing is compared with it: %v (set %s, or install python3-venv)", err, envoybin.Variable)
	return ""
}
