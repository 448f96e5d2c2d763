package cmd

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/render"
)

// write puts the configuration where it is wanted.
func (o *translateOptions) write(got *translated) error {
	text, name := got.text, got.file
	switch {
	case name != "":
	case got.binary != nil:
		text, name = got.binary, o.To+".binpb"
	default:
		var err error
		if text, err = render.Configuration(got.text, o.Output.Format); err != nil {
			return err
		}
		name = o.To + "." + o.Output.Format
	}
	if o.Out == "" || o.Out == "-" {
		if len(got.beside) > 0 {
			fmt.Fprintln(o.Streams.Err, "certificates and keys that the configuration refers to are written with --out only; --certificates says where they are otherwise")
		}
		_, err := o.Streams.Out.Write(text)
		return written(err)
	}
	path := o.Out
	if info, err := os.Stat(path); err == nil && info.IsDir() || strings.HasSuffix(path, "/") {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		path = filepath.Join(path, name)
	}
	if err := writeBeside(filepath.Dir(path), got.beside); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	put := replaceFile
	if got.secret {
		put = replaceSecret
	}
	if err := put(path, text); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	fmt.Fprintf(o.Streams.Err, "wrote %s\n", path)
	return nil
}

// writeBeside writes secret files to a folder.
func writeBeside(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := replaceSecret(path, files[name]); err != nil {
			return err
		}
	}
	return nil
}
