// Command crdgen writes the definitions of the Gateway API kinds, as the API
// server reads them, into the artifact that package admission carries: every
// served version of every minor and channel, without descriptions, each schema
// node and each rule once.
//
// It knows the keywords, types and functions that the Gateway API uses today and
// refuses all others: a rule that admission could not evaluate must stop the
// generator, never be skipped.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	"github.com/grpcroute/grpcroute/internal/crdgen/crds"
)

func main() {
	out := flag.String("out", "admission/crds.bin", "file to write")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "crdgen:", err)
		os.Exit(1)
	}
}

func write(path string) error {
	data, err := generate()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("write artifact: %w", err)
	}
	return nil
}

// generate builds the artifact in memory.
func generate() ([]byte, error) {
	g := &generator{w: &crdbin.Writer{}}
	for _, r := range crds.Releases() {
		for _, channel := range crds.Channels() {
			if err := g.release(r, channel); err != nil {
				return nil, fmt.Errorf("%s %s: %w", r.Module, channel, err)
			}
		}
	}
	return g.w.Bytes(), nil
}
