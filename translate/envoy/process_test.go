package envoy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/envoybin"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// text writes a bootstrap as YAML.
func text(t testing.TB, b *bootstrapv3.Bootstrap) []byte {
	t.Helper()
	out, err := envoy.JSON(b)
	if err == nil {
		out, err = render.Configuration(out, "yaml")
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// validate asks Envoy whether it would take a bootstrap.
func validate(t testing.TB, b *bootstrapv3.Bootstrap) error {
	t.Helper()
	path := agreement.Envoy(t)
	name := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(name, text(t, b), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--mode", "validate", "--log-level", "error", "--concurrency", "1", "-c", name).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s\n%s", err, out, text(t, b))
	}
	return nil
}

// run runs an Envoy until the test ends, or stop is called.
func run(t testing.TB, b *bootstrapv3.Bootstrap, admin string) (stop func()) {
	t.Helper()
	stop, inUse := tryRun(t, b, admin)
	if inUse != "" {
		t.Fatal(inUse)
	}
	return stop
}

// tryRun is run, but for an address that somebody else has: inUse is then what
// Envoy said.
func tryRun(t testing.TB, b *bootstrapv3.Bootstrap, admin string) (stop func(), inUse string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(name, text(t, b), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, name, admin)
}

// start is tryRun for a bootstrap in a file.
func start(t testing.TB, name, admin string) (stop func(), inUse string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stop, err := envoybin.Start(ctx, agreement.Envoy(t), name, admin)
	if errors.Is(err, envoybin.ErrInUse) {
		return nil, err.Error()
	}
	if err != nil {
		config, _ := os.ReadFile(name)
		t.Fatalf("%v\n%s", err, config)
	}
	t.Cleanup(stop)
	return stop, ""
}
