package proxy

import (
	"os"
	"syscall"
	"unsafe"
)

const pollable = true

// errNotNow says that a call would have to wait.
const errNotNow = syscall.EAGAIN

// readNow reads from a descriptor that does not block.
func readNow(fd uintptr, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, e := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch e {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, errNotNow
		default:
			return 0, os.NewSyscallError("read", e)
		}
	}
}

// writeNow writes to a descriptor that does not block.
func writeNow(fd uintptr, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, _, e := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}
