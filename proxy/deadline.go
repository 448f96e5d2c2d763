package proxy

import "time"

// alarm ends the calls of a client's connection at their deadlines. One timer
// serves all: it is set for the first deadline and, since most calls are over long
// before theirs, goes on to the next that is left.
type alarm struct {
	timer *time.Timer
	at    time.Duration // since the start of the server; 0 when it is not set
}

// set arms the timer; the connection's lock is held.
func (a *alarm) set(c *conn, at time.Duration) {
	a.at = at
	after := at - time.Since(c.srv.start)
	if a.timer == nil {
		a.timer = time.AfterFunc(after, c.expire)
		return
	}
	a.timer.Reset(after)
}

// stop lets nothing fire any more; the connection's lock is held.
func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// due notes when a call must have ended; its lock is held.
func (c *conn) due(k *call) {
	c.mu.Lock()
	k.due = k.deadline.Sub(c.srv.start)
	if c.alarm.at == 0 || k.due < c.alarm.at {
		c.alarm.set(c, k.due)
	}
	c.mu.Unlock()
}

// expire answers the calls whose deadline has passed.
func (c *conn) expire() {
	var over []*call
	c.mu.Lock()
	now, next := time.Since(c.srv.start), time.Duration(0)
	for _, l := range c.streams {
		switch k := l.call; {
		case k.due == 0:
		case k.due <= now:
			k.due = 0
			over = append(over, k)
		case next == 0 || k.due < next:
			next = k.due
		}
	}
	c.alarm.at = 0
	if next != 0 {
		c.alarm.set(c, next)
	}
	c.mu.Unlock()
	var b batch
	for _, k := range over {
		k.giveUp(&b, deadlineExceeded, nil)
	}
	b.flush()
}
