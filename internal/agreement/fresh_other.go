//go:build !unix

package agreement

import (
	"net"
	"os/exec"
)

// fresh listens as the system does by itself.
var fresh net.ListenConfig

// ownGroup does nothing where there are no groups.
func ownGroup(*exec.Cmd) {}

// endGroup ends a program.
func endGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
