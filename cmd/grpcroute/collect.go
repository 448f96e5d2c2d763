package main

import (
	"runtime"
	"runtime/debug"
)

// A run is over in a moment, and what it loads is needed to the end: most runs end
// before the first collection is worth its time. A run that outgrows that is
// collected as Go does by default, so that its memory is twice of what it needs
// and not six times. GOGC and GOMEMLIMIT override both.
const (
	// firstPercent puts the first collection at firstPercent * 4 MiB / 100, the
	// runtime's least heap scaled: 768 MiB.
	firstPercent = 19200
	nextPercent  = 100
)

// collectLate delays the first collection. When it has run, a finalizer restores
// the usual pace: objects that nothing holds are found by a collection only.
func collectLate() {
	debug.SetGCPercent(firstPercent)
	first := new([16]byte)
	runtime.SetFinalizer(first, func(*[16]byte) { debug.SetGCPercent(nextPercent) })
}
