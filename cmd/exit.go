package cmd

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// The exit codes of every command. No other file knows them.
const (
	exitFine     = 0
	exitFindings = 1 // findings at or above the threshold, an unrouted call, a refused route
	exitUsage    = 2 // the command line is wrong
	exitFailed   = 3 // the work could not be done
	exitUnknown  = 4 // --strict, and something could not be decided
)

// errFindings ends a command whose result, already written, is a reason for a
// script to stop.
var errFindings = errors.New("findings")

// errOpen ends a command that could not decide all that it was asked, and was told
// to be strict.
var errOpen = errors.New("unknown")

// usageError is a mistake in the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// usage marks an error as a mistake in the command line; nil stays nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// Main runs the tool with the arguments of a process, the first of which is the
// name it was called by, and returns the exit code.
func Main(args []string, s *Streams) int {
	root := newRootCmd(s, displayName(args[0]))
	root.SetArgs(args[1:])
	ran, err := root.ExecuteC()
	if err == nil {
		return exitFine
	}
	return report(s.Err, root.DisplayName(), ran.CommandPath(), err)
}

// displayName is what users type to run the tool: kubectl runs a plugin of that
// name for `kubectl grpcroute`.
func displayName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".exe")
	if name == "kubectl-grpcroute" {
		return "kubectl grpcroute"
	}
	return "grpcroute"
}

// report writes an error and returns its exit code.
func report(w io.Writer, name, command string, err error) int {
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	if errors.Is(err, errOpen) {
		return exitUnknown
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(w, "%s: %s\n", name, strings.TrimRight(line, "\n"))
	}
	if wrong := (*usageError)(nil); errors.As(err, &wrong) {
		fmt.Fprintf(w, "run `%s --help` for usage\n", command)
		return exitUsage
	}
	return exitFailed
}
