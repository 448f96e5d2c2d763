package cmd

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/spf13/cobra"
)

// descriptorOptions say where services are declared.
type descriptorOptions struct {
	Protos   []string // --proto
	Sets     []string // --descriptor-set
	Backends []string // --backend-proto: "[NAMESPACE/]SERVICE=PATH"
}

func (o *descriptorOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVar(&o.Protos, "proto", nil, "`folder` that .proto files are imported from, or a .proto file; may be repeated")
	f.StringSliceVar(&o.Sets, "descriptor-set", nil, "binary FileDescriptorSet `file` of protoc or buf, or - for standard input; may be repeated")
	_ = c.MarkFlagDirname("proto") // fails only for a flag that does not exist
	_ = c.MarkFlagFilename("descriptor-set", "binpb", "pb", "protoset", "desc", "bin")
}

// addBackendFlags adds the flag for what single backends serve.
func (o *descriptorOptions) addBackendFlags(c *cobra.Command) {
	c.Flags().StringSliceVar(&o.Backends, "backend-proto", nil,
		"`[NAMESPACE/]SERVICE=PATH`: the .proto folder, file or descriptor set of what one backend serves; may be repeated")
}

// paths lists the files and folders in which services are declared.
func (o *descriptorOptions) paths() []string {
	out := slices.Concat(o.Protos, o.Sets)
	for _, b := range o.Backends {
		if _, path, ok := strings.Cut(b, "="); ok {
			out = append(out, path)
		}
	}
	return slices.DeleteFunc(out, func(p string) bool { return p == "-" })
}

// load reads the services; nil when no flag names any.
func (o *descriptorOptions) load(s *Streams, input *inputOptions) (*descriptor.Set, error) {
	if len(o.Protos)+len(o.Sets) == 0 {
		return nil, nil
	}
	for _, p := range o.Sets {
		if p != "-" {
			continue
		}
		for _, file := range input.Files {
			if file == "-" {
				return nil, usagef("standard input cannot hold both manifests and a descriptor set: name a file for one of them")
			}
		}
	}
	return descriptor.Load(descriptor.Options{Protos: o.Protos, Sets: o.Sets, Stdin: s.In})
}

// loadBackends reads what single backends serve, by "NAMESPACE/NAME".
func (o *descriptorOptions) loadBackends(input *inputOptions) (map[string]*descriptor.Set, error) {
	out := map[string]*descriptor.Set{}
	for _, b := range o.Backends {
		name, path, ok := strings.Cut(b, "=")
		if !ok || name == "" || path == "" {
			return nil, usagef("--backend-proto %q: expected [NAMESPACE/]SERVICE=PATH, as shop/users=users.binpb", b)
		}
		if !strings.Contains(name, "/") {
			namespace := input.Namespace
			if namespace == "" {
				namespace = "default"
			}
			name = namespace + "/" + name
		}
		if out[name] != nil {
			return nil, usagef("--backend-proto names %s twice: give one folder or descriptor set for it", name)
		}
		set, err := descriptor.Load(descriptorInput(path))
		if err != nil {
			return nil, fmt.Errorf("--backend-proto %s: %w", name, err)
		}
		out[name] = set
	}
	return out, nil
}

// descriptorInput tells folders and .proto files from descriptor sets.
func descriptorInput(path string) descriptor.Options {
	if info, err := os.Stat(path); err == nil && info.IsDir() || strings.HasSuffix(path, ".proto") {
		return descriptor.Options{Protos: []string{path}}
	}
	return descriptor.Options{Sets: []string{path}}
}
