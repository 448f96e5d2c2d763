// Package crds reads the CustomResourceDefinitions that a release of
// sigs.k8s.io/gateway-api ships, out of the Go module cache. The generator turns
// them into the artifact that package admission carries, and the tests hold
// admission's verdicts against them.
package crds

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// Module is where the definitions come from.
const Module = "sigs.k8s.io/gateway-api"

// ErrUnavailable says that a module is neither in the cache nor on the network.
var ErrUnavailable = errors.New("module not available")

// Release is one minor of the Gateway API and the module version that stands for
// it: its latest patch, because clusters are upgraded along patches.
type Release struct {
	Minor, Module string
}

// Releases lists the minors that grpcroute knows, oldest first.
func Releases() []Release {
	return []Release{
		{"1.1", "v1.1.1"}, {"1.2", "v1.2.1"}, {"1.3", "v1.3.0"},
		{"1.4", "v1.4.1"}, {"1.5", "v1.5.1"}, {"1.6", "v1.6.3"},
	}
}

// Channels lists the channels of a release.
func Channels() []string { return []string{"standard", "experimental"} }

var download = struct {
	sync.Mutex
	dirs map[string]string
}{dirs: map[string]string{}}

// Load returns the definitions of one channel, in the order of their file names.
func (r Release) Load(channel string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	dir, err := r.dir()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "config", "crd", channel, "gateway.networking.*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("find definitions of %s %s: no files (%v)", r.Module, channel, err)
	}
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("read definition: %w", err)
		}
		more, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(f), err)
		}
		out = append(out, more...)
	}
	return out, nil
}

// parse reads every CustomResourceDefinition of a file; the admission policies
// that guard upgrades of the definitions themselves stand in some of them too.
func parse(data []byte) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, doc := range bytes.Split(data, []byte("\n---\n")) {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(doc, &crd); err != nil {
			return nil, err
		}
		if crd.Kind == "CustomResourceDefinition" {
			out = append(out, &crd)
		}
	}
	return out, nil
}

// dir asks the go command for the module's folder, and to fetch it when it is
// not in the cache. It runs outside of this module: go.mod pins one version.
func (r Release) dir() (string, error) {
	download.Lock()
	defer download.Unlock()
	if dir, ok := download.dirs[r.Module]; ok {
		return dir, nil
	}
	cmd := exec.Command("go", "mod", "download", "-json", Module+"@"+r.Module)
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var info struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &info); jsonErr != nil || err != nil || info.Dir == "" {
		return "", fmt.Errorf("%w: download %s@%s: %s%s", ErrUnavailable, Module, r.Module, info.Error, stderr.String())
	}
	download.dirs[r.Module] = info.Dir
	return info.Dir, nil
}
