package cmd

import (
	"errors"
	"os"
	"path/filepath"
)

// check refuses flags that contradict each other.
func (o *serveOptions) check() error {
	if path := o.Input.Config.Path; filepath.Ext(path) == ".json" {
		o.Config, o.Input.Config.Path = path, ""
	}
	switch {
	case o.Drain <= 0:
		return usagef("--drain %s: expected a time above 0, as 10s", o.Drain)
	case o.TLSDir != "" && !o.SelfSigned:
		return usagef("--tls-dir is for --tls-self-signed, which is not given")
	case o.Config != "" && len(o.Input.Files) > 0:
		return usagef("a proxy's --config and manifests: give one of the two")
	case o.Config != "" && o.forManifests() != "":
		return usagef("--%s is for manifests, and %s is a proxy's configuration: leave it out", o.forManifests(), o.Config)
	case o.Config != "" && o.XDS.Address != "":
		return usagef("--xds is for manifests, and %s is a proxy's configuration: leave it out", o.Config)
	}
	if err := o.Mocks.check(o.Streams, o.Input.Files); err != nil {
		return err
	}
	if err := o.checkWatch(); err != nil {
		return err
	}
	return errors.Join(checkListen(o.Listen), checkAdmin(o.Admin), o.XDS.check())
}

// checkWatch refuses to follow what can be read once.
func (o *serveOptions) checkWatch() error {
	if !o.Watch {
		return nil
	}
	for _, path := range o.Input.Files {
		if path == "-" {
			return usagef("--watch and standard input: it can be read once; name files or folders")
		}
		if info, err := os.Stat(path); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			return usagef("--watch and %s: it is no file or folder, and can be read once", path)
		}
	}
	return nil
}
