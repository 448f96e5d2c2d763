// Package grpcurl runs the real grpcurl in tests. Its version is the one of
// tools/go.mod.
package grpcurl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// began is the folder of the test's package: tests may leave it.
var began, errBegan = os.Getwd()

// built is the program's path, and why there is none.
var built = sync.OnceValues(func() (string, error) {
	if errBegan != nil {
		return "", errBegan
	}
	top := began
	for ; ; top = filepath.Dir(top) {
		if _, err := os.Stat(filepath.Join(top, "tools", "go.mod")); err == nil {
			break
		}
		if top == filepath.Dir(top) {
			return "", errors.New("there is no tools/go.mod above " + began)
		}
	}
	cmd := exec.Command("go", "tool", "-modfile=tools/go.mod", "-n", "grpcurl") // builds into the cache and prints where
	cmd.Dir = top
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
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
