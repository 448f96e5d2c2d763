package proxy

import (
	"sync"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

// lateness is how long the acknowledgement of a PING waits for something else to
// be written to its connection. Clients and servers of gRPC send a PING with
// almost every message, to measure the bandwidth: a system call for each answer
// would double those of a short call.
const lateness = 5 * time.Millisecond

// late holds the connections whose acknowledgement nothing has carried yet.
type late struct {
	mu    sync.Mutex // last in the order of locks
	conns []*conn
	spare []*conn
	timer *time.Timer
}

// acknowledge appends the acknowledgement of a PING; c.mu is held.
func (c *conn) acknowledge(ping [8]byte) {
	alone := len(c.out) == c.patient
	c.out = h2.AppendPing(c.out, h2.Ack, ping)
	if alone {
		c.patient = len(c.out)
	}
	if c.late {
		return
	}
	c.late = true
	l := &c.srv.late
	l.mu.Lock()
	l.conns = append(l.conns, c)
	switch {
	case len(l.conns) > 1: // the timer runs
	case l.timer == nil:
		l.timer = time.AfterFunc(lateness, l.flush)
	default:
		l.timer.Reset(lateness)
	}
	l.mu.Unlock()
}

// flush writes what still waits.
func (l *late) flush() {
	l.mu.Lock()
	conns := l.conns
	l.conns, l.spare = l.spare, nil
	l.mu.Unlock()
	var b batch
	for i, c := range conns {
		c.mu.Lock()
		c.late, c.patient = false, 0
		if len(c.out) > 0 {
			b.touch(c)
		}
		c.mu.Unlock()
		conns[i] = nil
	}
	l.mu.Lock()
	l.spare = conns[:0]
	l.mu.Unlock()
	b.flush()
}
