package cmd

import (
	"os"
	"runtime/debug"
)

// collectOften sets Go's usual pace of the garbage collector, which the program
// slows down for commands that are over in a moment: a proxy stays. GOGC and
// GOMEMLIMIT keep the last word.
func collectOften() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(100)
	}
}
