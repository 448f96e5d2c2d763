// Package cmd is the command line: flags become options, options become calls of
// the packages that do the work, and results and errors become output and exit
// codes. What a finding, an answer or a status is, and how it looks, is decided
// elsewhere.
package cmd

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are what a command reads and writes. Results go to Out, everything
// else to Err.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(name string) string
}

// System returns the streams of the process.
func System() *Streams {
	return &Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv}
}

// interactive reports whether a person would have to type what is read from a
// stream, or sees at once what is written to it.
func interactive(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
