package cmd

import (
	"fmt"
	"time"
)

// patience is how long loading may take before it says how far it is.
const patience = 700 * time.Millisecond

// progress returns a function that shows how far loading is, when a person is
// there to see it; else nil.
func progress(s *Streams) func(done, total int) {
	if !interactive(s.Err) {
		return nil
	}
	start := time.Now()
	shown := false
	return func(done, total int) {
		switch {
		case done < total && time.Since(start) > patience:
			shown = true
			fmt.Fprintf(s.Err, "\rreading %d of %d files ", done, total)
		case done >= total && shown:
			fmt.Fprint(s.Err, "\r\x1b[K")
		}
	}
}
