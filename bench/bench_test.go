//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestQuickRun runs everything with few calls: each configuration routes as the
// others do, no call through us fails, and the page has every row.
func TestQuickRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts several proxies")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	dir := t.TempDir()
	program, serve := filepath.Join(dir, "bench"), filepath.Join(dir, "grpcroute")
	for name, pkg := range map[string]string{program: ".", serve: "../cmd/grpcroute"} {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", name, pkg).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	wanted := []string{"nginx", "haproxy", "envoy"}
	args := []string{"-quick", "-grpcroute", serve, "-out", filepath.Join(dir, "page.md"), "-peers", strings.Join(wanted, ",")}
	required := os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1"
	if required {
		args = append(args, "-install", "-need", strings.Join(wanted, ","))
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it may be installing
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	page, err := os.ReadFile(filepath.Join(dir, "page.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range workloads {
		if !strings.Contains(string(page), "\n| "+w.Name+" |") {
			t.Errorf("the page has no row %q", w.Name)
		}
	}
	var missing []string
	for _, name := range wanted {
		if strings.Contains(string(out), "WITHOUT "+name) {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		t.Skipf("compared without %s, which the machine has not: make bench-proxy installs them", strings.Join(missing, ", "))
	}
}

// TestVerdicts: a ratio over its bar is a miss, and so is a count.
func TestVerdicts(t *testing.T) {
	o := &options{counts: true}
	r := newReport([]peer{{name: ours}, {name: "haproxy"}}, o)
	for i := range r.rows {
		row := &r.rows[i]
		w := row.workload.scaled(0.1)
		for at, cpu := range []float64{1, 2} {
			for range 3 {
				row.add(at, &w, &result{CPU: cpu, Writes: int64(w.units()), Seconds: 1})
			}
		}
	}
	r.ready[0], r.idle[0] = []float64{10, 60, 70}, 1.4
	got := map[string]bool{}
	for _, v := range r.verdicts() {
		got[v.what] = v.kept
	}
	for what, kept := range map[string]bool{
		"unary 100 B, c=1, CPU against haproxy":                       true,
		"unary 100 B, c=64, 1 connection, write calls":                false,
		"memory of an idle stream, 10000 on 50 connections":           true,
		"from start to the first SETTINGS":                            false,
		"server stream, 1000 x 1 KiB, 4 at once, CPU against haproxy": true,
	} {
		if is, ok := got[what]; !ok || is != kept {
			t.Errorf("%s: kept is %v (judged: %v), want %v", what, is, ok, kept)
		}
	}
	if slices.ContainsFunc(r.verdicts(), func(v verdict) bool { return strings.Contains(v.what, "nginx") }) {
		t.Error("a peer that was not measured is judged")
	}
}

// TestServicesStayStopped: a policy is put up and taken away; one that is there is
// left alone, and asked.
func TestServicesStayStopped(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy-rc.d")
	done, err := keepStopped(policy)
	if err != nil {
		t.Fatal(err)
	}
	err = exec.Command(policy, "nginx", "start").Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 101 {
		t.Errorf("the policy answers %v, want exit status 101", err)
	}
	if again, err := keepStopped(policy); err != nil {
		t.Errorf("beside a policy that forbids: %v", err)
	} else if err := again(); err != nil {
		t.Error(err)
	}
	if err := done(); err != nil {
		t.Errorf("the policy is gone: %v", err)
	}
	const lenient = "#!/bin/sh\nexit 0\n"
	if err := os.WriteFile(policy, []byte(lenient), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := keepStopped(policy); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("beside a policy that permits: %v", err)
	}
	if b, err := os.ReadFile(policy); err != nil || string(b) != lenient {
		t.Errorf("the machine's policy is now %q (%v)", b, err)
	}
}
