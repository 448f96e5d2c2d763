package cmd

import (
	"github.com/grpcroute/grpcroute/render"
	"github.com/spf13/cobra"
)

// outputOptions say how a command writes its result.
type outputOptions struct {
	Format         string
	Color          string
	Quiet, Verbose bool
}

// addFlags adds the flags; the first format is the default.
func (o *outputOptions) addFlags(c *cobra.Command, formats ...string) {
	addEnum(c, &o.Format, "output", "o", formats, "output format")
	addColor(c, &o.Color)
}

func addColor(c *cobra.Command, mode *string) {
	addEnum(c, mode, "color", "", render.ColorModes(), "colour of text output; auto colours on terminals and heeds NO_COLOR and CLICOLOR_FORCE")
}

// addVolume adds -q and -v, for commands with something to leave out or to add.
func (o *outputOptions) addVolume(c *cobra.Command, quiet, verbose string) {
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, quiet)
	c.Flags().BoolVarP(&o.Verbose, "verbose", "v", false, verbose)
	c.PreRunE = func(*cobra.Command, []string) error {
		if o.Quiet && o.Verbose {
			return usagef("--quiet and --verbose: give one of the two")
		}
		return nil
	}
}

// text returns how text is written to the standard output.
func (o *outputOptions) text(s *Streams) render.Options {
	r := render.For(s.Out, o.Color, s.Env)
	r.Quiet, r.Verbose = o.Quiet, o.Verbose
	return r
}
