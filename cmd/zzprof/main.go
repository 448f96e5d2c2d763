package main

import (
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/grpcroute/grpcroute/cmd"
)

func main() {
	cmd.CollectLate()
	runtime.SetCPUProfileRate(2000)
	f, _ := os.Create("/tmp/cpu.prof")
	_ = pprof.StartCPUProfile(f)
	code := cmd.Main(os.Args, cmd.System())
	pprof.StopCPUProfile()
	f.Close()
	os.Exit(code)
}
