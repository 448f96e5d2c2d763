//go:build unix && !linux

package proxy

import (
	"os"
	"syscall"
)

const pollable = true

// errNotNow says that a call would have to wait.
const errNotNow = syscall.EAGAIN

// readNow reads from a descriptor that does not block.
func readNow(fd uintptr, p []byte) (int, error) {
	for {
		switch n, err := syscall.Read(int(fd), p); err {
		case nil:
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, errNotNow
		default:
			return 0, os.NewSyscallError("read", err)
		}
	}
}

// writeNow writes to a descriptor that does not block.
func writeNow(fd uintptr, p []byte) (int, error) {
	n, err := syscall.Write(int(fd), p)
	return max(n, 0), err
}
