package cmd

import (
	"fmt"
	"time"
)

// patience is how long loading may take before it says how far it is.
const patience = 700 * time.Millisecond

// progress shows how far loading is; nil when nobody sees it.
func progress(s *Streams) func(done, total int) { return progressOf(s, "reading files") }

// progressOf returns a function that shows how far work is, when a person is
// there to see it; else nil.
func progressOf(s *Streams, what string) func(done, total int) {
	if !interactive(s.Err) {
		return nil
	}
	start := time.Now()
	shown := false
	return func(done, total int) {
		switch {
		case done < total && time.Since(start) > patience:
			shown = true
			fmt.Fprintf(s.Err, "\r%s: %d of %d ", what, done, total)
		case done >= total && shown:
			shown = false
			fmt.Fprint(s.Err, "\r\x1b[K")
		}
	}
}
