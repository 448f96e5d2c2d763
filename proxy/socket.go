package proxy

import (
	"io"
	"net"
	"syscall"
)

// socket reads and writes a connection below the runtime's notice: a call of the
// kernel that never waits need not wake the thread which watches those that do,
// and that would cost more than the call.
type socket struct {
	raw syscall.RawConn
	// read and write are made once: each use would be an allocation.
	read, write func(fd uintptr) bool
	in, out     []byte
	got, put    int
	err         error
}

// newSocket returns nil where a connection has no descriptor.
func newSocket(nc net.Conn) *socket {
	sc, ok := nc.(syscall.Conn)
	if !ok || !pollable {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{raw: raw}
	s.read = func(fd uintptr) bool {
		s.got, s.err = readNow(fd, s.in)
		return s.err != errNotNow
	}
	s.write = func(fd uintptr) bool {
		s.put, _ = writeNow(fd, s.out) // what fails here fails again for the goroutine that writes the rest
		return true
	}
	return s
}

// Read waits for bytes, without a thread.
func (s *socket) Read(p []byte) (int, error) {
	s.in = p
	err := s.raw.Read(s.read)
	switch {
	case err != nil:
		return 0, err
	case s.err != nil:
		return 0, s.err
	case s.got == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return s.got, nil
}

// try writes what the kernel takes at once.
func (s *socket) try(p []byte) int {
	s.out, s.put = p, 0
	_ = s.raw.Write(s.write) // as above
	s.out = nil
	return s.put
}
