package cmd

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// A run is over in a moment, and what it loads is needed to the end: most runs end
// before the first collection is worth its time. A run that outgrows that is
// collected as Go does by default, so that its memory is twice of what it needs
// and not six times. GOGC and GOMEMLIMIT override all of this.
const (
	// latePercent puts the first collection at latePercent * 4 MiB / 100, the
	// runtime's least heap scaled: 768 MiB.
	latePercent = 19200
	// usualPercent is Go's own.
	usualPercent = 100
	// leastGarbage is the garbage that a lint in groups leaves before it is collected,
	// in bytes.
	leastGarbage = 80 << 20
	// groupsGoal is the memory that the runtime keeps within as long as there is room
	// for leastGarbage in it.
	groupsGoal = 256 << 20
)

// paced says that a command has chosen its pace.
var paced atomic.Bool

// CollectLate delays the first collection. When it has run, a finalizer restores
// the usual pace: objects that nothing holds are found by a collection only.
func CollectLate() {
	if !mayPace() {
		return
	}
	debug.SetGCPercent(latePercent)
	first := new([16]byte)
	runtime.SetFinalizer(first, func(*[16]byte) { pace(usualPercent, false) })
}

// collectOften sets the usual pace from the start: a proxy stays.
func collectOften() { pace(usualPercent, true) }

// collectGroups sets the pace of a lint that looks at routes in groups: it holds
// little at a time and makes much of it. After each collection as much garbage is
// left to the next as there was to look through, and no less than leastGarbage: the
// texts of files are held and not looked through.
func collectGroups() {
	if !mayPace() {
		return
	}
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/heap:bytes"}}
	metrics.Read(heap)
	live, looked := heap[0].Value.Uint64(), heap[1].Value.Uint64()
	pace(int(max(leastGarbage, looked)*100/max(live, 4<<20)), true)
	limit := int64(math.MaxInt64)
	if live+leastGarbage < groupsGoal {
		limit = groupsGoal
	}
	debug.SetMemoryLimit(limit)
	runtime.SetFinalizer(new([16]byte), func(*[16]byte) { collectGroups() })
}

// pace sets the pace. A choice overrides what was not chosen.
func pace(percent int, chosen bool) {
	if mayPace() && (!paced.Load() || chosen) {
		paced.Store(true)
		debug.SetGCPercent(percent)
	}
}

// mayPace reports whether the user has left the pace open.
func mayPace() bool { return os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" }
