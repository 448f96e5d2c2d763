package cmd

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/grpcroute/grpcroute/config"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// configOptions say which configuration file counts.
type configOptions struct {
	Path  string         // --config; "" means none, if the flag is given
	Flags *pflag.FlagSet // they win over the file
	Read  *config.Config // nil before configure
	match func(path string) bool
}

func (o *configOptions) addFlags(c *cobra.Command) {
	o.Flags = c.Flags()
	o.Flags.StringVar(&o.Path, "config", "", "configuration `file`, '' for none (default: "+config.Name+" of this folder or one above)")
	_ = c.MarkFlagFilename("config", "yaml", "yml") // fails only for a flag that does not exist
}

// given reports whether a flag is on the command line.
func (o *configOptions) given(flag string) bool { return o.Flags != nil && o.Flags.Changed(flag) }

// read finds and reads the file, once.
func (o *configOptions) read() error {
	if o.Read != nil {
		return nil
	}
	path := o.Path
	if !o.given("config") {
		var err error
		if path, err = config.Find("."); err != nil {
			return usage(err)
		}
	}
	o.Read = &config.Config{}
	if path != "" {
		c, err := config.Read(path)
		if unread := (*fs.PathError)(nil); errors.As(err, &unread) {
			return err
		}
		if err != nil {
			return usage(err)
		}
		o.Read = c
	}
	o.match = o.Read.Matcher(o.Read.Exclude)
	return nil
}

// set takes a setting of the file unless its flag is given.
func set[T comparable](o *configOptions, flag string, into *T, value T) {
	var zero T
	if value != zero && !o.given(flag) {
		*into = value
	}
}

// setBool is set for what the file can turn off, too.
func setBool(o *configOptions, flag string, into, value *bool) {
	if value != nil && !o.given(flag) {
		*into = *value
	}
}

// setList is set for lists. A flag that is given takes the place of the whole list.
func setList(o *configOptions, flag string, into *[]string, value []string) {
	if len(value) > 0 && !o.given(flag) {
		*into = value
	}
}

// configure reads the configuration and takes from it what the command line does
// not say.
func (o *inputOptions) configure() error {
	if o.Config.Read != nil {
		return nil
	}
	if err := o.Config.read(); err != nil {
		return err
	}
	c := o.Config.Read
	set(&o.Config, "profile", &o.Profile, c.Profile)
	setBool(&o.Config, "as-built", &o.AsBuilt, c.AsBuilt)
	set(&o.Config, "gateway-api", &o.GatewayAPI, c.GatewayAPI)
	set(&o.Config, "channel", &o.Channel, c.Channel)
	set(&o.Config, "assume", &o.Assume, c.Assume)
	set(&o.Config, "namespace", &o.Namespace, c.Namespace)
	set(&o.Config, "tunnel-protocol", &o.TunnelProtocol, c.Tunnel.Protocol)
	return nil
}

// excluded reports whether a file or folder inside a folder is left out: by the
// configuration, or because it is the configuration.
func (o *configOptions) excluded(path string) bool {
	return slices.Contains(configNames, filepath.Base(path)) || o.match != nil && o.match(path)
}

// configNames are what a configuration is called; it is no manifest.
var configNames = config.Names()

// resources are the paths that the configuration adds.
func (o *configOptions) resources() []string {
	if o.Read == nil {
		return nil
	}
	return o.Read.Paths(o.Read.Resources)
}
