package proxy

import (
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
)

// limits bounds what costs us more than it costs a peer: frames that ask for an
// answer or carry nothing (SETTINGS, PING, PRIORITY, empty DATA floods), and calls
// that are begun only to be reset (CVE-2023-44487). Useful frames earn credit, so
// that busy peers are not taken for floods.
type limits struct {
	idle, resets int
	since        time.Time
}

const (
	maxIdleFrames = 10000 // above what clients send that measure the bandwidth
	maxResets     = 1000
	earnedASecond = 100
	maxContinued  = 64 // CONTINUATION frames of one block (CVE-2024-27316)
)

func newLimits() limits {
	return limits{idle: maxIdleFrames, resets: maxResets, since: time.Now()}
}

// spend takes one from a budget, which time refills.
func (l *limits) spend(budget *int, full int) error {
	*budget--
	if *budget >= 0 {
		return nil
	}
	now := time.Now()
	*budget = min(int(now.Sub(l.since).Seconds()*earnedASecond), full) - 1
	if *budget >= 0 {
		l.since = now
		return nil
	}
	return &h2.ConnError{Code: h2.EnhanceYourCalm, Reason: "too many frames that carry nothing, or calls that are given up at once"}
}

func (l *limits) idleFrame() error { return l.spend(&l.idle, maxIdleFrames) }
func (l *limits) resetCall() error { return l.spend(&l.resets, maxResets) }

// useful earns credit for a frame that carries something.
func (l *limits) useful() {
	if l.idle < maxIdleFrames {
		l.idle++
	}
}

// completed earns credit for a call that came to its end.
func (l *limits) completed() {
	if l.resets < maxResets {
		l.resets++
	}
}
