package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

// The cores of the machine: the proxy has one for itself.
const (
	proxyCore = 0
	loadCore  = 1
)

// process is a child of ours.
type process struct {
	*exec.Cmd
	name    string
	clear   string // addresses of a proxy
	secure  string
	ended   chan struct{}
	log     string // file of what it says
	elapsed time.Duration
}

// pinned is a command that runs on one core.
func pinned(ctx context.Context, core int, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", fmt.Sprint(core), path}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 3 * time.Second
	return cmd
}

// launch starts a command whose output goes to a file.
func launch(cmd *exec.Cmd, name, dir string) (*process, error) {
	f, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	p := &process{Cmd: cmd, name: name, ended: make(chan struct{}), log: f.Name()}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // how it ended matters only when it was not told to
		close(p.ended)
	}()
	return p, nil
}

// stop ends the process and waits for it.
func (p *process) stop() {
	_ = p.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.ended:
	case <-time.After(2 * time.Second):
		_ = p.Process.Kill()
		<-p.ended
	}
}

// ready waits until the process answers on an address as HTTP/2 does, and has said
// that line.
func (p *process) ready(ctx context.Context, address, line string) error {
	begin := time.Now()
	for answers := false; ; {
		var err error
		if !answers {
			err = greet(address)
			answers = err == nil
		}
		if answers && !p.said(line) {
			err = fmt.Errorf("it does not say %q", line)
		}
		if err == nil {
			p.elapsed = time.Since(begin)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return fmt.Errorf("%s ended at once: %s", p.name, p.output())
		case <-time.After(200 * time.Microsecond):
		}
		if time.Since(begin) > 15*time.Second {
			return fmt.Errorf("%s is not ready after 15s: %w: %s", p.name, err, p.output())
		}
	}
}

// said reports whether the process has written that line, which "" always is.
func (p *process) said(line string) bool {
	b, err := os.ReadFile(p.log)
	return line == "" || err == nil && strings.Contains("\n"+string(b), "\n"+line+"\n")
}

func (p *process) output() string {
	b, _ := os.ReadFile(p.log) // without it the error is shorter
	return strings.TrimSpace(string(b[max(0, len(b)-2000):]))
}

// greet begins an HTTP/2 connection and waits for the SETTINGS of the other side.
func greet(address string) error {
	nc, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := nc.Write(h2.AppendSettings([]byte(h2.Preface))); err != nil {
		return err
	}
	var head [h2.HeaderLen]byte
	if _, err := io.ReadFull(nc, head[:]); err != nil {
		return err
	}
	if f := h2.Parse(head[:]); f.Type != h2.Settings {
		return fmt.Errorf("the first frame is of type %d: expected SETTINGS", f.Type)
	}
	return nil
}

// freePorts returns ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		address, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return nil, errors.New("a TCP listener without a TCP address")
		}
		out = append(out, address.Port)
	}
	return out, nil
}

// ask runs this program as the client.
func ask(ctx context.Context, o *order) (result, error) {
	var r result
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	text, err := asJSON(o)
	if err != nil {
		return r, err
	}
	cmd := pinned(ctx, loadCore, self, "load")
	cmd.Stdin = strings.NewReader(text)
	var wrong strings.Builder
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%w: %s", err, strings.TrimSpace(wrong.String()))
	}
	return r, json.Unmarshal(out, &r)
}
