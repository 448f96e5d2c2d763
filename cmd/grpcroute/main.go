// Command grpcroute lints, explains and predicts Kubernetes Gateway API
// GRPCRoute manifests. Installed as kubectl-grpcroute it is a kubectl plugin.
package main

import (
	"os"

	"github.com/grpcroute/grpcroute/cmd"
)

func main() {
	cmd.CollectLate()
	os.Exit(cmd.Main(os.Args, cmd.System()))
}
