package cmd

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/spf13/cobra"
)

// quiet returns streams without terminal or environment, and what is written to
// them.
func quiet() (s *Streams, out, err *bytes.Buffer) {
	out, err = new(bytes.Buffer), new(bytes.Buffer)
	return &Streams{In: strings.NewReader(""), Out: out, Err: err, Env: func(string) string { return "" }}, out, err
}

// commands walks the tree.
func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		all = append(all, commands(sub)...)
	}
	return all
}

// serveExample runs an example of a command that goes on until it is interrupted.
func serveExample(t *testing.T, line string) {
	if strings.Contains(line, "--gateway-address") && os.Geteuid() != 0 {
		if os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1" {
			t.Fatal("port 443 is for root")
		}
		t.Skip("port 443 is for root")
	}
	run := exec.Command("sh", "-c", "exec "+line)
	run.Dir = ".."
	run.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir())
	stderr, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(10*time.Second, func() { _ = run.Process.Kill() }) // it may have ended
	defer watchdog.Stop()
	said := ""
	for s := bufio.NewScanner(stderr); s.Scan(); {
		said += s.Text() + "\n"
		if s.Text() == "ready" {
			_ = run.Process.Signal(os.Interrupt) // it may have ended
		}
	}
	if err := run.Wait(); err != nil || !strings.Contains(said, "ready\n") || strings.Contains(said, "error: ") {
		t.Errorf("%v, stderr:\n%s", err, said)
	}
}

// TestServeCommandsOfDocuments runs those that documents show.
func TestServeCommandsOfDocuments(t *testing.T) {
	ran := 0
	for _, path := range []string{"../README.md", "../docs/serve.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "grpcroute serve ") {
				ran++
				t.Run(strings.TrimSpace(line), func(t *testing.T) { serveExample(t, strings.TrimSpace(line)) })
			}
		}
	}
	if ran < 3 {
		t.Errorf("%d commands ran: the walk is wrong", ran)
	}
}

func TestEveryExampleRuns(t *testing.T) {
	s, _, _ := quiet()
	ran := 0
	for _, c := range commands(newRootCmd(s, "grpcroute")) {
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			line = strings.TrimSpace(line)
			ran++
			t.Run(line, func(t *testing.T) {
				if c.Name() == "serve" || c.Name() == "xds" && !strings.Contains(line, "--bootstrap") {
					serveExample(t, line)
					return
				}
				run := exec.Command("sh", "-c", line) // PATH has the tool: see TestMain
				run.Dir = ".."
				var out, err bytes.Buffer
				run.Stdout, run.Stderr = &out, &err
				// Examples show findings too, so exit code 1 is fine.
				if e := run.Run(); e != nil && run.ProcessState.ExitCode() != exitFindings {
					t.Errorf("%v, stderr:\n%s", e, err.String())
				}
				if out.Len() == 0 || err.Len() > 0 {
					t.Errorf("%d bytes of output, stderr:\n%s", out.Len(), err.String())
				}
			})
		}
	}
	if ran < 10 {
		t.Errorf("%d examples ran: the walk is wrong", ran)
	}
}

func TestCommandsKeepTheHouseStyle(t *testing.T) {
	s, _, _ := quiet()
	root := newRootCmd(s, "grpcroute")
	if !root.SilenceUsage || !root.SilenceErrors {
		t.Error("the root command must leave usage and errors to exit.go")
	}
	for _, c := range commands(root) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: Short is %q, want one line without a full stop", c.CommandPath(), c.Short)
		}
		for line := range strings.Lines(c.Long) {
			if len(line) > 100 {
				t.Errorf("%s: a line of Long has %d characters", c.CommandPath(), len(line))
			}
		}
	}
}

func TestHelpSpeaksOfTheNameItWasCalledBy(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"lint", "--help"}, {"explain", "--help"}} {
		s, out, errs := quiet()
		if code := Main(append([]string{"/usr/bin/kubectl-grpcroute"}, args...), s); code != exitFine || errs.Len() > 0 {
			t.Errorf("%v: exit code %d, stderr %q", args, code, errs)
		}
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, "  grpcroute ") {
				t.Errorf("%v: %q does not speak of kubectl", args, line)
			}
		}
		if !strings.Contains(out.String(), "kubectl grpcroute") {
			t.Errorf("%v: help does not name kubectl grpcroute:\n%s", args, out)
		}
	}
}

// completionFiles are the committed scripts, by shell.
var completionFiles = map[string]string{
	"bash": "grpcroute.bash", "zsh": "_grpcroute", "fish": "grpcroute.fish", "powershell": "grpcroute.ps1",
}

func TestCompletionsAreFresh(t *testing.T) {
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			s, out, errs := quiet()
			if code := Main([]string{"grpcroute", "completion", shell}, s); code != exitFine {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			golden.Compare(t, filepath.Join("..", "completions", completionFiles[shell]), out.String())
		})
	}
}

func TestCompletionOffersValues(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"lint", "--assume", ""}, []string{"unknown", "present", "absent"}},
		{[]string{"status", "-o", ""}, []string{"text", "json", "yaml"}},
		{[]string{"completion", ""}, shells},
	} {
		s, out, _ := quiet()
		if code := Main(append([]string{"grpcroute", "__completeNoDesc"}, c.args...), s); code != exitFine {
			t.Errorf("%v: exit code %d", c.args, code)
		}
		var got []string
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, ":") {
				got = append(got, line)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.args, diff)
		}
	}
}
