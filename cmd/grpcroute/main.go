// Command grpcroute lints, explains and predicts Kubernetes Gateway API
// GRPCRoute manifests. Installed as kubectl-grpcroute it is a kubectl plugin.
package main

import (
	"os"
	"runtime/debug"

	"github.com/grpcroute/grpcroute/cmd"
)

// gcPercent lets the heap grow further between collections than Go's default: a
// run is over in a moment, and a fifth of its time went into collecting what was
// still needed. GOGC overrides it.
const gcPercent = 500

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(cmd.Main(os.Args, cmd.System()))
}
