package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/spf13/cobra"
)

// The values of --mode.
const (
	modeStatic    = "static"
	modeResources = "xds-resources"
)

// resolves are the values of --resolve.
var resolves = []string{"service-dns", "endpoints"}

// resolve turns --resolve into an option.
func resolve(text string) envoy.Resolve {
	if text == resolves[1] {
		return envoy.EndpointSlices
	}
	return envoy.ServiceDNS
}

// addEnvoyFlags adds what is asked of Envoy's configuration alone.
func (o *translateOptions) addEnvoyFlags(c *cobra.Command) {
	f := c.Flags()
	addEnum(c, &o.Mode, "mode", "", []string{modeStatic, modeResources}, "a bootstrap that holds everything, or a folder of resources that Envoy watches")
	f.StringVar(&o.ResourceDir, "resource-dir", "", "`folder` of --mode "+modeResources+" on Envoy's machine (default that of --out)")
	addEnum(c, &o.Resolve, "resolve", "", resolves, "how other backends are found")
	f.StringVar(&o.Envoy.ClusterDomain, "cluster-domain", "cluster.local", "`domain` of the cluster's DNS")
	f.StringArrayVar(&o.Listen, "listen", nil, "where a port of a Gateway is opened, as `NS/NAME:PORT=HOST:PORT`; may be repeated (default that port on every address)")
	f.StringVar(&o.Envoy.Admin, "admin", "", "`HOST:PORT` of "+envoy.Target+"'s admin interface (default none)")
	f.StringVar(&o.Envoy.CertificateDir, "certificates", "", "`folder` on the target's machine with NS/NAME/tls.crt and tls.key of Secrets that are not in the input")
	f.StringVar(&o.Envoy.SystemCA, "system-ca", envoy.DefaultSystemCA, "`file` on the target's machine with the authorities of its system")
}

// checkMode refuses flags of one target for another.
func (o *translateOptions) checkMode() error {
	switch {
	case o.To != envoy.Target && o.Mode != modeStatic:
		return usagef("--mode %s is for %s alone", o.Mode, envoy.Target)
	case o.To != envoy.Target && o.Resolve != resolves[0]:
		return usagef("--resolve %s is for %s alone: --backend NS/NAME:PORT=HOST:PORT says where a backend of %s is", o.Resolve, envoy.Target, o.To)
	case o.ResourceDir != "" && o.Mode != modeResources:
		return usagef("--resource-dir is for --mode %s", modeResources)
	}
	return nil
}

// ending is that of the files of a folder.
func (o *translateOptions) ending() string { return "." + o.Output.Format }

// envoyFiles writes resources instead of a bootstrap that holds them.
func (o *translateOptions) envoyFiles(tables []*routing.Table, options envoy.Options) (*translated, error) {
	dir := o.ResourceDir
	if dir == "" && o.Out != "" && o.Out != "-" {
		var err error
		if dir, err = filepath.Abs(o.Out); err != nil {
			return nil, fmt.Errorf("write the configuration: %w", err)
		}
	}
	files, notes, err := envoy.Files(tables, options, filepath.ToSlash(dir), o.ending())
	if err != nil {
		return nil, usagef("%w (--gateway, --listen)", err)
	}
	for i := range files {
		if files[i].Text, err = render.Configuration(files[i].Text, o.Output.Format); err != nil {
			return nil, err
		}
	}
	return &translated{files: files, notes: notes}, nil
}

// writeFiles puts a folder of resources where it is wanted. On standard output it is
// one stream: documents of YAML below their names, or an object of them by name.
func (o *translateOptions) writeFiles(files []envoy.File) error {
	if o.Out != "" && o.Out != "-" {
		return o.writeFolder(files)
	}
	var out bytes.Buffer
	for i, f := range files {
		name := f.Name + o.ending()
		if o.Output.Format != "json" {
			fmt.Fprintf(&out, "---\n# %s\n%s", name, f.Text)
			continue
		}
		key, err := json.Marshal(name)
		if err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		fmt.Fprintf(&out, "%s%s: %s", map[bool]string{true: "{", false: ","}[i == 0], key, f.Text)
	}
	if o.Output.Format == "json" {
		text, err := render.Configuration(append(out.Bytes(), '}'), "json")
		if err != nil {
			return err
		}
		out = *bytes.NewBuffer(text)
	}
	_, err := o.Streams.Out.Write(out.Bytes())
	return written(err)
}

// writeFolder replaces each file of a folder as a whole, what is named before what
// names it, and takes away those of an earlier translation that nothing names.
func (o *translateOptions) writeFolder(files []envoy.File) error {
	kept := map[string]bool{}
	for _, f := range files {
		path := filepath.Join(o.Out, filepath.FromSlash(f.Name)+o.ending())
		kept[path] = true
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		put := replaceFile
		if f.Secret {
			put = replaceSecret
		}
		if err := put(path, f.Text); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	if err := o.sweep(kept); err != nil {
		return fmt.Errorf("remove what the configuration no longer names: %w", err)
	}
	fmt.Fprintf(o.Streams.Err, "wrote %d files to %s: run envoy -c %s\n", len(files), o.Out, filepath.Join(o.Out, envoy.BootstrapFile+o.ending()))
	return nil
}

// sweep removes resources that were written earlier. Other files stay.
func (o *translateOptions) sweep(kept map[string]bool) error {
	return filepath.WalkDir(o.Out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || kept[path] || !d.Type().IsRegular() || filepath.Dir(path) == filepath.Clean(o.Out) || !strings.HasSuffix(path, o.ending()) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text[:min(len(text), 40)], []byte("version_info")) {
			return err
		}
		return os.Remove(path)
	})
}
