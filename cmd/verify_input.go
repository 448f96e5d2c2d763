package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/translate/envoy/verify"
)

// readConfiguration reads a file, the files of a folder and those below it, or
// standard input.
func readConfiguration(name string, s *Streams) ([]*manifest.File, error) {
	if name == "-" {
		data, err := io.ReadAll(s.In)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return []*manifest.File{{Name: "<stdin>", Data: data}}, nil
	}
	var files []*manifest.File
	err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path != name && !manifest.IsManifestName(path) {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			files = append(files, &manifest.File{Name: filepath.Clean(path), Data: data})
		}
		return err
	})
	if wrong := (*fs.PathError)(nil); errors.As(err, &wrong) {
		return nil, fmt.Errorf("read %s: %w", name, wrong.Err)
	}
	if err == nil && len(files) == 0 {
		return nil, fmt.Errorf("read %s: no file that ends in .yaml, .yml or .json", name)
	}
	return files, err
}

// options reads the flags that name things of both sides.
func (o *verifyOptions) options(side *diffSide, config *verify.Config) (verify.Options, error) {
	out := verify.Options{Listeners: map[string]string{}, Clusters: map[string]prove.Target{}, Neutral: o.Neutral}
	var gateways, ports []string
	for _, t := range side.tables {
		for _, g := range t.Topology.Gateways {
			gateways = append(gateways, g.Key())
			for _, l := range g.Listeners {
				if name := portName(g, l.Port); !slices.Contains(ports, name) {
					ports = append(ports, name)
				}
			}
		}
	}
	to := &translateOptions{Input: o.Input}
	if o.Gateway != "" {
		if out.Gateway = to.qualified(o.Gateway); !slices.Contains(gateways, out.Gateway) {
			return out, unknownName("--gateway", out.Gateway, "Gateway", gateways)
		}
	}
	for _, text := range o.Listeners {
		name, port, err := assignment("--listener", text, "listener-80=infra/edge:80")
		if err != nil {
			return out, err
		}
		if port = to.qualified(port); !slices.Contains(ports, port) {
			return out, unknownName("--listener", port, "Gateway port", ports)
		}
		if known := config.Names(); !slices.Contains(known, name) {
			return out, unknownName("--listener", name, "Envoy listener or route configuration", known)
		}
		out.Listeners[name] = port
	}
	for _, text := range o.Clusters {
		name, backend, err := assignment("--cluster", text, "carts=shop/cart-v1:9000")
		if err != nil {
			return out, err
		}
		ref, port, ok := strings.Cut(to.qualified(backend), ":")
		number, err := strconv.ParseUint(port, 10, 16)
		namespace, service, _ := strings.Cut(ref, "/")
		if !ok || err != nil || number == 0 || namespace == "" || service == "" {
			return out, usagef("--cluster %s: backend %q: expected NS/SERVICE:PORT, as shop/cart-v1:9000", name, backend)
		}
		out.Clusters[name] = prove.Target{Kind: "Service", Namespace: namespace, Name: service, Port: int32(number)}
	}
	return out, nil
}

// assignment reads NAME=VALUE; the name may have an = in it.
func assignment(flag, text, example string) (name, value string, err error) {
	i := strings.LastIndexByte(text, '=')
	if i <= 0 || i == len(text)-1 {
		return "", "", usagef("%s %q: expected NAME=VALUE, as %s", flag, text, example)
	}
	return text[:i], text[i+1:], nil
}
