//go:build unix

package proxy

import "syscall"

// tryWrite writes what the socket takes at once.
func tryWrite(raw syscall.RawConn, p []byte) (n int) {
	_ = raw.Write(func(fd uintptr) bool {
		if wrote, err := syscall.Write(int(fd), p); err == nil {
			n = wrote
		}
		return true
	}) // what fails here fails again for the goroutine that writes the rest
	return n
}
