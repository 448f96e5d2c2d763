package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/grpcroute/grpcroute/config"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/spf13/cobra"
)

// initOptions are the flags of init.
type initOptions struct {
	Streams *Streams
	Paths   []string
	Output  string // "-" for the standard output
	DryRun  bool
	Force   bool
}

func newInitCmd(s *Streams, run func(*initOptions) error) *cobra.Command {
	o := &initOptions{Streams: s}
	if run == nil {
		run = runInit
	}
	c := &cobra.Command{
		Use:   "init [PATH...]",
		Short: "Write a configuration from what is in the repository",
		Long: `Look at the manifests and .proto files below the paths (this folder, if none is
given) and write ` + config.Name + `: the implementation that the GatewayClass names, the
installed Gateway API, folders with Services, folders with services' definitions.
Everything else stands in it as a comment. A file that is there stays.`,
		Example: `  grpcroute init --dry-run examples/shop
  grpcroute init -o - examples`,
		RunE: func(_ *cobra.Command, args []string) error {
			o.Paths = args
			return run(o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.Output, "output", "o", config.Name, "`file` to write, or - for the standard output")
	f.BoolVar(&o.DryRun, "dry-run", false, "print what would be written")
	f.BoolVar(&o.Force, "force", false, "replace the file if it is there")
	return c
}

func runInit(o *initOptions) error {
	print := o.DryRun || o.Output == "-"
	if _, err := os.Lstat(o.Output); err == nil && !print && !o.Force {
		return usagef("%s is there already: --force replaces it, --dry-run shows what would be written", o.Output)
	} else if err != nil && !print && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if len(o.Paths) == 0 {
		o.Paths = []string{"."}
	}
	excluded := (&configOptions{}).excluded
	set, err := manifest.Load(o.Paths, manifest.Options{Stdin: o.Streams.In, Progress: progress(o.Streams), Exclude: excluded})
	if err != nil {
		return err
	}
	top := "."
	if !print {
		top = filepath.Dir(o.Output)
	}
	v := &survey{set: set, top: top, seen: config.Seen{Notes: map[string]string{}}}
	if err := v.look(o.Paths); err != nil {
		return err
	}
	text := config.Starter(v.seen)
	if print {
		_, err := io.WriteString(o.Streams.Out, text)
		return written(err)
	}
	if err := replaceFile(o.Output, []byte(text)); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	fmt.Fprintf(o.Streams.Err, "wrote %s\n", o.Output)
	return nil
}
