//go:build unix

package agreement

import (
	"net"
	"os/exec"
	"syscall"
)

// fresh listens at a port only that nobody had a moment ago: connections of a proxy
// that was killed linger there, and some do not bind beside them.
var fresh = net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 0) }); e != nil {
		return e
	}
	return err
}}

// ownGroup starts a program in a group of its own, so that its workers end with it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup ends a program and its workers.
func endGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // it may have ended
