package cmd

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/config"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// survey looks at a repository for init.
type survey struct {
	set  *manifest.Set
	top  string // folder of the configuration
	seen config.Seen
}

// Sizes of what is looked at, so that no repository takes for ever.
const (
	maxSurveyed  = 100_000 // files
	maxProtoHead = 1 << 20 // bytes that are searched for "package"
	maxCRDBytes  = 4 << 20 // bytes of a file with CRDs
)

// The annotations that the CRDs of a Gateway API release carry.
var (
	bundleVersion = regexp.MustCompile(`(?m)^\s*gateway\.networking\.k8s\.io/bundle-version:\s*["']?v(\d+\.\d+)`)
	bundleChannel = regexp.MustCompile(`(?m)^\s*gateway\.networking\.k8s\.io/channel:\s*["']?(standard|experimental)`)
	protoPackage  = regexp.MustCompile(`(?m)^\s*package\s+([\w.]+)\s*;`)
)

func (v *survey) look(paths []string) error {
	v.profile()
	v.resources()
	for _, path := range paths {
		if path == "-" {
			continue
		}
		if err := v.walk(path); err != nil {
			return err
		}
	}
	v.versions()
	for _, list := range []*[]string{&v.seen.Resources, &v.seen.ProtoPaths, &v.seen.Sets} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	v.descriptors()
	return nil
}

// profile takes the implementation that the Gateways choose, if they agree.
func (v *survey) profile() {
	chosen := topology.Profiles(v.set)
	var names []string
	for _, p := range chosen {
		names = append(names, p.Name)
	}
	switch {
	case len(chosen) > 1:
		v.seen.Notes["profile"] = "The Gateways choose several: " + strings.Join(names, ", ") + "; auto checks for each."
	case chosen[0] != profile.Spec:
		v.seen.Profile, v.seen.Notes["profile"] = names[0], "The Gateways choose it by their class."
	}
}

// resources lists folders with objects that routes refer to, and no route or
// Gateway of their own.
func (v *survey) resources() {
	referred, ours := map[string]bool{}, map[string]bool{}
	for _, d := range v.set.Documents {
		dir := filepath.Dir(d.File.Name)
		switch d.Ref.Kind {
		case "Service", "ServiceImport", "ReferenceGrant", "Namespace":
			referred[dir] = true
		case "GRPCRoute", "HTTPRoute", "Gateway", "ListenerSet":
			ours[dir] = true
		}
	}
	for dir := range referred {
		if !ours[dir] && dir != "." {
			v.seen.Resources = append(v.seen.Resources, v.path(dir))
		}
	}
}

// path is a path as the configuration names it.
func (v *survey) path(path string) string {
	abs, err1 := filepath.Abs(path)
	top, err2 := filepath.Abs(v.top)
	if err1 == nil && err2 == nil {
		if rel, err := filepath.Rel(top, abs); err == nil {
			path = rel
		}
	}
	return filepath.ToSlash(path)
}

// walk looks for CRDs, definitions of services and descriptor sets.
func (v *survey) walk(root string) error {
	n := 0
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if n++; err != nil || n > maxSurveyed {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "vendor") {
				return fs.SkipDir
			}
			return nil
		}
		switch ext := strings.ToLower(filepath.Ext(name)); {
		case !d.Type().IsRegular():
		case ext == ".proto":
			v.proto(path)
		case slices.Contains([]string{".binpb", ".protoset", ".desc", ".pbset"}, ext):
			v.seen.Sets = append(v.seen.Sets, v.path(path))
		case manifest.IsManifestName(name) && v.seen.GatewayAPI == "":
			v.crds(path, d)
		}
		return nil
	})
}

// proto finds the folder from which a file is imported: a file of package a.b
// stands in a/b below it, by custom.
func (v *survey) proto(path string) {
	text, err := head(path, maxProtoHead)
	if err != nil {
		return // it was there a moment ago; init does not depend on it
	}
	dir := filepath.ToSlash(filepath.Dir(path))
	if m := protoPackage.FindSubmatch(text); m != nil {
		below := strings.ReplaceAll(string(m[1]), ".", "/")
		if dir == below {
			dir = "."
		} else {
			dir = strings.TrimSuffix(dir, "/"+below)
		}
	}
	v.seen.ProtoPaths = append(v.seen.ProtoPaths, v.path(filepath.FromSlash(dir)))
}

// crds reads version and channel of the Gateway API from its CRDs.
func (v *survey) crds(path string, d fs.DirEntry) {
	if info, err := d.Info(); err != nil || info.Size() > maxCRDBytes {
		return
	}
	text, err := head(path, maxCRDBytes)
	if err != nil {
		return // manifest.Load has read it, or has said why not
	}
	m := bundleVersion.FindSubmatch(text)
	if m == nil {
		return
	}
	minor := string(m[1])
	if !slices.Contains(config.Values("gateway-api"), minor) {
		v.seen.Notes["gateway-api"] = fmt.Sprintf("The CRDs in %s are of %s, which is not known here.", v.path(path), minor)
		return
	}
	v.seen.GatewayAPI, v.seen.Notes["gateway-api"] = minor, fmt.Sprintf("The CRDs in %s say so.", v.path(path))
	if m := bundleChannel.FindSubmatch(text); m != nil {
		v.seen.Channel = string(m[1])
	}
}

// head returns the beginning of a file.
func head(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only: nothing to lose
	return io.ReadAll(io.LimitReader(f, int64(limit)))
}

// versions says, without CRDs, since which release every field in use is there,
// and chooses the channel that has them all.
func (v *survey) versions() {
	if v.seen.GatewayAPI != "" || len(v.set.Documents) == 0 {
		return
	}
	for _, channel := range admission.Channels() {
		oldest := ""
		for _, minor := range config.Values("gateway-api") { // newest first
			if !serves(minor, channel, v.set) {
				break
			}
			oldest = minor
		}
		if oldest == "" {
			continue
		}
		if channel != admission.Channels()[0] {
			v.seen.Channel, v.seen.Notes["channel"] = channel, "The manifests have fields that the other channel lacks."
		}
		if v.seen.Notes["gateway-api"] == "" {
			v.seen.Notes["gateway-api"] = fmt.Sprintf("The manifests need %s or newer; the CRDs of the cluster are not among them.", oldest)
		}
		return
	}
}

// serves reports whether a server has every kind, version and field of a set.
func serves(minor, channel string, set *manifest.Set) bool {
	server, err := admission.New(minor, channel)
	if err != nil {
		return false
	}
	for _, d := range set.Documents {
		if !strings.HasPrefix(d.Ref.APIVersion, "gateway.networking.k8s.io/") {
			continue
		}
		if _, served := server.Known(d); !served {
			return false
		}
		for _, f := range server.Check(d) {
			if f.Source == diag.UnknownField {
				return false
			}
		}
	}
	return true
}
