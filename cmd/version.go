package cmd

import (
	"runtime"
	"runtime/debug"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/render"
	"github.com/spf13/cobra"
)

// release is set by a release build: -ldflags "-X .../cmd.release=v0.1.0".
var release string

// versionOptions are the flags of version.
type versionOptions struct {
	Streams *Streams
	Output  outputOptions
}

func newVersionCmd(s *Streams, run func(*versionOptions) error) *cobra.Command {
	o := &versionOptions{Streams: s}
	if run == nil {
		run = runVersion
	}
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and what the build carries",
		Example: "  grpcroute version\n  grpcroute version -o json",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return run(o) },
	}
	addEnum(c, &o.Output.Format, "output", "o", []string{"text", "json"}, "output format")
	return c
}

func runVersion(o *versionOptions) error {
	if o.Output.Format == "json" {
		return written(render.VersionJSON(o.Streams.Out, versionOf()))
	}
	return written(render.VersionText(o.Streams.Out, versionOf()))
}

// versionOf reads what the build says of itself: the release, else the version
// of the module that `go install` fetched, else "dev".
func versionOf() render.Version {
	v := render.Version{Version: "dev", Go: runtime.Version(), GatewayAPI: admission.Versions(), Channels: admission.Channels()}
	for _, p := range profile.All {
		v.Profiles = append(v.Profiles, p.Name)
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if m := info.Main.Version; m != "" && m != "(devel)" {
			v.Version = m
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				v.Commit = setting.Value
			}
		}
	}
	if release != "" {
		v.Version = release
	}
	return v
}
