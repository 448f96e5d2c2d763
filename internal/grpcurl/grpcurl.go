// Package grpcurl runs the real grpcurl in tests. Its version is the one of
// tools/go.mod.
package grpcurl

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// built is the program's path, and why there is none.
var built = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	top := filepath.Dir(strings.TrimSpace(string(out)))
	cmd := exec.Command("go", "tool", "-modfile=tools/go.mod", "-n", "grpcurl") // builds into the cache and prints where
	cmd.Dir = top
	out, err = cmd.Output()
	return strings.TrimSpace(string(out)), err
})

// Run runs grpcurl and returns its output, both streams, and whether it ended well.
// A machine that cannot build it skips the test.
func Run(t testing.TB, args ...string) (string, bool) {
	t.Helper()
	path, err := built()
	if err != nil {
		if os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1" {
			t.Fatalf("grpcurl cannot be built: %v", err)
		}
		t.Skipf("grpcurl cannot be built: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}
