package cmd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/grpcroute/grpcroute/cmd"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run the tool under both of its names.
func TestMain(m *testing.M) {
	run := func() {
		cmd.CollectLate()
		os.Exit(cmd.Main(os.Args, cmd.System()))
	}
	testscript.Main(m, map[string]func(){"grpcroute": run, "kubectl-grpcroute": run})
}

// TestScripts runs the real command: arguments, exit code, both streams.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_GOLDEN") != "",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			return os.CopyFS(filepath.Join(e.WorkDir, "examples"), os.DirFS("../examples"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "required":
				return os.Getenv("GRPCROUTE_REQUIRE_ALL") != "", nil
			}
			return false, errors.New("unknown condition " + name)
		},
	})
}

// exits runs a command and compares its exit code:
//
//	exits 2 grpcroute lint
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Check(err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
