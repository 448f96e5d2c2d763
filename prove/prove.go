// Package prove answers questions about all requests at once: can this match ever
// win, do two tables do the same, which calls go where. Every answer is exact and
// carries a request as witness, which [routing.Table.Lookup] replays; what a
// budget does not allow to decide is unknown, with the limit named, and never
// guessed.
//
// The space is host x service x method x one dimension per header name. A match
// is a box in it: a set of hosts and a regular language per dimension. Regular
// languages become sets of atoms, the cells into which all languages of one place
// divide their alphabet's texts, so that the rest is algebra over small sets.
//
// The domain is that of gRPC on the wire: service and method are texts of 0x21 to
// 0x7e without "/?#%", header values texts of 0x20 to 0x7e, and over TLS the SNI is
// the host of the call.
//
// What a match means is decided in package routing, whose conditions are read
// here; how results are shown is decided in packages lint, simulate and render.
package prove

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Budget bounds the work of a proof. What it does not allow to decide is
// reported as unknown. Zero fields mean [DefaultBudget]'s.
type Budget struct {
	PatternStates int           // of one pattern's automaton
	ProductStates int           // of the patterns of one dimension side by side
	Atoms         int           // of one dimension
	WalkNodes     int           // of one forward walk
	CoverNodes    int           // of one backward search
	Cells         int           // places (a set of services, a set of methods) per host
	Time          time.Duration // of a whole proof, by the clock
}

// DefaultBudget decides everything that people write and ends on everything else.
var DefaultBudget = Budget{
	PatternStates: 20_000,
	ProductStates: 160_000,
	Atoms:         4_096,
	WalkNodes:     50_000,
	CoverNodes:    2_000_000,
	Cells:         4_000_000,
	Time:          5 * time.Second,
}

// filled returns the budget with zero fields replaced.
func (b Budget) filled() Budget {
	fill := func(n *int, otherwise int) {
		if *n == 0 {
			*n = otherwise
		}
	}
	d := &DefaultBudget
	fill(&b.PatternStates, d.PatternStates)
	fill(&b.ProductStates, d.ProductStates)
	fill(&b.Atoms, d.Atoms)
	fill(&b.WalkNodes, d.WalkNodes)
	fill(&b.CoverNodes, d.CoverNodes)
	fill(&b.Cells, d.Cells)
	if b.Time == 0 {
		b.Time = d.Time
	}
	return b
}

// limitError says which limit of a budget was hit.
type limitError struct {
	what string
	max  int
}

func (e *limitError) Error() string { return fmt.Sprintf("more than %d %s", e.max, e.what) }

var errTime = errors.New("out of time")

// clock tells when a proof has to stop. It is asked often and looks rarely.
type clock struct {
	ctx   context.Context
	asked int
	err   error
}

// over returns why the proof has to stop, nil while it has not.
func (c *clock) over() error {
	if c.err != nil {
		return c.err
	}
	if c.asked++; c.asked&255 != 0 {
		return nil
	}
	return c.now()
}

// now looks at once.
func (c *clock) now() error {
	if c.err != nil || c.ctx == nil {
		return c.err
	}
	switch err := c.ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		c.err = errTime
	case err != nil:
		c.err = err
	}
	return c.err
}
